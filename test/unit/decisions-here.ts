/** Decisions that leave the address on its server: nothing to do, restore in place, move to the backup interface. */
import { found } from '../../lib/recovery/reading.ts';
import {
  answerOf,
  hostSays,
  missingIn,
  ownedAsPrimary,
  ownedBy,
  withInstance,
  withInterface,
} from '../fakes/situations.ts';
import {
  a,
  backup,
  both,
  detached,
  eth0A,
  eth0B,
  eth1A,
  impaired,
  intent,
  linkDown,
  noCarrier,
  nothing,
  onBackup,
  overlay,
  type Row,
  restore,
  silent,
  tried,
} from './decision-rows.ts';

export const nothingToDo: readonly Row[] = [
  { when: 'all is well', says: 'hold already-healthy' },
  { when: 'the resource is on no server', record: { activeServer: null }, says: 'hold out-of-service' },
  {
    when: 'EC2 could not be asked who owns the address',
    see: (seen) => ({ ...seen, addresses: nothing }),
    says: 'hold interfaces-could-not-look',
  },
  {
    when: 'EC2 could not be asked about the instance',
    see: (seen) => ({ ...seen, instances: nothing }),
    says: 'hold instance-could-not-look',
  },
  {
    when: 'the host gives no answer and nothing else is wrong',
    see: silent,
    says: 'hold host-could-not-look',
  },
  {
    when: 'the host answers that it could not look itself',
    see: (seen) => ({ ...seen, host: found(answerOf({ verdict: 'could-not-look', why: 'could-not-look' })) }),
    says: 'hold host-could-not-look',
  },
  {
    when: 'the instance is starting',
    see: (seen) => withInstance(seen, a, { state: 'pending' }),
    says: 'hold instance-in-transition',
  },
  {
    when: 'the instance fails its status check and its host says that all is well',
    see: impaired,
    says: 'hold serving-though-impaired',
  },
  {
    when: 'an interface of somebody else owns the address',
    see: (seen) => ownedBy(seen, 'eni-of-somebody-else'),
    says: 'hold held-by-undeclared-interface',
  },
  {
    when: 'the address is the primary address of an interface',
    see: (seen) => ownedAsPrimary(seen, eth0B),
    says: 'hold address-is-a-primary',
  },
  {
    when: 'somebody else shares the address while EC2 settles',
    see: (seen) => ownedBy(seen, eth0A, 'eni-of-somebody-else'),
    says: 'hold held-by-undeclared-interface',
  },
];

export const inPlace: readonly Row[] = [
  { when: 'the link is down', see: linkDown, says: `${restore} because link-down` },
  {
    when: 'the host does not see the interface',
    see: (seen) => hostSays(seen, 'interface-absent', { link: 'absent', device: null }),
    says: `${backup} because interface-absent, not ServerA/eth0: restore-cannot-help`,
  },
  {
    when: 'the interface has no carrier',
    see: noCarrier,
    says: `${backup} because no-carrier, not ServerA/eth0: restore-cannot-help`,
  },
  {
    when: 'the interface has no carrier and there is no backup interface',
    plan: { backup: false },
    see: noCarrier,
    says: `${restore} because no-carrier`,
  },
  {
    when: 'a route table has no route to the address',
    plan: overlay,
    see: (seen) => missingIn(seen, 'rtb-2'),
    says: `${restore} because route-missing`,
  },
  {
    when: 'the operating system has lost the address',
    see: (seen) => hostSays(seen, 'address-absent', { os: 'absent' }),
    says: `${restore} because address-absent`,
  },
  {
    when: 'the operating system has the address on another interface that is not the backup',
    see: (seen) => hostSays(seen, 'address-elsewhere', { os: 'elsewhere', elsewhere: 'eth7' }),
    says: `${restore} because address-elsewhere`,
  },
  {
    when: 'the policy rule is missing',
    see: (seen) => hostSays(seen, 'rule-absent', { rule: 'absent' }),
    says: `${restore} because rule-absent`,
  },
  {
    when: 'packets are not answered',
    see: (seen) => hostSays(seen, 'path-unanswered', { path: 'unanswered', witness: 'answered' }),
    says: `${restore} because path-unanswered`,
  },
  {
    when: 'packets are not answered, and the targets answer no other address of the host either',
    see: (seen) => hostSays(seen, 'path-unanswered', { path: 'unanswered', witness: 'silent' }),
    says: 'hold path-without-witness',
  },
  {
    when: 'packets are not answered, and the host has no other address to ask from',
    see: (seen) => hostSays(seen, 'path-unanswered', { path: 'unanswered', witness: 'none' }),
    says: 'hold path-without-witness',
  },
  {
    when: 'the host names a fault that nobody here knows',
    see: (seen) => hostSays(seen, 'toString'),
    says: `${restore} because path-unanswered`,
  },
  {
    when: 'nobody owns the address',
    see: (seen) => ownedBy(seen),
    says: `${restore} because address-unassigned`,
  },
  {
    when: 'nobody owns the address and the host gives no answer',
    see: both((seen) => ownedBy(seen), silent),
    says: `${restore} because address-unassigned`,
  },
  {
    when: 'the backup interface owns the address and nobody was moving it',
    see: (seen) => ownedBy(seen, eth1A),
    says: `${restore} because address-on-wrong-interface`,
  },
  {
    when: 'another server owns the address and nobody was failing over',
    see: (seen) => ownedBy(seen, eth0B),
    says: `${restore} because address-on-wrong-interface`,
  },
  {
    when: 'EC2 shows two owners, and one of them is right',
    see: (seen) => ownedBy(seen, eth0A, eth1A),
    says: `${restore} because address-on-wrong-interface`,
  },
  {
    when: 'the instance fails its status check and its host says what is wrong',
    see: both(impaired, linkDown),
    says: `${restore} because link-down`,
  },
];

export const toBackup: readonly Row[] = [
  {
    when: 'restoring in place did not help',
    see: both(linkDown, tried('restore-in-place')),
    says: `${backup} because link-down`,
  },
  { when: 'the interface is detached', see: detached, says: `${backup} because interface-detached` },
  {
    when: 'EC2 does not know the interface any more',
    see: (seen) => withInterface(seen, eth0A, null),
    says: `${backup} because interface-detached`,
  },
  {
    when: 'a move to the backup interface was interrupted after EC2 had moved the address',
    see: (seen) => ownedBy(seen, eth1A),
    record: intent('move-to-backup', onBackup),
    says: `${backup} because move-unfinished`,
  },
  {
    when: 'EC2 and the operating system both have the address on the backup interface',
    see: both(
      (seen) => ownedBy(seen, eth1A),
      (seen) => hostSays(seen, 'address-elsewhere', { os: 'elsewhere', elsewhere: 'eth1' }),
    ),
    says: `${backup} because move-unfinished`,
  },
  {
    when: 'a move was interrupted and EC2 still shows both owners',
    see: (seen) => ownedBy(seen, eth0A, eth1A),
    record: intent('move-to-backup', onBackup),
    says: `${backup} because move-unfinished`,
  },
];
