/** A netmask in its three spellings: prefix length 22, dotted 255.255.252.0, hex fffffc00 as the INFO record has it. */
import { type Address, addressOfNumber, parseAddress } from './address.ts';
import { Fault } from './fault.ts';

/** @throws Fault `invalid-netmask` unless the text is eight hex digits with all ones before all zeros */
export function prefixOfHex(hex: string): number {
  if (!/^[0-9a-f]{8}$/i.test(hex)) throw invalid(hex, 'eight hex digits such as fffffc00');
  return prefixOfNumber(Number.parseInt(hex, 16), hex);
}

/** @throws Fault `invalid-netmask` unless the text is a dotted netmask with all ones before all zeros */
export function prefixOfDotted(dotted: string): number {
  let number: number;
  try {
    number = parseAddress(dotted, 'netmask').number;
  } catch (cause) {
    throw new Fault('invalid-netmask', `netmask "${dotted}" is not four decimal numbers`, 'never', { cause });
  }
  return prefixOfNumber(number, dotted);
}

export function hexOfPrefix(prefix: number): string {
  return numberOfPrefix(prefix).toString(16).padStart(8, '0');
}

/** 32 hex digits. */
export function ipv6HexOfPrefix(prefix: number): string {
  return (((1n << BigInt(prefix)) - 1n) << BigInt(128 - prefix)).toString(16).padStart(32, '0');
}

/** Null unless the text is 32 lower-case hex digits with all ones before all zeros. */
export function prefixOfIpv6Hex(hex: string): number | null {
  if (!/^[0-9a-f]{32}$/.test(hex)) return null;
  const prefix = [...BigInt(`0x${hex}`).toString(2).padStart(128, '0')].indexOf('0');
  const length = prefix === -1 ? 128 : prefix;
  return ipv6HexOfPrefix(length) === hex ? length : null;
}

export function dottedOfPrefix(prefix: number): Address['text'] {
  return addressOfNumber(numberOfPrefix(prefix)).text;
}

/** @throws Fault `invalid-netmask` outside 0 to 32 */
export function numberOfPrefix(prefix: number): number {
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > 32)
    throw invalid(String(prefix), 'a prefix length from 0 to 32');
  return prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
}

function prefixOfNumber(number: number, shown: string): number {
  const prefix = Math.clz32(~number >>> 0);
  if (numberOfPrefix(prefix) !== number >>> 0) throw invalid(shown, 'all ones before all zeros');
  return prefix;
}

function invalid(value: string, allowed: string): Fault {
  return new Fault('invalid-netmask', `netmask "${value}" is not valid: allowed is ${allowed}`, 'never');
}
