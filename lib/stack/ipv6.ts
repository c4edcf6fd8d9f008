/** IPv6 addresses and the blocks of subnets, as numbers. */
import { canonicalIpv6 } from '../recovery/address.ts';

interface Block {
  readonly base: bigint;
  readonly prefixLength: number;
}

/** /44 to /64 in steps of 4: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html */
export function isIpv6Subnet(text: string): boolean {
  const [base = '', length = '', rest] = text.split('/');
  if (rest !== undefined || !/^(44|48|52|56|60|64)$/.test(length)) return false;
  return canonicalIpv6(base) === base && numberOf(base) % sizeOf(Number(length)) === 0n;
}

/** Of a text that `isIpv6Subnet`. */
export function ipv6PrefixLength(cidr: string): number {
  return blockOf(cidr).prefixLength;
}

/** Where an address is in a block; like of IPv4 AWS keeps the first four and the last. */
export function placeInIpv6Subnet(cidr: string, address: string): 'inside' | 'outside' | 'reserved' {
  const { base, prefixLength } = blockOf(cidr);
  const offset = numberOf(address) - base;
  if (offset < 0n || offset >= sizeOf(prefixLength)) return 'outside';
  return offset < 4n || offset === sizeOf(prefixLength) - 1n ? 'reserved' : 'inside';
}

function blockOf(cidr: string): Block {
  const [base = '', length = ''] = cidr.split('/');
  return { base: numberOf(base), prefixLength: Number(length) };
}

function sizeOf(prefixLength: number): bigint {
  return 1n << BigInt(128 - prefixLength);
}

/** Of an address that canonicalIpv6 knows. */
function numberOf(text: string): bigint {
  const [head = [], tail = []] = text.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  const digits = [...head, ...zeros, ...tail].map((group) => group.padStart(4, '0'));
  return BigInt(`0x${digits.join('')}`);
}
