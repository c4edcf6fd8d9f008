/** The ledger in memory, with the conditions and epochs of the real one; what goes in and out is a copy. */
import { Fault } from '../../lib/recovery/fault.ts';
import type { FleetView } from '../../lib/recovery/observation.ts';
import type { ClaimResult, Guarded, Ledger } from '../../lib/recovery/ports.ts';
import { found } from '../../lib/recovery/reading.ts';
import { parseRecord, type ResourceRecord } from '../../lib/recovery/resource.ts';
import type { Faults } from './faults.ts';

export interface LedgerWrite {
  readonly verb: 'register' | 'claim' | 'intend' | 'commit';
  /** The claim's holder just after the write; the one that wrote it, unless it gave the claim back. */
  readonly record: ResourceRecord;
}

export interface FakeLedger extends Ledger {
  readonly records: Map<string, ResourceRecord>;
  /** Every write that took effect, in order. */
  readonly writes: LedgerWrite[];
  /** The fleet's switch and brake, open to the test. */
  fleetView: FleetView;
  record(tag: string): ResourceRecord;
  change(tag: string, change: Partial<ResourceRecord>): void;
}

export function fakeLedger(faults: Faults): FakeLedger {
  const records = new Map<string, ResourceRecord>();
  const writes: LedgerWrite[] = [];

  function put(verb: LedgerWrite['verb'], record: ResourceRecord): ResourceRecord {
    const stored = copy(record);
    records.set(stored.tag, stored);
    writes.push({ verb, record: stored });
    return copy(stored);
  }

  function claim(tag: string, wish: Parameters<Ledger['claim']>[1]): ClaimResult {
    const record = records.get(tag);
    if (record === undefined) return { kind: 'absent' };
    const { epoch, holder, expiresAtMs } = record.claim;
    const free =
      wish.fromEpoch === undefined ? holder === null || expiresAtMs <= wish.nowMs : epoch === wish.fromEpoch;
    if (!free && holder !== wish.holder) return { kind: 'held', claim: record.claim };
    const taken = { epoch: epoch + 1, holder: wish.holder, expiresAtMs: wish.untilMs };
    return { kind: 'claimed', record: put('claim', { ...record, claim: taken }) };
  }

  function guarded(
    verb: 'intend' | 'commit',
    tag: string,
    epoch: number,
    change: (record: ResourceRecord) => ResourceRecord,
  ): Guarded {
    const record = records.get(tag);
    if (record === undefined || record.claim.epoch !== epoch) return { kind: 'superseded' };
    return { kind: 'current', record: put(verb, change(record)) };
  }

  const ledger: FakeLedger = {
    records,
    writes,
    fleetView: { automation: 'on', pausedUntilMs: 0, failovers: {} },
    record(tag) {
      const record = records.get(tag);
      if (record === undefined) throw new Error(`the test's ledger has no record ${tag}`);
      return record;
    },
    change(tag, change) {
      records.set(tag, copy({ ...ledger.record(tag), ...change }));
    },
    register: (record) =>
      faults.effect('ledger.register', () => {
        if (!records.has(record.tag)) put('register', record);
      }),
    read: (tag) =>
      faults.look('ledger.read', () => {
        const record = records.get(tag);
        return record === undefined ? { kind: 'absent' } : found(copy(record));
      }),
    claim: (tag, wish) => faults.effect('ledger.claim', () => claim(tag, wish)),
    intend: (tag, epoch, intent, untilMs) =>
      faults.effect('ledger.intend', () =>
        guarded('intend', tag, epoch, (record) => ({
          ...record,
          intent,
          claim: { ...record.claim, expiresAtMs: untilMs },
        })),
      ),
    commit: (tag, epoch, change, release) =>
      faults.effect('ledger.commit', () =>
        guarded('commit', tag, epoch, (record) => ({
          ...record,
          ...change,
          claim: release ? { ...record.claim, holder: null } : record.claim,
        })),
      ),
    fleet: () => faults.look('ledger.fleet', () => found(ledger.fleetView)),
    takeFailover: (tag, nowMs, sinceMs, max) =>
      faults.effect('ledger.takeFailover', () => {
        const recent = Object.entries(ledger.fleetView.failovers).filter(([, atMs]) => atMs > sinceMs);
        if (recent.some(([counted]) => counted === tag)) return 'taken';
        if (recent.length >= max) return 'brake';
        const failovers = Object.fromEntries([...recent, [tag, nowMs]]);
        ledger.fleetView = { ...ledger.fleetView, failovers };
        return 'taken';
      }),
  };
  return ledger;
}

/** @throws Fault when what is written could not be read back */
function copy(record: ResourceRecord): ResourceRecord {
  const text = JSON.stringify(record);
  if (text === undefined) throw new Fault('invalid-record', 'nothing to write', 'never');
  return parseRecord(JSON.parse(text));
}
