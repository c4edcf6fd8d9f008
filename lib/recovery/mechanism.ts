/**
 * By which means of EC2 an address moves: the ladder, the INFO record and the audit are the same for all four.
 *
 *     secondary   a private IPv4 address of the subnet        one AssignPrivateIpAddresses     inside a subnet
 *     ipv6        an IPv6 address of the subnet               unassign, then assign            inside a subnet
 *     overlay     an IPv4 address outside of the VPC          a route in every listed table    across zones
 *     elastic     a public IPv4 address                       AssociateAddress                 across zones
 */
import * as v from 'valibot';

export const mechanism = v.variant('kind', [
  v.strictObject({ kind: v.literal('secondary') }),
  v.strictObject({ kind: v.literal('ipv6') }),
  v.strictObject({ kind: v.literal('overlay'), routeTables: v.array(v.string()) }),
  v.strictObject({ kind: v.literal('elastic'), allocationId: v.string() }),
]);

export type Mechanism = Readonly<v.InferOutput<typeof mechanism>>;
export type MechanismKind = Mechanism['kind'];

/** An address, and how it moves: as much of a record as EC2 has to do with. */
export interface Held {
  readonly address: string;
  readonly mechanism: Mechanism;
}

/** Whether it stays in one subnet, and so in one Availability Zone. */
export function isBoundToSubnet({ kind }: Mechanism): boolean {
  return kind === 'secondary' || kind === 'ipv6';
}
