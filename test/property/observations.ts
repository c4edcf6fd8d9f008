/** Everything that can be seen of a resource with two or three servers, the unlikely included. */
import fc from 'fast-check';
import type { FleetDefinition } from '../../lib/recovery/fleet.ts';
import type { InstanceView, InterfaceView, Observation } from '../../lib/recovery/observation.ts';
import { couldNotLook, found, type Reading } from '../../lib/recovery/reading.ts';
import type { PastRecovery, ResourceRecord, Rung } from '../../lib/recovery/resource.ts';
import { tenOClock } from '../fakes/clock.ts';
import { fleetOf, serverNames } from '../fakes/fleets.ts';
import { allWell, answerOf, recordOf } from '../fakes/situations.ts';

export interface Situation {
  readonly fleet: FleetDefinition;
  readonly record: ResourceRecord;
  readonly seen: Observation;
  readonly nowMs: number;
}

export const situation: fc.Arbitrary<Situation> = fc
  .record({ three: fc.boolean(), backup: mostly(true, fc.boolean()) })
  .map(({ three, backup }) => fleetOf({ servers: serverNames.slice(0, three ? 3 : 2), backup }))
  .chain((fleet) =>
    fc.record({
      fleet: fc.constant(fleet),
      record: recordsOf(fleet),
      seen: seenIn(fleet),
      nowMs: fc.constant(tenOClock),
    }),
  );

/** The usual nine times in ten: what is wrong at once with everything leads to no decision worth a look. */
function mostly<T>(usual: T, unusual: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ arbitrary: fc.constant(usual), weight: 9 }, unusual);
}

function reading<T>(value: fc.Arbitrary<T>): fc.Arbitrary<Reading<T>> {
  return fc.oneof({ arbitrary: value.map(found), weight: 19 }, fc.constant(couldNotLook('planted')));
}

function listed<T>(keys: readonly string[], values: fc.Arbitrary<T | null>): fc.Arbitrary<Record<string, T>> {
  return fc.array(values, { minLength: keys.length, maxLength: keys.length }).map((each) => {
    const pairs = keys.map((key, index): [string, T | null] => [key, each[index] ?? null]);
    return Object.fromEntries(pairs.filter((pair): pair is [string, T] => pair[1] !== null));
  });
}

const around = fc.integer({ min: -5, max: 90 }).map((minutes) => tenOClock - minutes * 60_000);
const past = mostly(0, around);
const automation = mostly<'on' | 'observe' | 'off'>('on', fc.constantFrom('observe', 'off'));

const host = reading(
  fc
    .record({
      verdict: fc.constantFrom(
        'ok' as const,
        'failed' as const,
        'failed' as const,
        'could-not-look' as const,
      ),
      why: fc.constantFrom(
        'verified',
        'link-down',
        'address-absent',
        'address-elsewhere',
        'path-unanswered',
        'x',
      ),
      elsewhere: fc.constantFrom(null, 'eth0', 'eth1', 'eth9'),
    })
    .map(answerOf),
);

const instance: fc.Arbitrary<InstanceView | null> = mostly<InstanceView | null>(
  { state: 'running', systemStatus: 'ok', instanceStatus: 'ok' },
  fc.option(
    fc.record({
      state: fc.constantFrom('running', 'pending', 'stopping', 'stopped', 'shutting-down', 'terminated'),
      systemStatus: fc.constantFrom('ok', 'impaired', 'initializing', 'insufficient-data', 'not-applicable'),
      instanceStatus: fc.constantFrom('ok', 'impaired', 'initializing'),
    }),
  ),
);

const fleetView = reading(
  fc.record({
    automation,
    pausedUntilMs: past,
    failovers: mostly<Record<string, number>>(
      {},
      fc.dictionary(fc.stringMatching(/^[a-d]$/), around, { maxKeys: 7 }),
    ),
  }),
);

function recordsOf(fleet: FleetDefinition): fc.Arbitrary<ResourceRecord> {
  const server = fc.constantFrom(...Object.keys(fleet.servers));
  const place = fc.record({ server, interface: fc.constantFrom('eth0', 'eth1') });
  const rung = fc.constantFrom<Rung>('restore-in-place', 'move-to-backup', 'fail-over');
  const outcome = fc.constantFrom('restored-in-place', 'moved-to-backup', 'failed-over');
  const recovery = fc.record({ atMs: around, epoch: fc.constant(5), outcome });
  return fc
    .record({
      activeServer: mostly<string | null>('ServerA', fc.option(server)),
      automation,
      pausedUntilMs: past,
      armed: mostly(true, fc.constant(false)),
      intent: fc.option(fc.record({ epoch: fc.constant(6), rung, to: place })),
      recent: mostly<PastRecovery[]>([], fc.array(recovery, { maxLength: 5 })),
      failoverBlockedUntilMs: past,
    })
    .map((change) => ({ ...recordOf(fleet), ...change }));
}

function seenIn(fleet: FleetDefinition): fc.Arbitrary<Observation> {
  const ids = Object.values(fleet.servers).map(({ instanceId }) => instanceId);
  const usual = allWell(fleet).addresses;
  if (usual.kind !== 'found') throw new Error('all is well, and it was not seen');
  const { interfaces } = usual.value;
  const enis = Object.keys(interfaces);
  const change = fc.option(
    fc.record({
      subnetId: fc.constantFrom('subnet-1', 'subnet-2'),
      primaryAddress: fc.constantFrom('10.0.1.9', '10.0.2.9'),
      instanceId: fc.constantFrom(null, ...ids),
      securityGroups: fc.constantFrom(['sg-1'], ['sg-2']),
      sourceDestCheck: fc.boolean(),
    }),
  );
  const owner = fc.record({
    eniId: fc.constantFrom(...enis, ...enis, 'eni-x'),
    asPrimary: mostly(false, fc.constant(true)),
  });
  const addresses = fc.record({
    interfaces: listed(enis, mostly<Partial<InterfaceView> | null>({}, change)).map((changes) =>
      Object.fromEntries(
        Object.entries(changes).flatMap(([eniId, each]) => {
          const own = interfaces[eniId];
          return own === undefined ? [] : [[eniId, { ...own, ...each }] as const];
        }),
      ),
    ),
    owners: fc.uniqueArray(owner, { maxLength: 2, selector: ({ eniId }) => eniId }),
    missingIn: mostly<string[]>([], fc.constant(['rtb-2'])),
  });
  return fc.record({
    addresses: reading(addresses),
    instances: reading(listed(ids, instance)),
    host: fc.oneof({ arbitrary: host, weight: 9 }, fc.constant({ kind: 'absent' as const })),
    fleet: fleetView,
    tried: fc.subarray<Rung>(['restore-in-place', 'move-to-backup']),
    triedServers: mostly<string[]>([], fc.subarray(Object.keys(fleet.servers))),
  });
}
