/** Both programs in this process, over the fake engine and a clock that costs no time. */
import type { Terminal } from '../../lib/operator/command.ts';
import { holdfast } from '../../lib/operator/holdfast.ts';
import { lkipbu } from '../../lib/operator/lkipbu.ts';
import type { Environment, Fleet } from '../../lib/operator/settings.ts';
import { manualClock } from '../fakes/clock.ts';
import { type FakeEngine, fakeEngine } from '../fakes/engine.ts';

export interface Situation {
  readonly environment?: Environment;
  /** Before the program starts. */
  readonly given?: (engine: FakeEngine) => void;
  /** Ctrl-C at this question or order, counted from 1, once it was asked. */
  readonly interruptedAt?: number;
  readonly terminal?: Partial<Pick<Terminal, 'live' | 'colour' | 'columns'>>;
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly engine: FakeEngine;
  readonly environment: Environment;
  /** Undefined when no engine was looked for. */
  readonly fleet: Fleet | undefined;
}

export async function runHoldfast(argv: readonly string[], situation: Situation = {}): Promise<Ran> {
  const { world, ran } = prepared(situation);
  let out = '';
  let err = '';
  const terminal: Terminal = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    live: false,
    colour: false,
    columns: 100,
    ...situation.terminal,
  };
  const code = await holdfast(argv, { ...world, terminal });
  return { code, out, err, ...ran() };
}

export async function runLkipbu(argv: readonly string[], situation: Situation = {}): Promise<Ran> {
  const { world, ran } = prepared(situation);
  const { exitCode, stdout, stderr } = await lkipbu(argv, world);
  return { code: exitCode, out: stdout, err: stderr, ...ran() };
}

function prepared({ environment = {}, given, interruptedAt }: Situation) {
  const clock = manualClock();
  const engine = fakeEngine(clock);
  given?.(engine);
  const controller = new AbortController();
  let fleet: Fleet | undefined;
  const world = {
    environment,
    clock,
    interrupted: controller.signal,
    engine(asked: Fleet) {
      fleet = asked;
      return {
        ask: async (request: Parameters<FakeEngine['ask']>[0]) => {
          const answer = await engine.ask(request);
          if (engine.asked.length === interruptedAt) controller.abort();
          return answer;
        },
      };
    },
  };
  return { world, ran: () => ({ engine, environment, fleet }) };
}
