/** By which calls of EC2 an address moves, in words: for its status, and for the plan of an order. */
import type { Mechanism } from './mechanism.ts';
import { placeWords } from './readiness.ts';
import type { Place } from './resource.ts';

export function mechanismWords(mechanism: Mechanism): string {
  switch (mechanism.kind) {
    case 'secondary':
      return 'AssignPrivateIpAddresses: a private address, inside its subnet';
    case 'ipv6':
      return 'UnassignIpv6Addresses and AssignIpv6Addresses: an IPv6 address, inside its subnet';
    case 'overlay':
      return `ReplaceRoute in ${tables(mechanism.routeTables)}: an overlay address, across zones`;
    case 'elastic':
      return `AssociateAddress of ${mechanism.allocationId}: an Elastic IP, across zones`;
  }
}

/** The one step of a plan in which EC2 moves the address. */
export function moveWords(mechanism: Mechanism, address: string, from: Place | null, to: Place): string {
  const there = placeWords(to);
  switch (mechanism.kind) {
    case 'secondary':
      return `EC2 makes ${there} the owner of ${address}, in one call (AssignPrivateIpAddresses)`;
    case 'ipv6': {
      const off = from === null ? 'whoever has it' : placeWords(from);
      return `EC2 takes ${address} off ${off} and gives it to ${there}, in two calls (UnassignIpv6Addresses, AssignIpv6Addresses)`;
    }
    case 'overlay':
      return `EC2 leads the route to ${address}/32 to ${there} in ${tables(mechanism.routeTables)}, in all or in none (ReplaceRoute)`;
    case 'elastic':
      return `EC2 associates ${address} with ${there}, in one call (AssociateAddress)`;
  }
}

function tables(names: readonly string[]): string {
  return names.length === 1 ? `route table ${names[0]}` : `${names.length} route tables`;
}
