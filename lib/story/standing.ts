/** Where each dependent is in service now: what the embedded AWS and the guests themselves say, not the record. */
import type { DependentDefinition } from '../recovery/dependent.ts';
import type { ResourceDefinition } from '../recovery/fleet.ts';
import { unitOf } from './guests.ts';
import { leadsTo, ownerOf } from './owner.ts';
import { namesOfInterfaces, recordValue, serverOf } from './places.ts';
import type { Stage } from './stage.ts';

export type Ground = Pick<Stage, 'aws' | 'fleet' | 'world'>;

export interface Standing {
  /** As whoever runs it calls it: active, attached, healthy … */
  readonly state: string;
  /** Servers on which it is in service; more than one is a disaster for most. */
  readonly servers: readonly string[];
}

export function standingOf(
  ground: Ground,
  resource: ResourceDefinition,
  dependent: DependentDefinition,
): Standing {
  const { aws, fleet, world } = ground;
  const { work } = dependent;
  const unit = unitOf(resource, dependent);
  if (unit !== undefined) {
    const hosts = [...world.hosts].filter(([, host]) => host.isUp() && host.units.stateOf(unit) === 'active');
    return { state: 'active', servers: hosts.map(([server]) => server) };
  }
  switch (work.kind) {
    case 'volume': {
      const { attachment } = aws.ec2.volumes.get(work.volumeId);
      return { state: attachment?.state ?? 'available', servers: known(fleet, attachment?.instanceId) };
    }
    case 'target': {
      const targets = aws.elbv2.targetHealth(work.targetGroupArn);
      const healthy = targets.filter(({ state }) => state === 'healthy');
      const servers = healthy.flatMap(({ target }) =>
        known(fleet, target.id.startsWith('i-') ? target.id : aws.ec2.eniOwning(target.id)?.hostId),
      );
      return { state: healthy.length > 0 ? 'healthy' : (targets[0]?.state ?? 'not registered'), servers };
    }
    case 'route': {
      const enis = work.routeTables.map((table) => leadsTo(aws.ec2, table, work.destination));
      const names = namesOfInterfaces(fleet);
      return { state: 'routed', servers: once(enis.map((eni) => names.get(eni ?? '')?.split(' ')[0])) };
    }
    case 'elasticIp': {
      const { publicIp } = aws.ec2.elasticIps.get(work.allocationId);
      const owner = aws.ec2.network.elasticOwner(publicIp);
      return { state: 'associated', servers: known(fleet, owner?.eni.hostId) };
    }
    case 'dns': {
      const record = aws.route53
        .recordSets(work.zoneId)
        .find(({ name, type }) => name === `${work.name}.` && type === work.type);
      const servers = Object.keys(work.values).filter((server) =>
        record?.values.includes(recordValue(work, server)),
      );
      return { state: 'recorded', servers };
    }
    case 'resource': {
      const other = fleet.resources.find(({ tag }) => tag === work.tag);
      const owner = other && ownerOf(aws.ec2, other);
      return { state: 'owned', servers: known(fleet, owner?.instanceId) };
    }
    default:
      return { state: 'unknown', servers: [] };
  }
}

function known(fleet: Ground['fleet'], instanceId: string | undefined): readonly string[] {
  return once([serverOf(fleet, instanceId)]);
}

function once(servers: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(servers)].filter((server) => server !== undefined);
}
