/**
 * What every implementation of a port must do, one suite per port; those of the ledger and of hosts
 * are in files of their own. The fakes run them in `ports-fakes.test.ts`, the
 * real adapters over the embedded AWS in `ports-aws.test.ts`: a test that stands on a fake stands on this.
 */
import { describe, expect, test } from 'vitest';
import type { AuditRecord } from '../../lib/recovery/audit.ts';
import type { Addresses, Audit, Instances } from '../../lib/recovery/ports.ts';

/** How a test waits for a port: over a clock of its own, time has to be moved while it waits. */
export interface Subject {
  run<T>(promise: Promise<T>): Promise<T>;
  now(): number;
}

// ---- Addresses

export interface AddressesSubject extends Subject {
  readonly addresses: Addresses;
  /** In service on `primary`. */
  readonly address: string;
  readonly primary: string;
  readonly backup: string;
  /** In another subnet. */
  readonly elsewhere: string;
  readonly instanceId: string;
  /** The next look cannot be made. */
  failLooks(): void;
}

export function addressesContract(open: () => Promise<AddressesSubject>): void {
  async function opened() {
    const { addresses, address, run, ...rest } = await open();
    const look = () => run(addresses.look([rest.primary, rest.backup], address));
    const move = (eniId: string, which = address) => run(addresses.move(which, eniId));
    return { look, move, address, ...rest };
  }

  describe('addresses', () => {
    test('are looked at with their owner and the interfaces that were named', async () => {
      const { look, primary, backup, instanceId } = await opened();
      const seen = await look();
      expect(seen).toMatchObject({
        kind: 'found',
        value: {
          owners: [{ eniId: primary, asPrimary: false }],
          interfaces: { [primary]: { eniId: primary, instanceId }, [backup]: { eniId: backup, instanceId } },
        },
      });
      const view = seen.kind === 'found' ? seen.value.interfaces[primary] : undefined;
      expect(view?.mac).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
      expect(view?.sourceDestCheck).toBe(true);
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

    test('move to another interface in one step, and have one owner after it', async () => {
      const { look, move, backup } = await opened();
      await move(backup);
      expect(await look()).toMatchObject({ value: { owners: [{ eniId: backup }] } });
    });

    test('stay where they are when they are moved there again', async () => {
      const { look, move, primary } = await opened();
      await move(primary);
      expect(await look()).toMatchObject({ value: { owners: [{ eniId: primary }] } });
    });

    test('are found with an owner that nobody asked about', async () => {
      const { address, primary, backup, ...subject } = await open();
      await subject.run(subject.addresses.move(address, backup));
      expect(await subject.run(subject.addresses.look([primary], address))).toMatchObject({
        value: { owners: [{ eniId: backup }] },
      });
    });

    test('an interface that EC2 does not know is missing from the answer, not a failure', async () => {
      const { addresses, address, primary, run } = await open();
      const seen = await run(addresses.look([primary, 'eni-0000000000000dead'], address));
      expect(seen.kind === 'found' && Object.keys(seen.value.interfaces)).toEqual([primary]);
    });

    test('the primary address of an interface is told as such, and never moves', async () => {
      const { addresses, address, primary, backup, run } = await open();
      const seen = await run(addresses.look([primary, backup], address));
      const own = seen.kind === 'found' ? (seen.value.interfaces[backup]?.primaryAddress ?? '') : '';
      expect(await run(addresses.look([primary], own))).toMatchObject({
        value: { owners: [{ eniId: backup, asPrimary: true }] },
      });
      await expect(run(addresses.move(own, primary))).rejects.toMatchObject({
        code: 'refused',
        retry: 'never',
      });
    });

    test('are refused by an interface in another subnet, and stay', async () => {
      const { look, move, primary, elsewhere } = await opened();
      await expect(move(elsewhere)).rejects.toMatchObject({ name: 'Fault', code: 'refused', retry: 'never' });
      expect(await look()).toMatchObject({ value: { owners: [{ eniId: primary }] } });
    });

    test('cannot move to an interface that does not exist', async () => {
      const { look, move, primary } = await opened();
      await expect(move('eni-0000000000000dead')).rejects.toMatchObject({
        code: 'not-found',
        retry: 'never',
      });
      expect(await look()).toMatchObject({ value: { owners: [{ eniId: primary }] } });
    });

    test('that could not be looked at are neither found nor absent', async () => {
      const { look, failLooks } = await opened();
      failLooks();
      expect(await look()).toMatchObject({ kind: 'could-not-look', why: expect.stringMatching(/./) });
    });
  });
}

// ---- Instances

export interface InstancesSubject extends Subject {
  readonly instances: Instances;
  readonly running: readonly [string, string];
  /** Stops the first of them, to the end. */
  stop(): Promise<void>;
  failLooks(): void;
}

export function instancesContract(open: () => Promise<InstancesSubject>): void {
  describe('instances', () => {
    test('that run are looked at with both of their status checks', async () => {
      const { instances, running, run } = await open();
      const [first, second] = running;
      const well = { state: 'running', systemStatus: 'ok', instanceStatus: 'ok' };
      expect(await run(instances.look(running))).toEqual({
        kind: 'found',
        value: { [first]: well, [second]: well },
      });
    });

    test('that are stopped are still found', async () => {
      const { instances, running, run, stop } = await open();
      await stop();
      const [first] = running;
      expect(await run(instances.look(running))).toMatchObject({ value: { [first]: { state: 'stopped' } } });
    });

    test('that EC2 does not know are missing, and do not hide the others', async () => {
      const { instances, running, run } = await open();
      const [first] = running;
      const seen = await run(instances.look([first, 'i-0000000000000dead']));
      expect(seen.kind === 'found' && Object.keys(seen.value)).toEqual([first]);
    });

    test('that could not be looked at are neither found nor missing', async () => {
      const { instances, running, run, failLooks } = await open();
      failLooks();
      expect(await run(instances.look(running))).toMatchObject({ kind: 'could-not-look' });
    });
  });
}

// ---- Audit

export interface AuditSubject extends Subject {
  readonly audit: Audit;
  /** All records of a tag, in the order of their keys. */
  read(tag: string): Promise<readonly AuditRecord[]>;
}

export function auditContract(open: () => Promise<AuditSubject>): void {
  const common = {
    version: 1,
    tag: 'ip-db',
    recoveryId: 'r',
    epoch: 3,
    startedAtMs: 1_767_607_200_000,
  } as const;
  const step = (sequence: number, evidence: unknown = { a: 1 }): AuditRecord => ({
    ...common,
    atMs: common.startedAtMs + sequence,
    kind: 'step',
    sequence,
    step: 'observed',
    ms: 4,
    evidence,
  });
  const summary: AuditRecord = {
    ...common,
    atMs: common.startedAtMs + 99,
    kind: 'summary',
    trigger: { kind: 'tick', atMs: common.startedAtMs },
    outcome: 'held',
    reason: 'already-healthy',
    words: 'the address is in service and verified',
    from: null,
    to: null,
    stagesMs: { claim: 4 },
  };

  describe('an audit trail', () => {
    test('keeps the steps of a recovery in their order, and the summary last', async () => {
      const { audit, read, run } = await open();
      for (const record of [summary, step(10), step(2)]) await run(audit.write(record));
      expect(await run(read('ip-db'))).toMatchObject([
        { sequence: 2 },
        { sequence: 10 },
        { kind: 'summary' },
      ]);
    });

    test('gives back what was written', async () => {
      const { audit, read, run } = await open();
      await run(audit.write(summary));
      const [record] = await run(read('ip-db'));
      expect(record).toMatchObject(summary);
    });

    test('keeps one of two records that say the same', async () => {
      const { audit, read, run } = await open();
      for (const record of [step(1), step(1)]) await run(audit.write(record));
      expect(await run(read('ip-db'))).toHaveLength(1);
    });

    test('keeps what concerns no resource under a name of its own', async () => {
      const { audit, read, run } = await open();
      await run(audit.write({ ...step(1), tag: 'fleet' }));
      expect(await run(read('fleet'))).toHaveLength(1);
      expect(await run(read('ip-db'))).toEqual([]);
    });

    test('keeps evidence with holes in it', async () => {
      const { audit, read, run } = await open();
      await run(audit.write(step(1, { given: 1, missing: undefined, nested: [{ deeper: null }] })));
      expect(await run(read('ip-db'))).toMatchObject([
        { evidence: { given: 1, nested: [{ deeper: null }] } },
      ]);
    });
  });
}
