/**
 * What depends on a fleet's addresses outside of its servers, as an administrator has made it: Elastic IPs, volumes,
 * target groups behind a load balancer, hosted zones. All of it is in service at the first server.
 */

import type { LoadBalancer } from '../emulator/elbv2/records.ts';
import type { EmbeddedAws } from '../emulator/embedded-aws.ts';
import type { FleetDefinition } from '../recovery/fleet.ts';
import type { Network } from './network.ts';
import { type Depending, dependentsOf, firstSpot, recordValue } from './places.ts';

/** Of a target group. AWS's own are 30 s, five checks and five minutes; nobody wants to watch that in a story. */
const healthCheck = { intervalSeconds: 5, healthyThreshold: 2, unhealthyThreshold: 2 };
const deregistrationDelaySeconds = 1;
const usualPort = 80;
/** Behind an Application Load Balancer; on any other port a Network Load Balancer's. */
const webPorts: ReadonlyMap<number, 'HTTP' | 'HTTPS'> = new Map([
  [80, 'HTTP'],
  [8080, 'HTTP'],
  [443, 'HTTPS'],
  [8443, 'HTTPS'],
]);

export function layOut(aws: EmbeddedAws, fleet: FleetDefinition, network: Network): void {
  addElasticIps(aws, fleet);
  addVolumes(aws, fleet);
  addTargetGroups(aws, fleet, network);
  addZones(aws, fleet);
}

function addElasticIps({ ec2 }: EmbeddedAws, fleet: FleetDefinition): void {
  for (const resource of fleet.resources)
    if (resource.mechanism?.kind === 'elastic')
      ec2.elasticIps.add({
        allocationId: resource.mechanism.allocationId,
        publicIp: resource.address,
        privateAddress: firstSpot(fleet, resource).own,
      });
  for (const { resource, work } of dependentsOf(fleet, 'elasticIp'))
    ec2.elasticIps.add({
      allocationId: work.allocationId,
      privateAddress: firstSpot(fleet, resource).private,
    });
}

function addVolumes({ ec2 }: EmbeddedAws, fleet: FleetDefinition): void {
  for (const { resource, work } of dependentsOf(fleet, 'volume')) {
    const { instanceId } = firstSpot(fleet, resource);
    ec2.volumes.add({ id: work.volumeId, attachedTo: { instanceId, device: work.device } });
  }
}

/** @throws Error for a group of another account or Region than the embedded one */
function addTargetGroups({ elbv2, account }: EmbeddedAws, fleet: FleetDefinition, network: Network): void {
  const groups = Map.groupBy(dependentsOf(fleet, 'target'), ({ work }) => work.targetGroupArn);
  const loadBalancers = new Map<LoadBalancer['kind'], LoadBalancer>();
  for (const [arn, members] of groups) {
    const [name = '', id = ''] = arn.split('/').slice(1);
    if (arn !== account.arn('elasticloadbalancing', `targetgroup/${name}/${id}`))
      throw new Error(
        `the target group ${arn} is not of the embedded account ${account.id} in ${account.region}`,
      );
    const port = members[0]?.work.port ?? usualPort;
    const protocol = webPorts.get(port) ?? 'TCP';
    const kind = protocol === 'TCP' ? 'network' : 'application';
    const loadBalancer = loadBalancers.get(kind) ?? elbv2.addLoadBalancer({ name: 'front', kind });
    loadBalancers.set(kind, loadBalancer);
    elbv2.addTargetGroup({
      name,
      id,
      targetType: members[0]?.work.as === 'address' ? 'ip' : 'instance',
      protocol,
      port,
      vpcId: network.vpcId,
      loadBalancer,
      healthCheck,
      deregistrationDelaySeconds,
      targets: members.map((each) => firstTarget(fleet, each)),
    });
  }
}

function firstTarget(fleet: FleetDefinition, { resource, work }: Depending<'target'>) {
  const spot = firstSpot(fleet, resource);
  const id = work.as === 'instance' ? spot.instanceId : spot.private;
  return { id, ...(work.port === null ? {} : { port: work.port }) };
}

function addZones({ route53 }: EmbeddedAws, fleet: FleetDefinition): void {
  const zones = Map.groupBy(dependentsOf(fleet, 'dns'), ({ work }) => work.zoneId);
  for (const [id, members] of zones)
    route53.addHostedZone({
      id,
      name: zoneOf(members.map(({ work }) => work.name)),
      records: members.map(({ resource, work }) => {
        const value = recordValue(work, firstSpot(fleet, resource).server);
        return { name: work.name, type: work.type, ttlSeconds: work.ttlS, values: [value] };
      }),
    });
}

/** What all the names end with; of a single one all but its first label. */
function zoneOf(names: readonly string[]): string {
  const [first = [], ...others] = names.map((name) => name.split('.').toReversed());
  const differs = first.findIndex((label, index) => others.some((other) => other[index] !== label));
  const common = differs === -1 ? first : first.slice(0, differs);
  const labels = common.length === first.length && common.length > 2 ? common.slice(0, -1) : common;
  return labels.toReversed().join('.');
}
