/** What every implementation of Dependents must do, for each kind of dependent. */
import { describe, expect, test } from 'vitest';
import type { DependentDefinition, DependentPlace, DependentView } from '../../lib/recovery/dependent.ts';
import type { Dependents } from '../../lib/recovery/ports.ts';
import type { Subject } from './ports.ts';

export interface DependentsSubject extends Subject {
  readonly dependents: Dependents;
  /** In service at `here`, and not at `there`. */
  readonly dependent: DependentDefinition;
  readonly here: DependentPlace;
  readonly there: DependentPlace;
  /** Until what was asked for has happened. */
  settle(): Promise<void>;
  failLooks(): void;
}

/**
 * `exclusive`: in one place at a time. `stops`: it can be out of service everywhere. `moves`: a start takes it from
 * wherever it is; otherwise it is refused until it is out of service there, or both are in service.
 */
export interface Nature {
  readonly exclusive: boolean;
  readonly stops: boolean;
  readonly moves: boolean;
}

export function dependentsContract(nature: Nature, open: () => Promise<DependentsSubject>): void {
  async function opened() {
    const { dependents, dependent, run, ...rest } = await open();
    let order = rest.now();
    const look = async (at: DependentPlace): Promise<DependentView['state'] | string> => {
      const seen = await run(dependents.look(dependent, at));
      if (seen.kind !== 'found') return seen.kind;
      expect(seen.value.detail).not.toBe('');
      return seen.value.state;
    };
    const ordered = async (verb: 'start' | 'stop', at: DependentPlace) => {
      order += 1;
      await run(dependents[verb](dependent, at, order));
      await rest.settle();
    };
    return { dependents, dependent, run, ...rest, look, ordered };
  }
  const outside = nature.exclusive ? 'elsewhere' : 'out-of-service';

  describe('dependents', () => {
    test('are in service in one place, and not in another', async () => {
      const { look, here, there } = await opened();
      expect([await look(here), await look(there)]).toEqual(['in-service', outside]);
    });

    test('go out of service, and come into service in another place', async () => {
      const { look, ordered, here, there } = await opened();
      await ordered('stop', here);
      if (nature.stops)
        expect([await look(here), await look(there)]).toEqual(['out-of-service', 'out-of-service']);
      await ordered('start', there);
      expect([await look(here), await look(there)]).toEqual([outside, 'in-service']);
    });

    test('stay as they are when they are told so again', async () => {
      const { look, ordered, here, there } = await opened();
      await ordered('start', here);
      await ordered('start', here);
      expect(await look(here)).toBe('in-service');
      await ordered('stop', there);
      expect(await look(here)).toBe('in-service');
      if (!nature.stops) return;
      await ordered('stop', here);
      await ordered('stop', here);
      expect(await look(here)).toBe('out-of-service');
    });

    const beside = nature.moves
      ? 'are taken from where they are'
      : nature.exclusive
        ? 'are refused while they are elsewhere, for now'
        : 'may be in service in both places';
    test(`that are started in another place ${beside}`, async () => {
      const { look, ordered, here, there } = await opened();
      const start = ordered('start', there);
      if (nature.exclusive && !nature.moves) {
        await expect(start).rejects.toMatchObject({ name: 'Fault', code: 'refused', retry: 'later' });
        expect(await look(here)).toBe('in-service');
        return;
      }
      await start;
      expect([await look(here), await look(there)]).toEqual([
        nature.exclusive ? 'elsewhere' : 'in-service',
        'in-service',
      ]);
    });

    test('that could not be looked at are in no state', async () => {
      const { look, here, failLooks } = await opened();
      failLooks();
      expect(await look(here)).toBe('could-not-look');
    });

    test('that are resources are nobody’s business here', async () => {
      const { dependents, dependent, run, here } = await opened();
      const along = { ...dependent, work: { kind: 'resource', tag: 'ip-app' } } as const;
      await expect(run(dependents.start(along, here, 1))).rejects.toMatchObject({ code: 'usage' });
      await expect(run(dependents.look(along, here))).rejects.toMatchObject({ code: 'usage' });
    });
  });
}

export interface HostDependentsSubject extends DependentsSubject {
  /** The host of `here` gives no answer any more. */
  silence(): void;
}

/** Those that run on a server. */
export function hostDependentsContract(open: () => Promise<HostDependentsSubject>): void {
  describe('dependents on a host', () => {
    test('are not stopped by an order that is older than the last', async () => {
      const { dependents, dependent, here, now, run } = await open();
      const order = now();
      await run(dependents.start(dependent, here, order));
      await run(dependents.stop(dependent, here, order + 10));
      await run(dependents.start(dependent, here, order + 20));
      await expect(run(dependents.stop(dependent, here, order + 10))).rejects.toMatchObject({
        name: 'Fault',
        code: 'refused',
        retry: 'never',
      });
      expect(await run(dependents.look(dependent, here))).toMatchObject({ value: { state: 'in-service' } });
    });

    test('of which nobody hears are in no state, and orders to them get no answer', async () => {
      const { dependents, dependent, here, now, run, silence } = await open();
      silence();
      expect(await run(dependents.look(dependent, here))).toMatchObject({ kind: 'could-not-look' });
      await expect(run(dependents.stop(dependent, here, now()))).rejects.toMatchObject({
        name: 'Fault',
        code: 'no-answer',
        retry: 'later',
      });
    });
  });
}
