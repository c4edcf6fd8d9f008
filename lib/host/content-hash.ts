/** FNV-1a, 64 bits: tells versions of our own files apart. It protects against nothing. http://www.isthe.com/chongo/tech/comp/fnv/ */

const offset = 0xcbf29ce484222325n;
const prime = 0x100000001b3n;

export function contentHash(text: string): string {
  let hash = offset;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * prime);
  return hash.toString(16).padStart(16, '0');
}
