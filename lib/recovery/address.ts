/** IPv4 addresses and the subnets they live in; IPv6 as far as an address has to be known again. */
import { Fault } from './fault.ts';

export interface Address {
  readonly text: string;
  /** As an unsigned 32-bit number. */
  readonly number: number;
}

export interface Subnet {
  /** `10.0.1.0/24`. */
  readonly cidr: string;
  readonly base: number;
  readonly prefixLength: number;
}

/** @throws Fault `invalid-address` naming `field`, the value seen and what is allowed */
export function parseAddress(text: string, field: string): Address {
  const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1);
  if (octets === undefined || octets.some((octet) => Number(octet) > 255 || octet !== String(Number(octet))))
    throw new Fault(
      'invalid-address',
      `${field} "${text}" is not an IPv4 address such as 10.0.1.50`,
      'never',
    );
  return { text, number: octets.reduce((sum, octet) => sum * 256 + Number(octet), 0) };
}

export function addressOfNumber(number: number): Address {
  const text = [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
  return { text, number: number >>> 0 };
}

/** @throws Fault `invalid-address` when it is not `base/prefix` with host bits zero and a prefix AWS allows (16 to 28) */
export function parseSubnet(cidr: string, field: string): Subnet {
  const [baseText = '', prefixText = '', rest] = cidr.split('/');
  const base = parseAddress(baseText, field).number;
  const prefixLength = Number(prefixText);
  // https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html: /16 to /28
  if (rest !== undefined || !/^\d{1,2}$/.test(prefixText) || prefixLength < 16 || prefixLength > 28)
    throw new Fault('invalid-address', `${field} "${cidr}" needs a prefix length from /16 to /28`, 'never');
  if (base % 2 ** (32 - prefixLength) !== 0)
    throw new Fault('invalid-address', `${field} "${cidr}" has host bits set`, 'never');
  return { cidr, base, prefixLength };
}

export function contains(subnet: Subnet, address: Address): boolean {
  const size = 2 ** (32 - subnet.prefixLength);
  return address.number >= subnet.base && address.number < subnet.base + size;
}

/** AWS keeps the first four addresses and the last (https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html). */
export function isReserved(subnet: Subnet, address: Address): boolean {
  const offset = address.number - subnet.base;
  return offset < 4 || offset === 2 ** (32 - subnet.prefixLength) - 1;
}

const groups = 8;

/** Lower case, no leading zeros, the longest run of zero groups as `::` (RFC 5952); null when it is no IPv6 address. */
export function canonicalIpv6(text: string): string | null {
  const values = groupsOf(text);
  return values === null ? null : printGroups(values);
}

export function isIpv6(text: string): boolean {
  return groupsOf(text) !== null;
}

/** Whether the IPv6 address is in the block; false for what is neither. AWS's subnets are /44 to /64. */
export function containsIpv6(cidr: string, text: string): boolean {
  const [base = '', length = ''] = cidr.split('/');
  const [block, address] = [groupsOf(base), groupsOf(text)];
  const bits = Number(length);
  if (block === null || address === null || !/^\d{1,3}$/.test(length) || bits > 128) return false;
  return block.every((group, index) => {
    const own = Math.min(16, Math.max(0, bits - index * 16));
    const mask = (0xffff << (16 - own)) & 0xffff;
    return (group & mask) === ((address[index] ?? 0) & mask);
  });
}

function groupsOf(text: string): readonly number[] | null {
  if (!/^[0-9a-fA-F:]{2,39}$/.test(text)) return null;
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const zeros = groups - head.length - tail.length;
  if (halves.length === 1 ? zeros !== 0 : zeros < 1) return null;
  const all = [...head, ...Array<string>(zeros).fill('0'), ...tail];
  return all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))
    ? all.map((group) => Number.parseInt(group, 16))
    : null;
}

function printGroups(values: readonly number[]): string {
  const text = values.map((value) => value.toString(16));
  let [from, length] = [0, 0];
  for (let start = 0; start < groups; start += 1) {
    let end = start;
    while (values[end] === 0) end += 1;
    if (end - start > length) [from, length] = [start, end - start];
  }
  if (length < 2) return text.join(':');
  return `${text.slice(0, from).join(':')}::${text.slice(from + length).join(':')}`;
}
