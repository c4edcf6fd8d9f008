import { expect, test } from 'vitest';
import {
  definedPart,
  eniAt,
  follows,
  isPaused,
  newRecord,
  parseRecord,
  placeOf,
  type ResourceRecord,
} from '../../lib/recovery/resource.ts';
import { eniOf, fleetOf, instanceOf } from '../fakes/fleets.ts';

const fleet = fleetOf();
const [resource = fleetOf().resources[0]] = fleet.resources;
if (resource === undefined) throw new Error('the fleet has no resource');
const record = newRecord(fleet, resource);
const swapped = 'ServerA eth1 10.0.1.50 ffffff00 eth0';

function withInfo(info: string): ResourceRecord['servers'] {
  const { ServerA, ...others } = record.servers;
  if (ServerA === undefined) throw new Error('the record has no ServerA');
  return { ...others, ServerA: { ...ServerA, info } };
}

test('a new resource is unknown, unarmed, and on no server', () => {
  expect(record).toMatchObject({ state: 'ILLSTATE', armed: false, activeServer: null, claim: { epoch: 0 } });
  expect(record.servers['ServerA']?.info).toBe('ServerA eth0 10.0.1.50 ffffff00 eth1');
  expect(record.servers['ServerB']).toMatchObject({ instanceId: instanceOf('ServerB'), priority: 2 });
});

test('what is written is what is read back', () => {
  expect(parseRecord(JSON.parse(JSON.stringify(record)))).toEqual(record);
});

test('a record of an unknown version is refused by name', () => {
  expect(() => parseRecord({ ...record, version: 2 })).toThrow('stored resource, version');
  expect(() => parseRecord({ ...record, version: 2 })).toThrow(
    expect.objectContaining({ code: 'invalid-record', retry: 'never' }),
  );
});

test('a record that lacks a field is refused with the path of the field', () => {
  const { claim: _, ...rest } = record;
  expect(() => parseRecord(rest)).toThrow('claim');
  expect(() => parseRecord({ ...record, claim: { ...record.claim, epoch: 'one' } })).toThrow('claim.epoch');
});

test('a deploy leaves a swapped INFO record swapped', () => {
  expect(definedPart(fleet, resource, withInfo(swapped)).servers['ServerA']?.info).toBe(swapped);
});

test('a deploy that gives the server another backup interface starts from the definition', () => {
  const known = withInfo('ServerA eth2 10.0.1.50 ffffff00 eth0');
  expect(definedPart(fleet, resource, known).servers['ServerA']?.info).toBe(
    'ServerA eth0 10.0.1.50 ffffff00 eth1',
  );
});

test('a deploy that removes the backup interface starts from the definition', () => {
  const without = fleetOf({ backup: false });
  const [alone = resource] = without.resources;
  const { servers } = definedPart(without, alone, withInfo(swapped));
  expect(servers['ServerA']?.info).toBe('ServerA eth0 10.0.1.50 ffffff00 none');
});

test('a swapped INFO record follows its definition, one with other interfaces or another ping list does not', () => {
  expect(follows({ ...record, servers: withInfo(swapped) }, fleet, resource)).toBe(true);
  expect(follows(record, fleet, { ...resource, pingList: [] })).toBe(false);
  const { ServerA, ...others } = fleet.servers;
  if (ServerA === undefined) throw new Error('the fleet has no ServerA');
  const renewed = {
    ...ServerA,
    interfaces: { ...ServerA.interfaces, eth0: { eniId: 'eni-new', address: '10.0.1.9' } },
  };
  expect(follows(record, { ...fleet, servers: { ...others, ServerA: renewed } }, resource)).toBe(false);
});

test('a resource on a server that the fleet does not have is refused', () => {
  const candidates = [{ server: 'ServerZ', priority: 1, interface: 'eth0', backup: null }];
  expect(() => definedPart(fleet, { ...resource, candidates }, {})).toThrow('unknown server ServerZ');
});

test('an interface id and its place lead to each other', () => {
  expect(eniAt(record, { server: 'ServerB', interface: 'eth1' })).toBe(eniOf('ServerB', 'eth1'));
  expect(placeOf(record, eniOf('ServerB', 'eth1'))).toEqual({ server: 'ServerB', interface: 'eth1' });
  expect(placeOf(record, 'eni-of-somebody-else')).toBeUndefined();
  expect(() => eniAt(record, { server: 'ServerB', interface: 'eth7' })).toThrow('no interface "eth7"');
  expect(() => eniAt(record, { server: 'ServerZ', interface: 'eth0' })).toThrow('no server "ServerZ"');
});

test('a pause ends by itself, at its time', () => {
  expect([isPaused({ pausedUntilMs: 100 }, 99), isPaused({ pausedUntilMs: 100 }, 100)]).toEqual([
    true,
    false,
  ]);
});
