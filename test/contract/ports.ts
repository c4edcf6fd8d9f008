/**
 * What every implementation of a port must do, one suite per port; most are in files of their own. The fakes run them in
 * `ports-fakes.test.ts`, the real adapters over the embedded AWS in `ports-aws.test.ts`: a test that stands on a fake
 * stands on this.
 */
import { describe, expect, test } from 'vitest';
import type { AuditRecord } from '../../lib/recovery/audit.ts';
import type { Audit, Instances } from '../../lib/recovery/ports.ts';

/** How a test waits for a port: over a clock of its own, time has to be moved while it waits. */
export interface Subject {
  run<T>(promise: Promise<T>): Promise<T>;
  now(): number;
}

// ---- Instances

export interface InstancesSubject extends Subject {
  readonly instances: Instances;
  readonly running: readonly [string, string];
  /** Stops the first of them, to the end: a person asks for it. */
  stop(): Promise<void>;
  /** EC2 stops the first of them, to the end: its hardware has failed. */
  lose(): Promise<void>;
  /** Systems Manager hears nothing of the first of them any more, for longer than it takes to notice. */
  silence(): Promise<void>;
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

    test('that a person has stopped are told from those that have failed', async () => {
      const [asked, failed] = [await open(), await open()];
      await asked.stop();
      await failed.lose();
      const [first] = asked.running;
      expect(await asked.run(asked.instances.whyStopped(first))).toEqual({
        kind: 'found',
        value: 'asked-for',
      });
      expect(await failed.run(failed.instances.whyStopped(first))).toEqual({
        kind: 'found',
        value: 'failed',
      });
    });

    test('that run have no reason for being stopped', async () => {
      const { instances, running, run } = await open();
      expect(await run(instances.whyStopped(running[0]))).toMatchObject({ kind: 'could-not-look' });
      expect(await run(instances.whyStopped('i-0000000000000dead'))).toMatchObject({
        kind: 'could-not-look',
      });
    });

    test('that Systems Manager hears are reachable, the others and unknown ones are not', async () => {
      const { instances, running, run, silence } = await open();
      const ids = [...running, 'i-0000000000000dead'];
      expect(await run(instances.reachable(ids))).toEqual({ kind: 'found', value: new Set(running) });
      await silence();
      expect(await run(instances.reachable(ids))).toEqual({ kind: 'found', value: new Set([running[1]]) });
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
