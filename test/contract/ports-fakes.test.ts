/**
 * The fakes keep the contract of the ports. What they leave out, and why:
 * - a fake host asks nobody but itself: its ping is answered whenever owner, rule and path agree;
 * - fake subnets are all /24, which is what the tests' fleets have;
 * - fake dependents and fences have happened as soon as they are asked for, unless a test plants trouble;
 * - retries are not there: a planted fault meets the caller at once, as the last of a real adapter's tries would.
 */
import { describe } from 'vitest';
import { auditKey } from '../../lib/recovery/audit.ts';
import type { DependentDefinition, DependentWork } from '../../lib/recovery/dependent.ts';
import type { Mechanism } from '../../lib/recovery/mechanism.ts';
import { manualClock } from '../fakes/clock.ts';
import { fakeDependents } from '../fakes/dependents.ts';
import { fakeAddresses, fakeInstances } from '../fakes/ec2.ts';
import { Faults } from '../fakes/faults.ts';
import { fakeFences } from '../fakes/fences.ts';
import { eniOf, type FleetPlan, fleetOf, instanceOf, pingTarget, subnet, vip } from '../fakes/fleets.ts';
import { fakeHosts } from '../fakes/hosts.ts';
import { fakeLedger } from '../fakes/ledger.ts';
import { fakeAudit } from '../fakes/trail.ts';
import { fakeWords } from '../fakes/words.ts';
import { type World, worldOf } from '../fakes/world.ts';
import { auditContract, instancesContract, type Subject } from './ports.ts';
import {
  addressesContract,
  type OverlaySubject,
  overlayContract,
  type PrivateSubject,
  privateContract,
} from './ports-addresses.ts';
import {
  dependentsContract,
  type HostDependentsSubject,
  hostDependentsContract,
  type Nature,
} from './ports-dependents.ts';
import { fencesContract } from './ports-fences.ts';
import { hostsContract } from './ports-hosts.ts';
import { ledgerContract } from './ports-ledger.ts';
import { wordsContract } from './ports-words.ts';

const [primary, backup] = [eniOf('ServerA', 'eth0'), eniOf('ServerA', 'eth1')];
const [serverA, serverB] = [instanceOf('ServerA'), instanceOf('ServerB')];

function subject(clock = manualClock()): Subject {
  return { run: (promise) => promise, now: () => clock.now() };
}

function world(plan: FleetPlan = {}): World {
  const made = worldOf(fleetOf(plan));
  made.addServer('i-elsewhere', { eth0: { eniId: 'eni-elsewhere', address: '10.0.2.10' } }, 'subnet-2');
  return made;
}

ledgerContract(async () => ({ ...subject(), ledger: fakeLedger(new Faults()) }));

wordsContract(async () => ({ ...subject(), words: fakeWords(new Faults()) }));

const rtbs = ['rtb-1', 'rtb-2', 'rtb-3'] as const;
const mechanisms: readonly Mechanism[] = [
  { kind: 'secondary' },
  { kind: 'ipv6' },
  { kind: 'overlay', routeTables: [...rtbs] },
  { kind: 'elastic', allocationId: 'eipalloc-1' },
];
const addressOf = { secondary: vip, ipv6: '2001:db8::50', overlay: '192.168.50.5', elastic: '203.0.113.7' };

function addressesOf(mechanism: Mechanism): OverlaySubject & PrivateSubject {
  const address = addressOf[mechanism.kind];
  const each = world({ resource: { address, mechanism } });
  const held = { address, mechanism };
  const second = { address: '10.0.1.51', mechanism: { kind: 'secondary' } } as const;
  each.serve(second.address, primary);
  return {
    ...subject(each.clock),
    addresses: fakeAddresses(each),
    held,
    second,
    primary,
    backup,
    elsewhere: 'eni-elsewhere',
    instanceId: serverA,
    failLooks: () => each.faults.plant('addresses.look'),
    async lose() {
      each.owners.delete(address);
      each.elastic.clear();
      each.routes.clear();
    },
    loseOneRoute: async () => each.route(rtbs[2], address, null),
    refuse: () => void each.refusingTables.add(rtbs[2]),
    targets: () => rtbs.map((table) => each.routes.get(table)?.get(address) ?? null),
  };
}

for (const mechanism of mechanisms)
  describe(mechanism.kind, () => addressesContract(async () => addressesOf(mechanism)));
privateContract(async () => addressesOf({ kind: 'secondary' }));
overlayContract(async () => addressesOf({ kind: 'overlay', routeTables: [...rtbs] }));

instancesContract(async () => {
  const each = world();
  return {
    ...subject(each.clock),
    instances: fakeInstances(each),
    running: [serverA, serverB],
    stop: async () => each.stop(serverA, 'asked-for'),
    lose: async () => each.stop(serverA),
    silence: async () => void Object.assign(each.guest(serverA), { heard: false }),
    failLooks: () => each.faults.plant('instances.look'),
  };
});

fencesContract(async () => {
  const each = world();
  return {
    ...subject(each.clock),
    fences: fakeFences(each),
    instances: fakeInstances(each),
    instanceId: serverA,
    eniIds: [primary, backup],
    isolation: 'sg-none',
    settle: async () => undefined,
    failLooks: () => each.faults.plant('fences.isolated'),
  };
});

const works: readonly (readonly [DependentWork, Nature])[] = [
  [
    { kind: 'systemd', unit: 'db.service' },
    { exclusive: false, stops: true, moves: false },
  ],
  [
    { kind: 'command', start: ['/bin/up'], stop: ['/bin/down'], check: ['/bin/check'] },
    { exclusive: false, stops: true, moves: false },
  ],
  [
    { kind: 'target', targetGroupArn: 'arn:tg', as: 'instance', port: null },
    { exclusive: false, stops: true, moves: false },
  ],
  [
    { kind: 'elasticIp', allocationId: 'eipalloc-2' },
    { exclusive: true, stops: true, moves: true },
  ],
  [
    { kind: 'route', destination: '192.168.60.0/24', routeTables: ['rtb-1'] },
    { exclusive: true, stops: true, moves: true },
  ],
  [
    { kind: 'dns', zoneId: 'Z1', name: 'db.example.com', type: 'A', ttlS: 5, values: {} },
    { exclusive: true, stops: false, moves: true },
  ],
  [
    { kind: 'volume', volumeId: 'vol-1', device: '/dev/sdf' },
    { exclusive: true, stops: true, moves: false },
  ],
];

function dependentsOf(work: DependentWork): HostDependentsSubject {
  const each = world();
  const dependents = fakeDependents(each);
  const common = { name: 'it', needs: [], startMs: 5_000, stopMs: 5_000, tries: 1 } as const;
  const dependent: DependentDefinition = { ...common, needs: [], onFailure: 'stay', work };
  const at = (server: string, instanceId: string, eniId: string) => ({
    ...{ tag: 'ip-db', server, instanceId, eniId, address: vip },
  });
  dependents.set('it', 'ServerA', 'in-service');
  return {
    ...subject(each.clock),
    dependents,
    dependent,
    here: at('ServerA', serverA, primary),
    there: at('ServerB', serverB, eniOf('ServerB', 'eth0')),
    settle: async () => undefined,
    failLooks: () => each.faults.plant('dependents.look'),
    silence: () => void Object.assign(each.guest(serverA), { answers: false }),
  };
}

for (const [work, nature] of works)
  describe(work.kind, () => dependentsContract(nature, async () => dependentsOf(work)));
for (const [work] of works.slice(0, 2))
  describe(work.kind, () => hostDependentsContract(async () => dependentsOf(work)));

hostsContract(async () => {
  const each = world();
  const guest = each.guest(serverA);
  return {
    ...subject(each.clock),
    hosts: fakeHosts(each),
    instanceId: serverA,
    question: { mechanism: 'secondary', address: vip, subnet, pingList: [pingTarget] },
    primaryMac: each.eni(primary).mac,
    backupMac: each.eni(backup).mac,
    reassign: async () => void each.owners.set(vip, backup),
    loseAddress: () => guest.addresses.clear(),
    breakLink: (which) => guest.links.set(which === 'primary' ? 'eth0' : 'eth1', 'broken'),
    silence: () => Object.assign(guest, { answers: false }),
  };
});

auditContract(async () => {
  const audit = fakeAudit(new Faults());
  const key = (record: Parameters<typeof auditKey>[0]) => auditKey(record);
  return {
    ...subject(),
    audit,
    read: async (tag) => audit.of(tag).toSorted((a, b) => (key(a) < key(b) ? -1 : 1)),
  };
});
