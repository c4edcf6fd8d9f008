/** IPv6 addresses and blocks, as far as EC2 hands them out. Canonical form: https://www.rfc-editor.org/rfc/rfc5952 */

export interface Ipv6Prefix {
  /** As it is written, such as `2001:db8:1::/64`. */
  readonly cidr: string;
  readonly base: bigint;
  readonly length: number;
}

const groups = 8;
const bitsOfGroup = 16;
const bits = 128;

/** `undefined` when the text is not an IPv6 address; mixed notation (`::ffff:10.0.0.1`) is not taken for one. */
export function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const given = [...head, ...tail];
  if (!given.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  const missing = groups - given.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...Array.from({ length: missing }, () => '0'), ...tail];
  return all.reduce((sum, group) => (sum << BigInt(bitsOfGroup)) + BigInt(Number.parseInt(group, 16)), 0n);
}

export function formatIpv6(address: bigint): string {
  const words = Array.from({ length: groups }, (_, index) =>
    ((address >> BigInt(bitsOfGroup * (groups - 1 - index))) & 0xffffn).toString(16),
  );
  const zeros = longestZeros(words);
  if (zeros.count < 2) return words.join(':');
  return `${words.slice(0, zeros.start).join(':')}::${words.slice(zeros.start + zeros.count).join(':')}`;
}

/** The one spelling of an address; the text itself when it is none. */
export function canonicalIpv6(text: string): string {
  const address = parseIpv6(text);
  return address === undefined ? text : formatIpv6(address);
}

/** `undefined` when it is not a block, or bits stand after its prefix. */
export function parseIpv6Prefix(cidr: string): Ipv6Prefix | undefined {
  const [text = '', lengthText = '', ...rest] = cidr.split('/');
  const base = parseIpv6(text);
  const length = /^[0-9]{1,3}$/.test(lengthText) ? Number(lengthText) : bits + 1;
  if (base === undefined || length > bits || rest.length > 0) return undefined;
  const prefix = { cidr: `${formatIpv6(base)}/${length}`, base, length };
  return base % sizeOfIpv6(prefix) === 0n ? prefix : undefined;
}

export function isInIpv6({ base, length }: Ipv6Prefix, address: bigint): boolean {
  const rest = BigInt(bits - length);
  return address >> rest === base >> rest;
}

export function sizeOfIpv6({ length }: Ipv6Prefix): bigint {
  return 1n << BigInt(bits - length);
}

function longestZeros(words: readonly string[]): { readonly start: number; readonly count: number } {
  let best = { start: 0, count: 0 };
  for (let start = 0; start < words.length; start++) {
    let count = 0;
    while (words[start + count] === '0') count += 1;
    if (count > best.count) best = { start, count };
  }
  return best;
}
