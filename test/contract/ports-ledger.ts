/** What every ledger must do: the claim and its epochs, guarded writes, and the brake of the fleet. */
import { describe, expect, test } from 'vitest';
import type { Change, Ledger } from '../../lib/recovery/ports.ts';
import { newRecord, type ResourceRecord } from '../../lib/recovery/resource.ts';
import { fleetOf } from '../fakes/fleets.ts';
import type { Subject } from './ports.ts';

export interface LedgerSubject extends Subject {
  readonly ledger: Ledger;
}

function contractRecord(): ResourceRecord {
  const fleet = fleetOf();
  const [resource] = fleet.resources;
  if (resource === undefined) throw new Error('the fleet has no resource');
  return newRecord(fleet, resource);
}

const place = { server: 'ServerA', interface: 'eth1' };

export function ledgerContract(open: () => Promise<LedgerSubject>): void {
  const { tag } = contractRecord();

  /** A ledger with one registered resource, and its verbs as short as the tests need them. */
  async function registered() {
    const subject = await open();
    const { ledger, run } = subject;
    await run(ledger.register(contractRecord()));
    const nowMs = subject.now();
    return {
      nowMs,
      read: () => run(ledger.read(tag)),
      claim: (holder: string, wish: { readonly nowMs?: number; readonly fromEpoch?: number } = {}) =>
        run(ledger.claim(tag, { holder, nowMs, untilMs: (wish.nowMs ?? nowMs) + 1_000, ...wish })),
      intend: (epoch: number, untilMs = nowMs + 5_000) =>
        run(ledger.intend(tag, epoch, { epoch, rung: 'move-to-backup', to: place }, untilMs)),
      commit: (epoch: number, change: Change, release = true) =>
        run(ledger.commit(tag, epoch, change, release)),
      again: () => run(ledger.register({ ...contractRecord(), state: 'ISP' })),
    };
  }

  describe('a ledger', () => {
    test('gives back the record that was registered', async () => {
      const { read } = await registered();
      expect(await read()).toEqual({ kind: 'found', value: contractRecord() });
    });

    test('keeps the record that it has when it is registered again', async () => {
      const { again, read } = await registered();
      await again();
      expect(await read()).toMatchObject({ value: { state: 'ILLSTATE' } });
    });

    test('knows no resource that was never registered', async () => {
      const { ledger, run } = await open();
      expect(await run(ledger.read('ip-none'))).toEqual({ kind: 'absent' });
      const wish = { holder: 'first', nowMs: 0, untilMs: 1 };
      expect(await run(ledger.claim('ip-none', wish))).toEqual({ kind: 'absent' });
      expect(await run(ledger.claim('ip-none', { ...wish, fromEpoch: 0 }))).toEqual({ kind: 'absent' });
      expect(await run(ledger.commit('ip-none', 0, {}, true))).toEqual({ kind: 'superseded' });
    });

    test('gives a free claim with the next epoch and the whole record', async () => {
      const { claim, nowMs } = await registered();
      const taken = { epoch: 1, holder: 'first', expiresAtMs: nowMs + 1_000 };
      expect(await claim('first')).toEqual({
        kind: 'claimed',
        record: { ...contractRecord(), claim: taken },
      });
    });

    test('refuses a claim that another holds, and says who and until when', async () => {
      const { claim, nowMs } = await registered();
      await claim('first');
      expect(await claim('second')).toEqual({
        kind: 'held',
        claim: { epoch: 1, holder: 'first', expiresAtMs: nowMs + 1_000 },
      });
    });

    test('gives a claim that has expired, at its very millisecond and not before', async () => {
      const { claim, nowMs } = await registered();
      await claim('first');
      expect(await claim('second', { nowMs: nowMs + 999 })).toMatchObject({ kind: 'held' });
      expect(await claim('second', { nowMs: nowMs + 1_000 })).toMatchObject({
        record: { claim: { epoch: 2 } },
      });
    });

    test('gives a claim again to its own holder, whose first answer was lost', async () => {
      const { claim } = await registered();
      await claim('first');
      expect(await claim('first')).toMatchObject({ kind: 'claimed', record: { claim: { epoch: 2 } } });
    });

    test('hands a claim over from exactly the epoch that is named, whoever holds it', async () => {
      const { claim } = await registered();
      await claim('first');
      expect(await claim('failover', { fromEpoch: 0 })).toMatchObject({ kind: 'held' });
      expect(await claim('failover', { fromEpoch: 1 })).toMatchObject({ record: { claim: { epoch: 2 } } });
      expect(await claim('another', { fromEpoch: 1 })).toMatchObject({ kind: 'held', claim: { epoch: 2 } });
    });

    test('hands a claim over that was given back since', async () => {
      const { claim, commit } = await registered();
      await claim('first');
      await commit(1, {});
      expect(await claim('failover', { fromEpoch: 1 })).toMatchObject({ record: { claim: { epoch: 2 } } });
    });

    test('of two claims at once gives exactly one', async () => {
      const { claim } = await registered();
      const kinds = (await Promise.all([claim('first'), claim('second')])).map(({ kind }) => kind);
      expect(kinds.sort()).toEqual(['claimed', 'held']);
    });

    test('writes down an intent and renews the claim', async () => {
      const { claim, intend, nowMs } = await registered();
      await claim('first');
      expect(await intend(1, nowMs + 9_000)).toMatchObject({
        kind: 'current',
        record: {
          intent: { epoch: 1, rung: 'move-to-backup', to: place },
          claim: { epoch: 1, holder: 'first', expiresAtMs: nowMs + 9_000 },
        },
      });
      expect(await claim('second', { nowMs: nowMs + 8_999 })).toMatchObject({ kind: 'held' });
    });

    test('applies a change in one write, leaves the rest, and gives the claim back', async () => {
      const { claim, commit, read } = await registered();
      await claim('first');
      const change: Change = {
        activeServer: 'ServerA',
        armed: true,
        state: 'ISP',
        stateReason: 'already-healthy',
        intent: null,
        recent: [{ atMs: 5, epoch: 1, outcome: 'restored-in-place' }],
        macs: { 'eni-a0': '02:00:00:00:00:0a' },
      };
      const before = contractRecord();
      const written = await commit(1, change);
      expect(written).toMatchObject({
        kind: 'current',
        record: { ...before, ...change, claim: { holder: null } },
      });
      expect(await read()).toMatchObject({
        value: { ...change, servers: before.servers, claim: { epoch: 1 } },
      });
      expect(await claim('second')).toMatchObject({ record: { claim: { epoch: 2 } } });
    });

    test('keeps the claim with its holder when it is not given back', async () => {
      const { claim, commit } = await registered();
      await claim('first');
      expect(await commit(1, {}, false)).toMatchObject({ record: { claim: { holder: 'first' } } });
      expect(await commit(1, { state: 'ISU' }, false)).toMatchObject({ record: { state: 'ISU' } });
      expect(await claim('second')).toMatchObject({ kind: 'held' });
    });

    test('lets nobody write under an epoch that is over', async () => {
      const { claim, commit, intend, read } = await registered();
      await claim('first');
      await claim('failover', { fromEpoch: 1 });
      expect(await commit(1, { state: 'OSF' })).toEqual({ kind: 'superseded' });
      expect(await intend(1)).toEqual({ kind: 'superseded' });
      expect(await read()).toMatchObject({
        value: { state: 'ILLSTATE', intent: null, claim: { epoch: 2, holder: 'failover' } },
      });
    });

    test('takes the same commit twice, because the first answer may have been lost', async () => {
      const { claim, commit } = await registered();
      await claim('first');
      await commit(1, { state: 'ISU' });
      expect(await commit(1, { state: 'ISU' })).toMatchObject({ kind: 'current', record: { state: 'ISU' } });
    });
  });

  describe('the brake of a fleet', () => {
    test('is switched on and empty before anything has happened', async () => {
      const { ledger, run } = await open();
      expect(await run(ledger.fleet())).toEqual({
        kind: 'found',
        value: expect.objectContaining({ automation: 'on', pausedUntilMs: 0, failovers: {} }),
      });
    });

    test('counts failovers up to the largest number and refuses the next', async () => {
      const { ledger, run } = await open();
      const take = (tag: string, nowMs: number) => run(ledger.takeFailover(tag, nowMs, 0, 2));
      expect([await take('a', 10), await take('b', 11), await take('c', 12)]).toEqual([
        'taken',
        'taken',
        'brake',
      ]);
      expect(await run(ledger.fleet())).toMatchObject({ value: { failovers: { a: 10, b: 11 } } });
    });

    test('counts a resource once, however often it tries', async () => {
      const { ledger, run } = await open();
      const take = (tag: string, nowMs: number) => run(ledger.takeFailover(tag, nowMs, 0, 2));
      expect([await take('a', 10), await take('a', 11), await take('b', 12)]).toEqual([
        'taken',
        'taken',
        'taken',
      ]);
      expect(await take('a', 13)).toBe('taken');
      expect(await run(ledger.fleet())).toMatchObject({ value: { failovers: { a: 10, b: 12 } } });
    });

    test('forgets failovers from before the window', async () => {
      const { ledger, run } = await open();
      await run(ledger.takeFailover('a', 10, 0, 1));
      expect(await run(ledger.takeFailover('b', 20, 10, 1))).toBe('taken');
      expect(await run(ledger.fleet())).toMatchObject({ value: { failovers: { b: 20 } } });
    });

    test('counts failovers that come at the same time one by one', async () => {
      const { ledger, run } = await open();
      const taken = await Promise.all(['a', 'b', 'c'].map((tag) => run(ledger.takeFailover(tag, 1, 0, 2))));
      expect(taken.sort()).toEqual(['brake', 'taken', 'taken']);
    });
  });
}
