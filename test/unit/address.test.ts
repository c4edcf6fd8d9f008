import { expect, test } from 'vitest';
import {
  addressOfNumber,
  contains,
  isReserved,
  parseAddress,
  parseSubnet,
} from '../../lib/recovery/address.ts';

const subnet = parseSubnet('10.0.1.0/24', 'subnet');

test('an address is its text and an unsigned number', () => {
  expect(parseAddress('255.255.255.255', 'address').number).toBe(0xffffffff);
  expect(parseAddress('10.0.1.50', 'address')).toEqual({ text: '10.0.1.50', number: 0x0a000132 });
  expect(addressOfNumber(0x0a000132).text).toBe('10.0.1.50');
});

test.each(['', '10.0.1', '10.0.1.256', '10.0.1.050', ' 10.0.1.5', '10.0.1.5\n', '::1', '10.0.1.5/24'])(
  'the address "%s" is refused with the name of its field',
  (text) => {
    expect(() => parseAddress(text, 'pingList')).toThrow('pingList');
    expect(() => parseAddress(text, 'pingList')).toThrow(
      expect.objectContaining({ code: 'invalid-address' }),
    );
  },
);

test('a subnet contains its first and its last address and no neighbour', () => {
  const inside = ['10.0.1.0', '10.0.1.255'].map((text) => contains(subnet, parseAddress(text, 'address')));
  const outside = ['10.0.0.255', '10.0.2.0'].map((text) => contains(subnet, parseAddress(text, 'address')));
  expect([...inside, ...outside]).toEqual([true, true, false, false]);
});

test('AWS keeps the first four addresses of a subnet and its last', () => {
  const reserved = ['.0', '.1', '.2', '.3', '.4', '.254', '.255'].map((last) =>
    isReserved(subnet, parseAddress(`10.0.1${last}`, 'address')),
  );
  expect(reserved).toEqual([true, true, true, true, false, false, true]);
});

test.each([
  '10.0.1.0',
  '10.0.1.0/15',
  '10.0.1.0/29',
  '10.0.1.0/24/1',
  '10.0.1.0/x',
  '10.0.1.1/24',
  '10.0.1.0/ 24',
])('the subnet "%s" is refused', (cidr) => {
  expect(() => parseSubnet(cidr, 'subnet')).toThrow(expect.objectContaining({ code: 'invalid-address' }));
});
