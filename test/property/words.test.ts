import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressOfNumber, parseAddress } from '../../lib/recovery/address.ts';
import { parseAnswer } from '../../lib/recovery/answer.ts';
import { parseIncident } from '../../lib/recovery/escalation.ts';
import { readEvent } from '../../lib/recovery/event.ts';
import { type Info, parseInfo, printInfo, swapInfo } from '../../lib/recovery/info.ts';
import { alarmSubject, healthAlarmName, statusAlarmName } from '../../lib/recovery/names.ts';
import { dottedOfPrefix, hexOfPrefix, prefixOfDotted, prefixOfHex } from '../../lib/recovery/netmask.ts';
import { parseRecord } from '../../lib/recovery/resource.ts';

const interfaceName = fc
  .stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/)
  .filter((name) => name !== 'none');
const address = fc.integer({ min: 0, max: 0xffffffff }).map((number) => addressOfNumber(number).text);
const prefixLength = fc.integer({ min: 0, max: 32 });

const info: fc.Arbitrary<Info> = fc
  .record({
    server: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
    primary: interfaceName,
    address,
    prefixLength,
    backup: fc.option(interfaceName),
  })
  .filter(({ primary, backup }) => primary !== backup);

test('an INFO record that is printed and read is the same', () => {
  fc.assert(
    fc.property(info, (each) => {
      expect(parseInfo(printInfo(each))).toEqual(each);
    }),
  );
});

test('two moves to the backup interface leave the INFO record as it was, one does not', () => {
  const withBackup = info.filter(({ backup }) => backup !== null);
  fc.assert(
    fc.property(withBackup, (each) => {
      expect(swapInfo(swapInfo(each))).toEqual(each);
      expect(printInfo(swapInfo(each))).not.toBe(printInfo(each));
    }),
  );
});

test('a netmask is the same in its three spellings', () => {
  fc.assert(
    fc.property(prefixLength, (prefix) => {
      expect(prefixOfHex(hexOfPrefix(prefix))).toBe(prefix);
      expect(prefixOfDotted(dottedOfPrefix(prefix))).toBe(prefix);
    }),
  );
});

test('of all 32-bit numbers only the 33 netmasks are netmasks', () => {
  const netmasks = new Set(Array.from({ length: 33 }, (_, prefix) => hexOfPrefix(prefix)));
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (number) => {
      const hex = number.toString(16).padStart(8, '0');
      if (netmasks.has(hex)) expect(hexOfPrefix(prefixOfHex(hex))).toBe(hex);
      else expect(() => prefixOfHex(hex)).toThrow('all ones before all zeros');
    }),
  );
});

test('an address is the same as text and as number', () => {
  fc.assert(
    fc.property(address, (text) => {
      expect(addressOfNumber(parseAddress(text, 'address').number).text).toBe(text);
    }),
  );
});

test('a tag and a server name are read back from the name of their alarm', () => {
  const fleet = fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/);
  fc.assert(
    fc.property(fleet, fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/), (name, subject) => {
      expect(alarmSubject(name, healthAlarmName(name, subject))).toEqual({ kind: 'health', tag: subject });
      expect(alarmSubject(name, statusAlarmName(name, subject))).toEqual({ kind: 'status', server: subject });
    }),
  );
});

test('whatever comes in as an event is read or refused, never thrown at', () => {
  fc.assert(
    fc.property(fc.anything(), (event) => {
      expect(readEvent(event, 0).length).toBeGreaterThan(0);
    }),
  );
});

test.each([
  ['a record', parseRecord],
  ['an incident', parseIncident],
] as const)('whatever is taken for %s is read or refused with a fault', (_, parse) => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(() => parse(value)).toThrow(expect.objectContaining({ name: 'Fault' }));
    }),
  );
});

test('whatever a host prints is read or refused with a fault', () => {
  const output = fc.oneof(
    fc.string(),
    fc.json().map((json) => `HOLDFAST ${json}`),
  );
  fc.assert(
    fc.property(output, (stdout) => {
      expect(() => parseAnswer(stdout)).toThrow(expect.objectContaining({ code: 'invalid-answer' }));
    }),
  );
});
