import { exitCodes, Fault } from '../recovery/fault.ts';
import type { Answer, AskedRequest, ExplainedStep, Explanation, ListEntry } from '../recovery/order.ts';
import { expected } from './answers.ts';
import {
  type Command,
  type Context,
  type Given,
  Interrupted,
  unlessInterrupted,
  WrongUsage,
} from './command.ts';
import { openFollower } from './follower.ts';
import { listLines } from './list.ts';
import { everyOption } from './options.ts';
import { endWords } from './orders.ts';
import { clockTime, placeWords, seconds } from './print.ts';
import { openScreen, type Screen } from './progress.ts';
import { nextStep, refused } from './refusals.ts';
import { durationOf, tagOf } from './values.ts';
import { waitingWords } from './waiting.ts';

/** One invocation each time, whose looks at EC2 count against the same limits as those of a recovery. */
const lookEveryMs = 2_000;
const lookEveryRunningMs = 500;
const keptLines = 30;
const timeoutBounds = { leastMs: 1_000, mostMs: 86_400_000 };

export const watch: Command = {
  name: 'watch',
  summary: 'see changes and running recoveries as they happen',
  takes: [{ name: 'TAG', optional: true }],
  about:
    'Of one resource, or without TAG of the whole fleet: on a terminal the list, drawn anew, and below ' +
    'it what happens; else one line for every change and every step of a recovery. Ends with Ctrl-C, or ' +
    'with --until-idle.',
  options: [
    { name: 'until-idle', help: 'end as soon as no recovery is running' },
    { name: 'timeout', value: 'TIME', help: 'with --until-idle: wait at most so long' },
    ...everyOption,
  ],
  example: 'holdfast watch ip-db',
  async run(given, context) {
    const [word] = given.words;
    const tag = word === undefined ? undefined : tagOf(word);
    const untilIdle = given.flag('until-idle');
    const timeout = given.text('timeout');
    if (timeout !== undefined && !untilIdle) throw new WrongUsage('--timeout goes with --until-idle');
    const endsAtMs =
      timeout === undefined
        ? Infinity
        : context.clock.now() + durationOf('--timeout', timeout, timeoutBounds);
    const viewer = openViewer(given, context);
    try {
      return await look({ tag, untilIdle, endsAtMs }, viewer, given, context);
    } catch (error) {
      // Ctrl-C is how a watch ends; nothing was waited for.
      if (error instanceof Interrupted && !untilIdle) return exitCodes.done;
      throw error;
    } finally {
      viewer.leave();
    }
  },
};

interface Plan {
  readonly tag: string | undefined;
  readonly untilIdle: boolean;
  readonly endsAtMs: number;
}

async function look(
  { tag, untilIdle, endsAtMs }: Plan,
  viewer: Viewer,
  given: Given,
  context: Context,
): Promise<number> {
  const { clock, interrupted } = context;
  const ask = (request: AskedRequest) => patiently(() => context.ask(request), viewer);
  const follower = openFollower(tag, ask, viewer.steps);
  for (;;) {
    const answer = await ask({ action: 'list' });
    let busy = true;
    if (answer !== undefined) {
      if (!answer.ok) return refused(answer, given, context);
      const told = expected(answer, 'list');
      const resources =
        tag === undefined ? told.resources : told.resources.filter((each) => each.tag === tag);
      if (tag !== undefined && resources.length === 0) return refused(unknownTag(tag), given, context);
      const changed = viewer.seen({ ...told, resources });
      busy = await follower.round(resources, changed);
      if (untilIdle && !busy) return exitCodes.done;
    }
    if (clock.now() >= endsAtMs) return exitCodes.tryLater;
    await unlessInterrupted(interrupted, clock.sleep(busy ? lookEveryRunningMs : lookEveryMs));
  }
}

/** Undefined, and told, when it may help to ask again. */
async function patiently(ask: () => Promise<Answer>, viewer: Viewer): Promise<Answer | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Fault) || error.retry !== 'later') throw error;
    viewer.trouble(error);
    return undefined;
  }
}

function unknownTag(tag: string): Extract<Answer, { ok: false }> {
  return { ok: false, code: 'unknown-tag', message: `no resource has the tag "${tag}"` };
}

interface Viewer {
  /** @returns whether something is not as it was seen before; at first, nothing was */
  seen(list: Extract<Answer, { kind: 'list' }>): boolean;
  steps(explanation: Explanation, fresh: readonly ExplainedStep[]): void;
  trouble(fault: Fault): void;
  leave(): void;
}

function openViewer(given: Given, context: Context): Viewer {
  const { terminal, clock } = context;
  const asJson = given.flag('json');
  const screen: Screen | undefined = terminal.live && !asJson ? openScreen(terminal) : undefined;
  const happened: string[] = [];
  const known = new Map<string, string>();
  let head: readonly string[] = [];

  function draw(): void {
    screen?.draw([...head, '', ...happened]);
  }

  function line(atMs: number, words: string): void {
    const text = `${clockTime(atMs)}  ${words}`;
    if (screen === undefined) {
      if (!asJson) terminal.out(`${text}\n`);
      return;
    }
    happened.push(text);
    if (happened.length > keptLines) happened.shift();
  }

  return {
    seen(list) {
      head = listLines(list, context);
      let changed = false;
      for (const entry of list.resources) {
        const words = changeWords(entry);
        if (known.get(entry.tag) === words) continue;
        changed ||= known.has(entry.tag);
        known.set(entry.tag, words);
        if (asJson) terminal.out(`${JSON.stringify(entry)}\n`);
        line(clock.now(), words);
      }
      draw();
      return changed;
    },
    steps(explanation, fresh) {
      for (const { atMs, step, words, ms } of fresh) {
        const said = words === null ? step : `${step}  ${words}`;
        line(atMs, `${explanation.tag}  ${said}  ${ms} ms  (+${seconds(atMs - explanation.startedAtMs)})`);
      }
      if (explanation.ended) line(explanation.endedAtMs, endWords(explanation));
      if (asJson) terminal.out(`${JSON.stringify(explanation)}\n`);
      draw();
    },
    trouble(fault) {
      const next = nextStep({ code: fault.code });
      line(clock.now(), `could not look: ${fault.message}${next === undefined ? '' : ` (${next})`}`);
      draw();
    },
    leave: () => screen?.leave(),
  };
}

function changeWords({
  tag,
  state,
  reason,
  server,
  interface: device,
  automation,
  ready,
  waiting,
  dependentsOut,
}: ListEntry): string {
  const at = server === null || device === null ? 'nowhere' : placeWords({ server, interface: device });
  const other =
    ready === null ? 'readiness unknown' : ready ? 'another place is ready' : 'no other place is ready';
  const asks = waiting === null ? [] : [waitingWords(tag, waiting)];
  const out = dependentsOut.length === 0 ? [] : [`out of service: ${dependentsOut.join(', ')}`];
  return [`${tag}  ${state} on ${at} (${reason})`, `automation ${automation}`, other, ...asks, ...out].join(
    ', ',
  );
}
