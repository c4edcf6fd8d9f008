/**
 * Steps that remember, as Lambda's durable functions do, and that a test may interrupt: before a body, between its
 * effect and the memory of it, and just after. The next run of the same workflow goes on over the same memory; what it
 * asks for in another order than before is a bug, and is told as one.
 */
import type { Confirmation } from '../../lib/recovery/confirmation.ts';
import { Fault } from '../../lib/recovery/fault.ts';
import type { Clock } from '../../lib/recovery/ports.ts';
import type { Steps } from '../../lib/recovery/steps.ts';
import { allOf, type FakePeople, fakePeople, nameOnce, throughJson, tried, wholeSeconds } from './steps.ts';

/** Ends a run as the death of its function does. A body may meet it too: `world.faults.afterEffect` may throw it. */
export class Crash extends Error {}

export interface Replay {
  /**
   * Runs the workflow to its end over what is remembered, or up to a moment.
   * @param crashAt which moment of this run ends it, from 1; none when left out
   * @throws Crash at that moment, when every body that was running has ended
   */
  run<T>(workflow: (steps: Steps) => Promise<T>, crashAt?: number): Promise<T>;
  /** Moments of the last run, in words: `before claim`, `between claim and its memory`, `after claim`. */
  readonly moments: readonly string[];
  /** Paths of what is remembered, in the order in which it ended. */
  readonly remembered: readonly string[];
}

type Memory =
  | { readonly kind: 'result'; readonly text: string | undefined }
  | { readonly kind: 'failure'; readonly error: Error };

/** How a run dies: nothing of it goes on, except for bodies that are running. */
interface Life {
  over: boolean;
  readonly crashAt: number;
  readonly moments: string[];
  readonly bodies: Set<Promise<unknown>>;
  readonly die: (crash: Crash) => void;
}

let executions = 0;

export function replayedSteps(clock: Clock, people: FakePeople = fakePeople(clock)): Replay {
  const id = `replayed-${++executions}`;
  const memories = new Map<string, Memory>();
  /** Names in the order in which each context has asked for them. */
  const orders = new Map<string, string[]>();
  const askedAtMs = new Map<string, number>();
  let moments: readonly string[] = [];
  /** A run that dies does not wait for those of its waits. */
  const waits = new Set<Promise<unknown>>();

  /** @throws a promise that never ends, for whoever belongs to a run that is over */
  async function moment(life: Life, what: string): Promise<void> {
    if (life.over) return never();
    life.moments.push(what);
    if (life.moments.length !== life.crashAt) return;
    return crash(life, new Crash(`moment ${life.crashAt}, ${what}`));
  }

  async function crash(life: Life, error: Crash): Promise<never> {
    life.over = true;
    life.die(error);
    return never();
  }

  async function remembering<T>(
    life: Life,
    path: string,
    body: () => Promise<T>,
    bodies = life.bodies,
  ): Promise<T> {
    if (life.over) return never();
    const known = memories.get(path);
    if (known !== undefined) return recalled<T>(known);
    await moment(life, `before ${path}`);
    const memory = await memoryOf(life, body, bodies);
    await moment(life, `between ${path} and its memory`);
    memories.set(path, memory);
    await moment(life, `after ${path}`);
    return recalled<T>(memory);
  }

  async function memoryOf<T>(
    life: Life,
    body: () => Promise<T>,
    bodies: Set<Promise<unknown>>,
  ): Promise<Memory> {
    const running = body();
    bodies.add(running);
    try {
      return { kind: 'result', text: JSON.stringify(await running) };
    } catch (error) {
      if (error instanceof Crash) return crash(life, error);
      return { kind: 'failure', error: error instanceof Error ? error : new Error(String(error)) };
    } finally {
      bodies.delete(running);
    }
  }

  function stepsAt(life: Life, path: string): Steps {
    const names = new Set<string>();
    const order = orders.get(path) ?? [];
    orders.set(path, order);
    let asked = 0;
    const named = (kind: string, name: string): string => {
      const whole = nameOnce(names, path, name);
      const before = order[asked];
      const now = `${kind} ${whole}`;
      if (before !== undefined && before !== now && !life.over)
        throw new Error(`replayed, the workflow asks for ${now} where it asked for ${before}`);
      order[asked] = now;
      asked += 1;
      return whole;
    };
    return {
      id,
      step: async (name, body) => remembering(life, named('step', name), () => tried(clock, body)),
      sleep: async (name, ms) =>
        remembering(life, named('sleep', name), () => clock.sleep(wholeSeconds(ms)), waits),
      async confirm(name, withinMs, ask) {
        const path = named('confirm', name);
        const callbackId = `${id}${path}`;
        await remembering(life, `${path}/id`, async () => void askedAtMs.set(path, clock.now()));
        await remembering(life, `${path}/ask`, () => tried(clock, () => ask(callbackId)));
        const since = askedAtMs.get(path) ?? clock.now();
        const answer = () => people.wait(callbackId, wholeSeconds(withinMs), since);
        return remembering<Confirmation | null>(life, path, answer, waits);
      },
      async together(name, branches, width) {
        const inside = named('together', name);
        return allOf(
          branches.map((branch) => async () => {
            const path = nameOnce(names, inside, branch.name);
            return branch.run(stepsAt(life, path));
          }),
          width,
        );
      },
    };
  }

  return {
    get moments() {
      return moments;
    },
    get remembered() {
      return [...memories.keys()];
    },
    run: (workflow, crashAt = 0) =>
      new Promise((resolve, reject) => {
        const life: Life = {
          over: false,
          crashAt,
          moments: [],
          bodies: new Set(),
          die: (crashed) => void Promise.allSettled(life.bodies).then(() => reject(crashed)),
        };
        moments = life.moments;
        workflow(stepsAt(life, '')).then(
          (value) => (life.over ? undefined : resolve(throughJson(value))),
          (error: unknown) => (life.over ? undefined : reject(error)),
        );
      }),
  };
}

/** @throws the failure that is remembered: a Fault as it was, anything else by name and message */
function recalled<T>(memory: Memory): T {
  if (memory.kind === 'result') return (memory.text === undefined ? undefined : JSON.parse(memory.text)) as T;
  const { error } = memory;
  if (error instanceof Fault) throw new Fault(error.code, error.message, error.retry);
  const failure = new Error(error.message);
  failure.name = error.name;
  throw failure;
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
