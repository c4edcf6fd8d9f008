/** What every implementation of Fences must do. */
import { describe, expect, test } from 'vitest';
import type { Fences, Instances } from '../../lib/recovery/ports.ts';
import type { Subject } from './ports.ts';

export interface FencesSubject extends Subject {
  readonly fences: Fences;
  readonly instances: Instances;
  /** Runs. */
  readonly instanceId: string;
  /** Its interfaces, in an ordinary security group. */
  readonly eniIds: readonly [string, string];
  /** Has no rules. */
  readonly isolation: string;
  /** Until what was asked for has happened. */
  settle(): Promise<void>;
  failLooks(): void;
}

export function fencesContract(open: () => Promise<FencesSubject>): void {
  describe('fences', () => {
    test('stop an instance, and one that is stopped already', async () => {
      const { fences, instances, instanceId, run, settle } = await open();
      for (const _ of [1, 2]) {
        await run(fences.stop(instanceId));
        await settle();
        expect(await run(instances.look([instanceId]))).toMatchObject({
          value: { [instanceId]: { state: 'stopped' } },
        });
      }
    });

    test('cannot stop what EC2 does not know', async () => {
      const { fences, run } = await open();
      await expect(run(fences.stop('i-0000000000000dead'))).rejects.toMatchObject({
        name: 'Fault',
        code: 'not-found',
        retry: 'never',
      });
    });

    test('isolate interfaces, and say whether all of them are', async () => {
      const { fences, eniIds, isolation, run } = await open();
      const isolated = () => run(fences.isolated(eniIds, isolation));
      expect(await isolated()).toEqual({ kind: 'found', value: false });
      await run(fences.isolate([eniIds[0]], isolation));
      expect(await isolated()).toEqual({ kind: 'found', value: false });
      await run(fences.isolate(eniIds, isolation));
      expect(await isolated()).toEqual({ kind: 'found', value: true });
    });

    test('that could not be looked at are neither up nor down', async () => {
      const { fences, eniIds, isolation, run, failLooks } = await open();
      failLooks();
      expect(await run(fences.isolated(eniIds, isolation))).toMatchObject({ kind: 'could-not-look' });
    });
  });
}
