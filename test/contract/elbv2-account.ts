/** The two servers behind a network load balancer: ServerA is registered and healthy, ServerB is not registered. */
import {
  ElasticLoadBalancingV2 as Client,
  type ElasticLoadBalancingV2ClientConfig,
  type TargetDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Clock } from '../../lib/emulator/clock.ts';
import { Elbv2, type TargetGroupPlan } from '../../lib/emulator/elbv2/elbv2.ts';
import { elbv2Service } from '../../lib/emulator/elbv2/service.ts';
import { sdkRequestHandler } from '../../lib/emulator/transports.ts';
import { serverA, subnetId, twoServers } from './two-servers.ts';

export type Elbv2Account<C extends Clock = Clock> = ReturnType<typeof elbv2Account<C>>;

export function elbv2Account<C extends Clock>(clock: C) {
  const aws = twoServers(clock);
  const elbv2 = new Elbv2(aws.account, aws.ec2);
  elbv2.registrationMs = 20_000;
  aws.gateway.add(elbv2Service(elbv2));
  const { vpcId } = aws.ec2.world.subnet(subnetId);
  const addGroup = (plan: Partial<TargetGroupPlan> & Pick<TargetGroupPlan, 'name'>) =>
    elbv2.addTargetGroup({ targetType: 'instance', protocol: 'TCP', port: 5432, vpcId, ...plan });
  const network = elbv2.addLoadBalancer({ name: 'front', kind: 'network' });
  const db = addGroup({
    name: 'db',
    loadBalancer: network,
    healthCheck: { intervalSeconds: 10, healthyThreshold: 2 },
    deregistrationDelaySeconds: 30,
    targets: [{ id: serverA }],
  });
  const clientOf = (credentials: NonNullable<ElasticLoadBalancingV2ClientConfig['credentials']>) =>
    new Client({
      region: 'us-east-1',
      credentials,
      requestHandler: sdkRequestHandler(aws.gateway) as NonNullable<
        ElasticLoadBalancingV2ClientConfig['requestHandler']
      >,
      maxAttempts: 1,
    });
  const client = clientOf({ accessKeyId: 'test', secretAccessKey: 'test' });
  return {
    ...{ clock, aws, elbv2, vpcId, network, db, addGroup, client, clientOf },
    register: (TargetGroupArn: string, ...Targets: TargetDescription[]) =>
      client.registerTargets({ TargetGroupArn, Targets }),
    deregister: (TargetGroupArn: string, ...Targets: TargetDescription[]) =>
      client.deregisterTargets({ TargetGroupArn, Targets }),
    /** By `id:port`: the state and its reason. */
    health: async (TargetGroupArn: string, ...Targets: TargetDescription[]) => {
      const named = Targets.length === 0 ? {} : { Targets };
      const { TargetHealthDescriptions = [] } = await client.describeTargetHealth({
        TargetGroupArn,
        ...named,
      });
      return Object.fromEntries(
        TargetHealthDescriptions.map(({ Target, TargetHealth }) => [
          `${Target?.Id}:${Target?.Port}`,
          [TargetHealth?.State, TargetHealth?.Reason].filter((word) => word !== undefined).join(' '),
        ]),
      );
    },
  };
}
