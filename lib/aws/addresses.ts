/** Who owns an address, and making another interface own it, by whichever mechanism the address has. */
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { Held, Mechanism } from '../recovery/mechanism.ts';
import type { AddressView } from '../recovery/observation.ts';
import type { Addresses } from '../recovery/ports.ts';
import { found } from '../recovery/reading.ts';
import { elasticOwners, moveElastic } from './elastic-addresses.ts';
import { type AskedEc2, interfacesById, interfaceView } from './interfaces.ts';
import { ipv6Owners, moveIpv6 } from './ipv6-addresses.ts';
import { moveOverlay, overlayOwners } from './overlay-addresses.ts';
import {
  type Declared,
  movePrivate,
  type Owned,
  privateHolders,
  privateOwners,
} from './private-addresses.ts';
import { looking, type Retrying } from './retry.ts';

export function ec2Addresses(ec2: EC2Client, retrying: Retrying): Addresses {
  const asked = { ec2, retrying };

  async function lookAll(eniIds: readonly string[], held: readonly Held[]): Promise<readonly AddressView[]> {
    // An address may be held by an interface that nobody declared, so both questions are asked, at the same time.
    const declared = interfacesById(asked, eniIds);
    const holders = privateHolders(
      asked,
      held.filter(isSecondary).map(({ address }) => address),
    );
    const [views, ...owned] = await Promise.all([
      declared,
      ...held.map((each) => ownersOf(asked, each, declared, holders)),
    ]);
    const interfaces = Object.fromEntries(
      views.map((each) => [each.NetworkInterfaceId ?? '', interfaceView(each)]),
    );
    return owned.map((each) => ({ interfaces, ...each }));
  }

  return {
    look: (eniIds, held) =>
      looking(async () => {
        const [view] = await lookAll(eniIds, [held]);
        return view === undefined ? { kind: 'absent' } : found(view);
      }),
    lookAll: (eniIds, held) => looking(async () => found(await lookAll(eniIds, held))),
    move: async (held, eniId) => {
      const together = held.filter(isSecondary);
      if (together.length > 0) await movePrivate(asked, together, eniId);
      for (const each of held) await moveAlone(asked, each, eniId);
    },
  };
}

function isSecondary({ mechanism }: Held): boolean {
  return mechanism.kind === 'secondary';
}

function ownersOf(
  asked: AskedEc2,
  { address, mechanism }: Held,
  declared: Declared,
  holders: Declared,
): Promise<Owned> {
  switch (mechanism.kind) {
    case 'secondary':
      return privateOwners(address, declared, holders);
    case 'ipv6':
      return ipv6Owners(asked, address, declared);
    case 'overlay':
      return overlayOwners(asked, address, mechanism.routeTables);
    case 'elastic':
      return elasticOwners(asked, address, mechanism.allocationId, declared);
  }
}

async function moveAlone(
  asked: AskedEc2,
  { address, mechanism }: { readonly address: string; readonly mechanism: Mechanism },
  eniId: string,
): Promise<void> {
  if (mechanism.kind === 'ipv6') await moveIpv6(asked, address, eniId);
  if (mechanism.kind === 'overlay') await moveOverlay(asked, address, mechanism.routeTables, eniId);
  if (mechanism.kind === 'elastic') await moveElastic(asked, address, mechanism.allocationId, eniId);
}
