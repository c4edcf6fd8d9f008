import { expect, test } from 'vitest';
import {
  dottedOfPrefix,
  hexOfPrefix,
  numberOfPrefix,
  prefixOfDotted,
  prefixOfHex,
} from '../../lib/recovery/netmask.ts';

test.each([
  [0, '00000000', '0.0.0.0'],
  [1, '80000000', '128.0.0.0'],
  [22, 'fffffc00', '255.255.252.0'],
  [24, 'ffffff00', '255.255.255.0'],
  [32, 'ffffffff', '255.255.255.255'],
])('a prefix length of %d is %s in hex and %s with dots', (prefix, hex, dotted) => {
  expect(hexOfPrefix(prefix)).toBe(hex);
  expect(dottedOfPrefix(prefix)).toBe(dotted);
  expect(prefixOfHex(hex)).toBe(prefix);
  expect(prefixOfDotted(dotted)).toBe(prefix);
});

test('hex digits are read in either case', () => {
  expect(prefixOfHex('FFFFFC00')).toBe(22);
});

test.each(['', 'fffffc0', '0xfffffc00', 'ff00ff00', '00000001', 'zzzzzzzz'])(
  'the hex netmask "%s" is refused',
  (hex) => {
    expect(() => prefixOfHex(hex)).toThrow(`netmask "${hex}"`);
  },
);

test.each(['255.255.252', '255.0.255.0', '255.255.255.256', '0.0.0.1', 'fffffc00'])(
  'the dotted netmask "%s" is refused',
  (dotted) => {
    expect(() => prefixOfDotted(dotted)).toThrow(`netmask "${dotted}"`);
    expect(() => prefixOfDotted(dotted)).toThrow(expect.objectContaining({ code: 'invalid-netmask' }));
  },
);

test.each([-1, 33, 1.5, Number.NaN])('a prefix length of %d is refused', (prefix) => {
  expect(() => numberOfPrefix(prefix)).toThrow('from 0 to 32');
});
