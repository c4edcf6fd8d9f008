import { exitCodes } from '../recovery/fault.ts';
import type { Answer, FleetStatus, ListEntry } from '../recovery/order.ts';
import { expected } from './answers.ts';
import type { Command, Context, Terminal } from './command.ts';
import { everyOption } from './options.ts';
import { age, bold, columns, json, lines, type Row, state, untilWords } from './print.ts';
import { refused } from './refusals.ts';

export const list: Command = {
  name: 'list',
  summary: 'all resources: where each is, in what state, and whether it could move',
  takes: [],
  about:
    'Prints one line per protected address: tag, address, server and interface, state, automation, how ' +
    'long ago its last recovery ended, and whether another place is ready to take it; behind that, ' +
    'whether a recovery is running, a failover waits for an answer, or a dependent is out of service. ' +
    'Then what holds for the whole fleet.',
  options: everyOption,
  example: 'holdfast list',
  async run(given, context) {
    const answer = await context.ask({ action: 'list' });
    if (!answer.ok) return refused(answer, given, context);
    const told = expected(answer, 'list');
    if (given.flag('json')) json(context.terminal, told);
    else lines(context.terminal, listLines(told, context));
    return exitCodes.done;
  },
};

export function listLines(
  { fleet, resources }: Extract<Answer, { kind: 'list' }>,
  { terminal, clock }: Pick<Context, 'terminal' | 'clock'>,
): readonly string[] {
  const nowMs = clock.now();
  return [
    ...columns([heading(terminal), ...resources.map((each) => row(each, terminal, nowMs))]),
    ...(resources.length === 0 ? ['no resources'] : []),
    '',
    fleetLine(fleet, nowMs),
  ];
}

function heading(terminal: Terminal): Row {
  const names = ['TAG', 'ADDRESS', 'SERVER', 'INTERFACE', 'STATE', 'AUTOMATION', 'LAST RECOVERY', 'READY'];
  return names.map((name) => bold(terminal, name));
}

function row(entry: ListEntry, terminal: Terminal, nowMs: number): Row {
  const { tag, address, server, interface: device, state: value, pausedUntilMs, sinceMs, ready } = entry;
  const paused = pausedUntilMs !== null && pausedUntilMs > nowMs;
  return [
    tag,
    address,
    server ?? '-',
    device ?? '-',
    state(terminal, value),
    paused ? `${entry.automation}, paused` : entry.automation,
    sinceMs === null ? 'never' : age(sinceMs, nowMs),
    [ready === null ? 'unknown' : ready ? 'yes' : 'no', ...marks(entry)].join('  '),
  ];
}

function marks({ tag, claim, waiting, dependentsOut }: ListEntry): readonly string[] {
  const running = claim == null ? [] : ['(a recovery is running)'];
  return [
    ...(waiting == null || waiting.answered !== null
      ? running
      : [`(waits for an answer: holdfast confirm ${tag})`]),
    ...(dependentsOut.length === 0 ? [] : [`(out of service: ${dependentsOut.join(', ')})`]),
  ];
}

function fleetLine({ name, automation, pausedUntilMs, brake }: FleetStatus, nowMs: number): string {
  const paused =
    pausedUntilMs !== null && pausedUntilMs > nowMs ? `, paused ${untilWords(pausedUntilMs, nowMs)}` : '';
  return `fleet ${name}: automation ${automation}${paused}; ${brake.counted} of ${brake.max} automatic failovers used`;
}
