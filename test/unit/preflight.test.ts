import { expect, test } from 'vitest';
import { backupSkip, serverSkip } from '../../lib/recovery/preflight.ts';
import { eniOf, fleetOf, instanceOf } from '../fakes/fleets.ts';
import { allWell, ownedBy, recordOf, withInstance, withInterface } from '../fakes/situations.ts';

const fleet = fleetOf();
const record = recordOf(fleet);
const well = allWell(fleet);
const toB = { server: 'ServerB', interface: 'eth0' };
const eth0A = eniOf('ServerA', 'eth0');
const eth0B = eniOf('ServerB', 'eth0');

function skips(seen: typeof well): readonly [string | null, string | null] {
  if (seen.addresses.kind !== 'found' || seen.instances.kind !== 'found') throw new Error('nothing was seen');
  const addresses = seen.addresses.value;
  return [backupSkip(record, 'ServerA', addresses), serverSkip(record, toB, addresses, seen.instances.value)];
}

test('interfaces that treat the address alike can take it', () => {
  expect(skips(well)).toEqual([null, null]);
});

test('where the address is now makes no difference', () => {
  expect(skips(ownedBy(well))).toEqual([null, null]);
});

test('an interface that is gone cannot be compared with, and stops nothing', () => {
  const other = withInterface(well, eth0B, { securityGroups: ['sg-2'] });
  expect(skips(withInterface(other, eth0A, null))).toEqual([null, null]);
});

test('the subnet is checked by its range even when there is nothing to compare with', () => {
  const gone = withInterface(well, eth0A, null);
  expect(skips(withInterface(gone, eth0B, { primaryAddress: '10.0.2.20' }))[1]).toBe(
    'interface-in-other-subnet',
  );
});

test('security groups are the same in any number only when all are the same', () => {
  const more = withInterface(well, eth0B, { securityGroups: ['sg-1', 'sg-2'] });
  expect(skips(more)[1]).toBe('security-groups-differ');
});

test('an interface that is attached to another instance than declared is not attached', () => {
  const stolen = withInterface(well, eth0B, { instanceId: instanceOf('ServerA') });
  expect(skips(stolen)[1]).toBe('interface-not-attached');
});

test('a server that is starting is not running', () => {
  expect(skips(withInstance(well, instanceOf('ServerB'), { state: 'pending' }))[1]).toBe(
    'server-not-running',
  );
});

test('a status check that is still initializing is no failure', () => {
  const young = withInstance(well, instanceOf('ServerB'), { systemStatus: 'initializing' });
  expect(skips(young)[1]).toBeNull();
});
