/** A resource in service on ServerA's eth0 and an observation that finds all well: tests change what they are about. */
import type { HostAnswer } from '../../lib/recovery/answer.ts';
import type { FleetDefinition } from '../../lib/recovery/fleet.ts';
import type {
  AddressView,
  FleetView,
  InstancesView,
  InstanceView,
  InterfaceView,
  Observation,
} from '../../lib/recovery/observation.ts';
import { found, type Reading } from '../../lib/recovery/reading.ts';
import { newRecord, type ResourceRecord } from '../../lib/recovery/resource.ts';
import { eniOf, vip } from './fleets.ts';
import { checksNoSource, macOf, subnetIdOf } from './world.ts';

export function recordOf(fleet: FleetDefinition): ResourceRecord {
  const [resource] = fleet.resources;
  if (resource === undefined) throw new Error('the fleet has no resource');
  return {
    ...newRecord(fleet, resource),
    activeServer: 'ServerA',
    armed: true,
    state: 'ISP',
    stateReason: 'already-healthy',
    claim: { epoch: 7, holder: 'me', expiresAtMs: Number.MAX_SAFE_INTEGER },
  };
}

export function answerOf(change: Partial<HostAnswer> = {}): HostAnswer {
  return {
    v: 1,
    action: 'status',
    address: vip,
    mac: macOf(eniOf('ServerA', 'eth0')),
    device: 'eth0',
    link: 'up',
    os: 'here',
    elsewhere: null,
    rule: 'present',
    witness: 'none',
    path: 'answered',
    changed: false,
    verdict: 'ok',
    why: 'verified',
    ...change,
  };
}

const wellInstance: InstanceView = { state: 'running', systemStatus: 'ok', instanceStatus: 'ok' };
export const wellFleet: FleetView = { automation: 'on', pausedUntilMs: 0, failovers: {} };

export function allWell(fleet: FleetDefinition): Observation {
  const servers = Object.values(fleet.servers);
  const interfaces: Record<string, InterfaceView> = {};
  for (const { instanceId, interfaces: own, subnet } of servers)
    for (const { eniId, address } of Object.values(own))
      interfaces[eniId] = {
        eniId,
        mac: macOf(eniId),
        subnetId: subnetIdOf(subnet),
        primaryAddress: address,
        instanceId,
        securityGroups: ['sg-1'],
        sourceDestCheck: !checksNoSource(fleet),
      };
  return {
    addresses: found({
      interfaces,
      owners: [{ eniId: eniOf('ServerA', 'eth0'), asPrimary: false }],
      missingIn: [],
    }),
    instances: found(Object.fromEntries(servers.map(({ instanceId }) => [instanceId, wellInstance]))),
    host: found(answerOf()),
    fleet: found(wellFleet),
    tried: [],
    triedServers: [],
  };
}

// ---- Changes to what was seen

export function ownedBy(seen: Observation, ...eniIds: readonly string[]): Observation {
  const owners = eniIds.map((eniId) => ({ eniId, asPrimary: false }));
  return { ...seen, addresses: found({ ...seenValue(seen.addresses), owners }) };
}

export function ownedAsPrimary(seen: Observation, eniId: string): Observation {
  return {
    ...seen,
    addresses: found({ ...seenValue(seen.addresses), owners: [{ eniId, asPrimary: true }] }),
  };
}

/** Of an overlay address: route tables without a route to it. */
export function missingIn(seen: Observation, ...tables: readonly string[]): Observation {
  return { ...seen, addresses: found({ ...seenValue(seen.addresses), missingIn: tables }) };
}

/** `null` takes the interface away altogether. */
export function withInterface(
  seen: Observation,
  eniId: string,
  change: Partial<InterfaceView> | null,
): Observation {
  const view: AddressView = seenValue(seen.addresses);
  const { [eniId]: current, ...others } = view.interfaces;
  if (current === undefined) throw new Error(`nobody has seen ${eniId}`);
  const interfaces = change === null ? others : { ...others, [eniId]: { ...current, ...change } };
  return { ...seen, addresses: found({ ...view, interfaces }) };
}

/** `null` takes the instance away altogether. */
export function withInstance(
  seen: Observation,
  instanceId: string,
  change: Partial<InstanceView> | null,
): Observation {
  const { [instanceId]: current = wellInstance, ...others }: InstancesView = seenValue(seen.instances);
  const instances = change === null ? others : { ...others, [instanceId]: { ...current, ...change } };
  return { ...seen, instances: found(instances) };
}

export function hostSays(seen: Observation, why: string, change: Partial<HostAnswer> = {}): Observation {
  return { ...seen, host: found(answerOf({ verdict: 'failed', why, ...change })) };
}

function seenValue<T>(reading: Reading<T>): T {
  if (reading.kind !== 'found') throw new Error('the situation could not be looked at already');
  return reading.value;
}
