/**
 * The fakes keep the contract of the ports. What they leave out, and why:
 * - a fake host asks nobody but itself: its ping is answered whenever owner, rule and path agree;
 * - fake subnets are all /24, which is what the tests' fleets have;
 * - retries are not there: a planted fault meets the caller at once, as the last of a real adapter's tries would.
 */
import { auditKey } from '../../lib/recovery/audit.ts';
import { manualClock } from '../fakes/clock.ts';
import { fakeAddresses, fakeInstances } from '../fakes/ec2.ts';
import { Faults } from '../fakes/faults.ts';
import { eniOf, fleetOf, instanceOf, pingTarget, subnet, vip } from '../fakes/fleets.ts';
import { fakeHosts } from '../fakes/hosts.ts';
import { fakeLedger } from '../fakes/ledger.ts';
import { fakeAudit } from '../fakes/trail.ts';
import { fakeWords } from '../fakes/words.ts';
import { type World, worldOf } from '../fakes/world.ts';
import { addressesContract, auditContract, instancesContract, type Subject } from './ports.ts';
import { hostsContract } from './ports-hosts.ts';
import { ledgerContract } from './ports-ledger.ts';
import { wordsContract } from './ports-words.ts';

const [primary, backup] = [eniOf('ServerA', 'eth0'), eniOf('ServerA', 'eth1')];
const [serverA, serverB] = [instanceOf('ServerA'), instanceOf('ServerB')];

function subject(clock = manualClock()): Subject {
  return { run: (promise) => promise, now: () => clock.now() };
}

function world(): World {
  const made = worldOf(fleetOf());
  made.addServer('i-elsewhere', { eth0: { eniId: 'eni-elsewhere', address: '10.0.2.10' } });
  return made;
}

ledgerContract(async () => ({ ...subject(), ledger: fakeLedger(new Faults()) }));

wordsContract(async () => ({ ...subject(), words: fakeWords(new Faults()) }));

addressesContract(async () => {
  const each = world();
  return {
    ...subject(each.clock),
    addresses: fakeAddresses(each),
    address: vip,
    primary,
    backup,
    elsewhere: 'eni-elsewhere',
    instanceId: serverA,
    failLooks: () => each.faults.plant('addresses.look'),
  };
});

instancesContract(async () => {
  const each = world();
  return {
    ...subject(each.clock),
    instances: fakeInstances(each),
    running: [serverA, serverB],
    stop: async () => each.stop(serverA),
    failLooks: () => each.faults.plant('instances.look'),
  };
});

hostsContract(async () => {
  const each = world();
  const guest = each.guest(serverA);
  return {
    ...subject(each.clock),
    hosts: fakeHosts(each),
    instanceId: serverA,
    question: { address: vip, subnet, pingList: [pingTarget] },
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
