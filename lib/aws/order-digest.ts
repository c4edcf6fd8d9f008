/**
 * What a proof of identity is bound to: SHA-256, in hex, of the operate function's name, a line feed, and the order
 * without its proof, as JSON with sorted keys and no spaces. Whoever has seen the proof of one order cannot use it for
 * another, nor for another fleet.
 */
import { createHash } from 'node:crypto';

/** Signed with the caller's identity. */
export const orderHeader = 'x-holdfast-order';

/** @param engine name of the operate function that the order is for */
export function orderDigest(order: object, engine: string): string {
  const { proof: _, ...bare } = order as { readonly proof?: unknown };
  return createHash('sha256')
    .update(`${engine}\n${canonical(bare)}`)
    .digest('hex');
}

/** What JSON leaves out is left out here. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`);
  return `{${fields.join(',')}}`;
}
