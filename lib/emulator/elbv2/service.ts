/**
 * Elastic Load Balancing v2 on the wire (AWS Query). IAM targets as in
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_elasticloadbalancingv2.html
 */
import { AwsError, notModelled } from '../errors.ts';
import { page } from '../paging.ts';
import { operation, type Reply, type Service } from '../service.ts';
import { list, structure, type Value } from '../shapes.ts';
import type { Elbv2, TargetHealth } from './elbv2.ts';
import type { TargetGroup, TargetName } from './records.ts';

/** QuicServerId is left out: refused by name. */
const targetShape = structure({ Id: 'string', Port: 'integer', AvailabilityZone: 'string' });
const targetsInput = structure({ TargetGroupArn: 'string', Targets: list(targetShape) });

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html */
const mostPerPage = 400;

export function elbv2Service(elbv2: Elbv2): Service {
  const onGroup = ({ TargetGroupArn: arn = '' }: { readonly TargetGroupArn?: string }) => [{ arn }];
  return {
    signingName: 'elasticloadbalancing',
    iamPrefix: 'elasticloadbalancing',
    wires: ['query'],
    xmlNamespace: 'http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/',
    operations: {
      DescribeTargetGroups: operation(
        structure({
          LoadBalancerArn: 'string',
          TargetGroupArns: list('string'),
          Names: list('string'),
          Marker: 'string',
          PageSize: 'integer',
        }),
        (input) => {
          const { Marker, PageSize = mostPerPage } = input;
          if (PageSize < 1 || PageSize > mostPerPage)
            throw invalid(`PageSize '${PageSize}' is not between 1 and ${mostPerPage}`);
          const { items, nextToken } = page(groupsNamed(elbv2, input), PageSize, Marker, () =>
            invalid(`Marker '${Marker}' is not valid`),
          );
          return { TargetGroups: items.map(groupReply), NextMarker: nextToken };
        },
      ),
      RegisterTargets: operation(
        targetsInput,
        ({ TargetGroupArn, Targets }) => {
          elbv2.register(required(TargetGroupArn, 'targetGroupArn'), readNames(Targets));
          return {};
        },
        onGroup,
      ),
      DeregisterTargets: operation(
        targetsInput,
        ({ TargetGroupArn, Targets }) => {
          elbv2.deregister(required(TargetGroupArn, 'targetGroupArn'), readNames(Targets));
          return {};
        },
        onGroup,
      ),
      DescribeTargetHealth: operation(
        structure({ TargetGroupArn: 'string', Targets: list(targetShape) }),
        ({ TargetGroupArn, Targets = [] }) => {
          const arn = required(TargetGroupArn, 'targetGroupArn');
          const found =
            Targets.length === 0 ? elbv2.targetHealth(arn) : elbv2.targetHealthOf(arn, readNames(Targets));
          return { TargetHealthDescriptions: found.map(healthReply) };
        },
      ),
    },
  };
}

interface GroupsInput {
  readonly LoadBalancerArn?: string;
  readonly TargetGroupArns?: readonly string[];
  readonly Names?: readonly string[];
}

function groupsNamed(
  elbv2: Elbv2,
  { LoadBalancerArn, TargetGroupArns, Names }: GroupsInput,
): readonly TargetGroup[] {
  const all = elbv2.groups();
  const given = [LoadBalancerArn, TargetGroupArns, Names].filter((each) => each !== undefined);
  if (given.length > 1) throw notModelled('more than one way to name target groups', 'ValidationError');
  if (LoadBalancerArn !== undefined) {
    const found = all.filter(({ loadBalancer }) => loadBalancer?.arn === LoadBalancerArn);
    // A load balancer without any target group is not known here.
    if (found.length === 0)
      throw new AwsError('LoadBalancerNotFound', 'One or more load balancers not found');
    return found;
  }
  const wanted = TargetGroupArns ?? Names;
  if (wanted === undefined) return all;
  const found = all.filter(({ arn, name }) => wanted.includes(TargetGroupArns === undefined ? name : arn));
  if (found.length < new Set(wanted).size)
    throw new AwsError('TargetGroupNotFound', 'One or more target groups not found');
  return found;
}

function readNames(targets: readonly Value<typeof targetShape>[] = []): readonly TargetName[] {
  if (targets.length === 0) throw missing('targets');
  return targets.map(({ Id = '', Port, AvailabilityZone }) => ({
    id: Id,
    port: Port,
    availabilityZone: AvailabilityZone,
  }));
}

function groupReply(group: TargetGroup): Reply {
  const { healthCheck, loadBalancer } = group;
  const isHttp = group.protocol === 'HTTP' || group.protocol === 'HTTPS';
  return {
    TargetGroupArn: group.arn,
    TargetGroupName: group.name,
    Protocol: group.protocol,
    Port: group.port,
    VpcId: group.vpcId,
    HealthCheckProtocol: isHttp ? 'HTTP' : 'TCP',
    HealthCheckPort: 'traffic-port',
    HealthCheckEnabled: true,
    HealthCheckIntervalSeconds: healthCheck.intervalSeconds,
    HealthCheckTimeoutSeconds: healthCheck.timeoutSeconds,
    HealthyThresholdCount: healthCheck.healthyThreshold,
    UnhealthyThresholdCount: healthCheck.unhealthyThreshold,
    ...(isHttp ? { HealthCheckPath: '/', Matcher: { HttpCode: '200' }, ProtocolVersion: 'HTTP1' } : {}),
    LoadBalancerArns: loadBalancer === undefined ? [] : [loadBalancer.arn],
    TargetType: group.targetType,
    IpAddressType: 'ipv4',
  };
}

/** A target that is not registered has no port that is checked: seen. */
function healthReply({ target, state, reason, description }: TargetHealth): Reply {
  return {
    Target: { Id: target.id, Port: target.port, AvailabilityZone: target.availabilityZone },
    HealthCheckPort: reason === 'Target.NotRegistered' ? undefined : String(target.port),
    TargetHealth: { State: state, Reason: reason, Description: description },
  };
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw missing(name);
  return value;
}

function missing(name: string): AwsError {
  return invalid(
    `1 validation error detected: Value null at '${name}' failed to satisfy constraint: Member must not be null`,
  );
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message);
}
