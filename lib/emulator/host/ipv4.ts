/** IPv4 addresses and prefixes as numbers, as far as a routing table needs them. */

export interface Prefix {
  /** The first address of the block, as a number. */
  readonly base: number;
  readonly length: number;
}

/** Strict: four numbers from 0 to 255 without leading zeros. `undefined` when the text is not one. */
export function parseAddress(text: string): number | undefined {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => /^(0|[1-9][0-9]{0,2})$/.test(octet))) return undefined;
  const numbers = octets.map(Number);
  return numbers.every((number) => number <= 255)
    ? numbers.reduce((sum, each) => sum * 256 + each, 0)
    : undefined;
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** `10.0.1.0/24`, or an address alone for /32. Bits after the prefix are kept out of `base`. */
export function parsePrefix(text: string): (Prefix & { readonly address: number }) | undefined {
  const [addressText = '', lengthText, ...rest] = text.split('/');
  const address = parseAddress(addressText);
  const length = lengthText === undefined ? 32 : /^[0-9]{1,2}$/.test(lengthText) ? Number(lengthText) : 33;
  if (address === undefined || length > 32 || rest.length > 0) return undefined;
  return { address, base: blockOf(address, length), length };
}

export function contains(prefix: Prefix, address: number): boolean {
  return blockOf(address, prefix.length) === prefix.base;
}

/** The base of the block of this length that the address is in. */
export function blockOf(address: number, length: number): number {
  const size = 2 ** (32 - length);
  return Math.floor(address / size) * size;
}
