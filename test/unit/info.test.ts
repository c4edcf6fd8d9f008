import { expect, test } from 'vitest';
import { parseInfo, printInfo, swapInfo } from '../../lib/recovery/info.ts';

const line = 'ServerA eth0 172.17.106.10 fffffc00 eth1';

test('the INFO record of the manual reads as five fields', () => {
  expect(parseInfo(line)).toEqual({
    server: 'ServerA',
    primary: 'eth0',
    address: '172.17.106.10',
    prefixLength: 22,
    backup: 'eth1',
  });
});

test('the word none in the fifth field means that there is no backup interface', () => {
  const info = parseInfo('ServerA eth0 172.17.106.10 fffffc00 none');
  expect(info.backup).toBeNull();
  expect(printInfo(info)).toBe('ServerA eth0 172.17.106.10 fffffc00 none');
});

test('a move to the backup interface swaps fields 2 and 5 and nothing else', () => {
  expect(printInfo(swapInfo(parseInfo(line)))).toBe('ServerA eth1 172.17.106.10 fffffc00 eth0');
});

test('there is nothing to swap without a backup interface', () => {
  const info = parseInfo('ServerA eth0 172.17.106.10 fffffc00 none');
  expect(() => swapInfo(info)).toThrow('backup interface "none" is not valid');
});

test.each([
  ['a missing field', 'ServerA eth0 172.17.106.10 fffffc00', 'five fields'],
  ['two spaces', 'ServerA  eth0 172.17.106.10 fffffc00 eth1', 'five fields'],
  ['a sixth field', `${line} eth2`, 'five fields'],
  ['an address that is none', 'ServerA eth0 172.17.106.300 fffffc00 eth1', 'address "172.17.106.300"'],
  ['a dotted netmask', 'ServerA eth0 172.17.106.10 255.255.252.0 eth1', 'netmask "255.255.252.0"'],
  ['a netmask in capitals', 'ServerA eth0 172.17.106.10 FFFFFC00 eth1', 'lower-case hex'],
  ['a netmask with a hole', 'ServerA eth0 172.17.106.10 ff00ff00 eth1', 'all ones before all zeros'],
  ['a backup that is the primary', 'ServerA eth0 172.17.106.10 fffffc00 eth0', 'another interface'],
  ['a primary called none', 'ServerA none 172.17.106.10 fffffc00 eth1', 'interface "none"'],
  ['a device name that is too long', 'ServerA eth0 172.17.106.10 fffffc00 abcdefghijklmnop', '15 characters'],
  ['a server name with a slash', 'Server/A eth0 172.17.106.10 fffffc00 eth1', 'server "Server/A"'],
])('%s is refused with the value and what is allowed', (_, text, message) => {
  expect(() => parseInfo(text)).toThrow(message);
  expect(() => parseInfo(text)).toThrow(expect.objectContaining({ code: 'invalid-info', retry: 'never' }));
});
