/** ARNs of what a fleet declares: what its functions may act on, and nothing else. */
import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type DependentWork, followersOf } from '../recovery/dependent.ts';
import type { FleetDefinition } from '../recovery/fleet.ts';

export interface Declared {
  readonly interfaces: readonly string[];
  readonly instances: readonly string[];
  /** Resources of a kind that is assigned to an interface. */
  readonly has: { readonly secondary: boolean; readonly ipv6: boolean };
  /** Of resources of kind elastic. */
  readonly elasticIps: readonly string[];
  /** Of resources of kind overlay. */
  readonly routeTables: readonly string[];
  readonly dependents: DeclaredDependents;
  /** Of the dependents those that follow the address from one interface of a server to another. */
  readonly followers: Pick<DeclaredDependents, 'elasticIps' | 'routeTables' | 'targetGroups'>;
  readonly fences: {
    readonly stopInstance: boolean;
    readonly securityGroups: readonly string[];
  };
}

interface DeclaredDependents {
  readonly elasticIps: readonly string[];
  readonly routeTables: readonly string[];
  readonly volumes: readonly string[];
  readonly targetGroups: readonly string[];
  /** By the ARN of their zone. */
  readonly records: ReadonlyMap<string, readonly string[]>;
}

export function declaredBy(scope: Construct, { servers, resources }: FleetDefinition): Declared {
  const inEc2 = (resource: string) => (resourceName: string) =>
    Stack.of(scope).formatArn({ service: 'ec2', resource, resourceName });
  const mechanisms = resources.map(({ mechanism = { kind: 'secondary' } as const }) => mechanism);
  const fences = resources.flatMap(({ failover }) => failover?.fence ?? []);
  const works = resources.flatMap(({ dependents = [] }) => dependents.map(({ work }) => work));
  const followers = resources.flatMap(({ dependents = [], mechanism }) =>
    followersOf(dependents, mechanism?.kind ?? 'secondary').map(({ work }) => work),
  );
  const groups = fences.flatMap((fence) => (fence.kind === 'isolate' ? fence.securityGroup : []));
  return {
    interfaces: Object.values(servers)
      .flatMap(({ interfaces }) => Object.values(interfaces).map(({ eniId }) => eniId))
      .map(inEc2('network-interface')),
    instances: Object.values(servers).map(({ instanceId }) => inEc2('instance')(instanceId)),
    has: {
      secondary: mechanisms.some(({ kind }) => kind === 'secondary'),
      ipv6: mechanisms.some(({ kind }) => kind === 'ipv6'),
    },
    elasticIps: mechanisms
      .flatMap((each) => (each.kind === 'elastic' ? each.allocationId : []))
      .map(inEc2('elastic-ip')),
    routeTables: once(mechanisms.flatMap((each) => (each.kind === 'overlay' ? each.routeTables : []))).map(
      inEc2('route-table'),
    ),
    dependents: {
      ...ledTo(works, inEc2),
      volumes: ofKind(works, 'volume')
        .map(({ volumeId }) => volumeId)
        .map(inEc2('volume')),
      records: recordsByZone(scope, ofKind(works, 'dns')),
    },
    followers: ledTo(followers, inEc2),
    fences: {
      stopInstance: fences.some(({ kind }) => kind === 'stop-instance'),
      securityGroups: once(groups).map(inEc2('security-group')),
    },
  };
}

/** What leads to an interface or to a server. */
function ledTo(
  works: readonly DependentWork[],
  inEc2: (resource: string) => (name: string) => string,
): Declared['followers'] {
  return {
    elasticIps: ofKind(works, 'elasticIp')
      .map(({ allocationId }) => allocationId)
      .map(inEc2('elastic-ip')),
    routeTables: once(ofKind(works, 'route').flatMap(({ routeTables }) => routeTables)).map(
      inEc2('route-table'),
    ),
    targetGroups: once(ofKind(works, 'target').map(({ targetGroupArn }) => targetGroupArn)),
  };
}

type Work<K> = Extract<DependentWork, { readonly kind: K }>;

function ofKind<K extends DependentWork['kind']>(
  works: readonly DependentWork[],
  kind: K,
): readonly Work<K>[] {
  return works.filter((work): work is Work<K> => work.kind === kind);
}

function recordsByZone(scope: Construct, records: readonly Work<'dns'>[]): DeclaredDependents['records'] {
  const zones = once(records.map(({ zoneId }) => zoneId));
  return new Map(
    zones.map((zone) => [
      // It belongs to no Region, and its ARN names no account.
      Stack.of(scope).formatArn({
        service: 'route53',
        region: '',
        account: '',
        resource: 'hostedzone',
        resourceName: zone,
      }),
      once(records.filter(({ zoneId }) => zoneId === zone).map(({ name }) => name)),
    ]),
  );
}

function once(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
