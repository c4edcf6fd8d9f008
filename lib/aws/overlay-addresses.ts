/** Addresses outside of the VPC's CIDR block: a route to each in every listed table says where it is. */
import type { AskedEc2 } from './interfaces.ts';
import type { Owned } from './private-addresses.ts';
import { idOf, lookAtRoutes, pointRoutes } from './routes.ts';

/** A route to something that is no interface makes that an owner, which no fleet declares. */
export async function overlayOwners(
  asked: AskedEc2,
  address: string,
  tables: readonly string[],
): Promise<Owned> {
  const routes = await lookAtRoutes(asked, tables, host(address));
  const targets = routes.map(({ target }) => target).filter((target) => target !== null);
  return {
    owners: [...new Set(targets.map(idOf))].map((eniId) => ({ eniId, asPrimary: false })),
    missingIn: routes.filter(({ target }) => target === null).map(({ table }) => table),
  };
}

/** @throws Fault */
export function moveOverlay(
  asked: AskedEc2,
  address: string,
  tables: readonly string[],
  eniId: string,
): Promise<void> {
  return pointRoutes(asked, tables, host(address), eniId);
}

function host(address: string): string {
  return `${address}/32`;
}
