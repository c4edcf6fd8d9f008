/** IPv4 addresses and the subnets they live in. */
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
