/** What tells IPv4 from IPv6 where packets are routed: the length of an address and its spelling. */
import { formatIpv6, parseIpv6 } from '../ec2/ipv6.ts';
import { formatAddress, parseAddress } from './ipv4.ts';

export interface Family {
  readonly version: 4 | 6;
  readonly bits: 32 | 128;
  /** As iproute2 calls it. */
  readonly name: 'inet' | 'inet6';
  /** `undefined` when the text is not one. */
  parse(text: string): bigint | undefined;
  format(address: bigint): string;
}

export interface Prefix {
  /** The first address of the block. */
  readonly base: bigint;
  readonly length: number;
}

export const ipv4: Family = {
  version: 4,
  bits: 32,
  name: 'inet',
  parse: (text) => {
    const address = parseAddress(text);
    return address === undefined ? undefined : BigInt(address);
  },
  format: (address) => formatAddress(Number(address)),
};

export const ipv6: Family = {
  version: 6,
  bits: 128,
  name: 'inet6',
  parse: parseIpv6,
  format: formatIpv6,
};

/** By the spelling alone. */
export function familyOf(text: string): Family {
  return text.includes(':') ? ipv6 : ipv4;
}

/** @throws Error when the text is not an address of either family */
export function addressIn(text: string): bigint {
  const address = familyOf(text).parse(text);
  if (address === undefined) throw new Error(`${text} is not an IP address`);
  return address;
}

/** `10.0.1.0/24`, or an address alone for all of its bits. Bits after the prefix are kept out of `base`. */
export function parsePrefix(
  family: Family,
  text: string,
): (Prefix & { readonly address: bigint }) | undefined {
  const [addressText = '', lengthText, ...rest] = text.split('/');
  const address = family.parse(addressText);
  const length =
    lengthText === undefined ? family.bits : /^[0-9]{1,3}$/.test(lengthText) ? Number(lengthText) : Infinity;
  if (address === undefined || length > family.bits || rest.length > 0) return undefined;
  return { address, base: blockOf(family, address, length), length };
}

export function formatPrefix(family: Family, { base, length }: Prefix): string {
  if (length === 0) return 'default';
  return length === family.bits ? family.format(base) : `${family.format(base)}/${length}`;
}

export function contains(family: Family, prefix: Prefix, address: bigint): boolean {
  return blockOf(family, address, prefix.length) === prefix.base;
}

/** The base of the block of this length that the address is in. */
export function blockOf({ bits }: Family, address: bigint, length: number): bigint {
  const rest = BigInt(bits - length);
  return (address >> rest) << rest;
}
