/** What every implementation of Addresses must do, for each mechanism of an address. */
import { describe, expect, test } from 'vitest';
import { type Held, isBoundToSubnet } from '../../lib/recovery/mechanism.ts';
import type { Addresses } from '../../lib/recovery/ports.ts';
import type { Subject } from './ports.ts';

export interface AddressesSubject extends Subject {
  readonly addresses: Addresses;
  /** In service on `primary`. */
  readonly held: Held;
  readonly primary: string;
  readonly backup: string;
  /** In another subnet, and in another zone. */
  readonly elsewhere: string;
  /** Of primary and backup. */
  readonly instanceId: string;
  /** The next look cannot be made. */
  failLooks(): void;
  /** Takes the address from whoever has it. */
  lose(): Promise<void>;
}

const unknown = 'eni-0000000000000dead';

/** Whatever the mechanism. */
export function addressesContract(open: () => Promise<AddressesSubject>): void {
  async function opened() {
    const { addresses, held, run, ...rest } = await open();
    const look = () => run(addresses.look([rest.primary, rest.backup], held));
    const move = (eniId: string, which: readonly Held[] = [held]) => run(addresses.move(which, eniId));
    return { look, move, held, addresses, run, ...rest };
  }

  describe('addresses', () => {
    test('are looked at with their owner and the interfaces that were named', async () => {
      const { look, primary, backup, instanceId } = await opened();
      const seen = await look();
      expect(seen).toMatchObject({
        kind: 'found',
        value: {
          owners: [{ eniId: primary, asPrimary: false }],
          missingIn: [],
          interfaces: { [primary]: { eniId: primary, instanceId }, [backup]: { eniId: backup, instanceId } },
        },
      });
      const view = seen.kind === 'found' ? seen.value.interfaces[primary] : undefined;
      expect(view?.mac).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
      expect(Object.keys(view ?? {}).sort()).toEqual([
        'eniId',
        'instanceId',
        'mac',
        'primaryAddress',
        'securityGroups',
        'sourceDestCheck',
        'subnetId',
      ]);
    });

    test('move to another interface, and have one owner after it', async () => {
      const { look, move, backup } = await opened();
      await move(backup);
      expect(await look()).toMatchObject({ value: { owners: [{ eniId: backup }], missingIn: [] } });
    });

    test('stay where they are when they are moved there again', async () => {
      const { look, move, primary } = await opened();
      await move(primary);
      expect(await look()).toMatchObject({ value: { owners: [{ eniId: primary }] } });
    });

    test('that nobody has belong to nobody, and to whomever they are moved to', async () => {
      const { look, move, lose, backup } = await opened();
      await lose();
      expect(await look()).toMatchObject({ value: { owners: [] } });
      await move(backup);
      expect(await look()).toMatchObject({ value: { owners: [{ eniId: backup }], missingIn: [] } });
    });

    test('are found with an owner that nobody asked about', async () => {
      const { addresses, held, move, run, primary, backup } = await opened();
      await move(backup);
      expect(await run(addresses.look([primary], held))).toMatchObject({
        value: { owners: [{ eniId: backup }] },
      });
    });

    test('an interface that EC2 does not know is missing from the answer, not a failure', async () => {
      const { addresses, held, primary, run } = await opened();
      const seen = await run(addresses.look([primary, unknown], held));
      expect(seen.kind === 'found' && Object.keys(seen.value.interfaces)).toEqual([primary]);
    });

    test('cannot move to an interface that does not exist', async () => {
      const { look, move, primary } = await opened();
      await expect(move(unknown)).rejects.toMatchObject({ name: 'Fault', code: 'not-found', retry: 'never' });
      expect(await look()).toMatchObject({ value: { owners: [{ eniId: primary }] } });
    });

    test('that could not be looked at are neither found nor absent', async () => {
      const { look, failLooks } = await opened();
      failLooks();
      expect(await look()).toMatchObject({ kind: 'could-not-look', why: expect.stringMatching(/./) });
    });

    test('that are bound to a subnet are refused elsewhere, and stay; the others go there', async () => {
      const { held, look, move, primary, elsewhere } = await opened();
      if (!isBoundToSubnet(held.mechanism)) {
        await move(elsewhere);
        expect(await look()).toMatchObject({ value: { owners: [{ eniId: elsewhere }], missingIn: [] } });
        return;
      }
      await expect(move(elsewhere)).rejects.toMatchObject({ name: 'Fault', code: 'refused', retry: 'never' });
      expect(await look()).toMatchObject({ value: { owners: [{ eniId: primary }] } });
    });
  });
}

export interface PrivateSubject extends AddressesSubject {
  /** A second address, in service on `primary` as well. */
  readonly second: Held;
}

/** Private IPv4 addresses. */
export function privateContract(open: () => Promise<PrivateSubject>): void {
  describe('private addresses', () => {
    test('that are an interface’s own are told as such, and never move', async () => {
      const { addresses, held, primary, backup, run } = await open();
      const seen = await run(addresses.look([primary, backup], held));
      const address = seen.kind === 'found' ? (seen.value.interfaces[backup]?.primaryAddress ?? '') : '';
      const own = { ...held, address };
      expect(await run(addresses.look([primary], own))).toMatchObject({
        value: { owners: [{ eniId: backup, asPrimary: true }] },
      });
      await expect(run(addresses.move([own], primary))).rejects.toMatchObject({
        code: 'refused',
        retry: 'never',
      });
    });

    test('move together, all or none', async () => {
      const { addresses, held, second, primary, backup, elsewhere, run } = await open();
      const owner = async (each: Held) => {
        const seen = await run(addresses.look([primary, backup], each));
        return seen.kind === 'found' ? seen.value.owners.map(({ eniId }) => eniId) : seen.kind;
      };
      await run(addresses.move([held, second], backup));
      expect([await owner(held), await owner(second)]).toEqual([[backup], [backup]]);
      const foreign = { ...second, address: '10.0.2.77' };
      await expect(run(addresses.move([held, foreign], primary))).rejects.toMatchObject({ code: 'refused' });
      await expect(run(addresses.move([held, second], elsewhere))).rejects.toMatchObject({ code: 'refused' });
      expect([await owner(held), await owner(second)]).toEqual([[backup], [backup]]);
    });
  });
}

export interface OverlaySubject extends AddressesSubject {
  /** Deletes the route in the last of the tables. */
  loseOneRoute(): Promise<void>;
  /** The last of the tables refuses every change. */
  refuse(): void;
  /** Target of the route in each table, in their order. */
  targets(): readonly (string | null)[];
}

/** Addresses outside of the VPC, by routes. */
export function overlayContract(open: () => Promise<OverlaySubject>): void {
  describe('overlay addresses', () => {
    test('are missing in the tables that have no route to them, and get one', async () => {
      const { addresses, held, primary, loseOneRoute, targets, run } = await open();
      await loseOneRoute();
      const last = tablesOf(held).at(-1);
      expect(await run(addresses.look([primary], held))).toMatchObject({
        value: { owners: [{ eniId: primary }], missingIn: [last] },
      });
      await run(addresses.move([held], primary));
      expect(targets()).toEqual(tablesOf(held).map(() => primary));
    });

    test('have two owners when their tables disagree, until they are moved', async () => {
      const { addresses, held, primary, backup, run, targets } = await open();
      const { mechanism } = held;
      const [first = ''] = tablesOf(held);
      const part = mechanism.kind === 'overlay' ? { ...mechanism, routeTables: [first] } : mechanism;
      await run(addresses.move([{ ...held, mechanism: part }], backup));
      const seen = await run(addresses.look([primary, backup], held));
      expect(seen.kind === 'found' && seen.value.owners.map(({ eniId }) => eniId).toSorted()).toEqual([
        primary,
        backup,
      ]);
      await run(addresses.move([held], primary));
      expect(targets()).toEqual(tablesOf(held).map(() => primary));
    });

    test('are where they were when one table refuses, and the refusal names it', async () => {
      const { addresses, held, primary, backup, refuse, targets, run } = await open();
      refuse();
      await expect(run(addresses.move([held], backup))).rejects.toMatchObject({
        name: 'Fault',
        code: 'refused',
        message: expect.stringContaining(tablesOf(held).at(-1) ?? ''),
      });
      expect(targets()).toEqual(tablesOf(held).map(() => primary));
    });

    test('that were in no table are in none when one refuses', async () => {
      const { addresses, held, backup, lose, refuse, targets, run } = await open();
      await lose();
      refuse();
      await expect(run(addresses.move([held], backup))).rejects.toMatchObject({ code: 'refused' });
      expect(targets()).toEqual(tablesOf(held).map(() => null));
    });
  });
}

function tablesOf({ mechanism }: Held): readonly string[] {
  return mechanism.kind === 'overlay' ? mechanism.routeTables : [];
}
