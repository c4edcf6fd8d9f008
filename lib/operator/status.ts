import { exitCodes } from '../recovery/fault.ts';
import type { Status } from '../recovery/order.ts';
import { expected } from './answers.ts';
import type { Command, Context } from './command.ts';
import { hierarchyLines } from './hierarchy.ts';
import { everyOption } from './options.ts';
import {
  age,
  bold,
  columns,
  json,
  lines,
  placeWords,
  type Row,
  state,
  stateWords,
  timeAndAge,
  untilWords,
} from './print.ts';
import { claimWords, refused } from './refusals.ts';
import { serverOf, tagOf } from './values.ts';
import { waitingRows } from './waiting.ts';

export const status: Command = {
  name: 'status',
  summary: 'one resource: everything that is known of it',
  takes: [{ name: 'TAG' }],
  about:
    'Prints the state of one protected address, its INFO records, its switches, who works on it now, ' +
    'the question that a failover asks, what depends on it and how that stands, what happened last, and ' +
    'where it could go, in the order in which the places would be tried, with the reason where one is ' +
    'not ready.',
  options: [
    {
      name: 'on',
      value: 'SERVER',
      help: 'primary and backup interface of this server (default: the active one)',
    },
    ...everyOption,
  ],
  example: 'holdfast status ip-db',
  async run(given, context) {
    const tag = tagOf(given.words[0] ?? '');
    const on = given.text('on');
    const machine = on === undefined ? {} : { machine: serverOf(on) };
    const answer = await context.ask({ action: 'status', tag, ...machine });
    if (!answer.ok) return refused(answer, given, context);
    const told = expected(answer, 'status');
    if (given.flag('json')) json(context.terminal, told);
    else lines(context.terminal, statusLines(told.status, context));
    return exitCodes.done;
  },
};

export function statusLines(
  status: Status,
  { terminal, clock }: Pick<Context, 'terminal' | 'clock'>,
): readonly string[] {
  const nowMs = clock.now();
  const { tag, address, netmask, claim, waiting, dependents, targets, recent, info } = status;
  const title = (text: string): string => bold(terminal, text);
  return [
    `${title(tag)}  ${address}  netmask ${netmask}`,
    ...columns(
      [
        ['state', `${state(terminal, status.state)}  ${stateWords[status.state]} (${status.reason})`],
        ['active server', status.activeServer ?? 'none'],
        ['primary', `${status.primary.name} of ${status.server} (${status.primary.up ? 'up' : 'down'})`],
        ['backup', status.backup === null ? 'none' : `${status.backup} of ${status.server}`],
        ['moves by', status.mechanism.words],
        ['automation', automationWords(status, nowMs)],
        ...blocked(status, nowMs),
        ['agent', agentWords(status, nowMs)],
        ['now', claim === null ? 'nobody works on it' : claimWords(claim, nowMs)],
        ...waitingRows(tag, waiting, nowMs),
      ],
      '  ',
    ),
    title('INFO'),
    ...Object.values(info).map((line) => `  ${line}`),
    ...(dependents.length === 0
      ? []
      : [
          title(`Depends on ${tag}, as the last failover has left it`),
          ...hierarchyLines(dependents, terminal, '  '),
        ]),
    title('Could go to'),
    ...(targets.length === 0 ? ['  nowhere'] : columns(targets.map(targetRow), '  ')),
    title('Recent'),
    ...(recent.length === 0
      ? ['  nothing yet']
      : columns(
          recent.toReversed().map(({ atMs, outcome }) => [timeAndAge(atMs, nowMs), outcome]),
          '  ',
        )),
  ];
}

function automationWords({ automation, pausedUntilMs, armed }: Status, nowMs: number): string {
  const paused =
    pausedUntilMs !== null && pausedUntilMs > nowMs ? `, paused ${untilWords(pausedUntilMs, nowMs)}` : '';
  return `${automation}${paused}${armed ? '' : ', not armed: not yet seen healthy'}`;
}

function blocked({ failoverBlockedUntilMs }: Status, nowMs: number): readonly Row[] {
  return failoverBlockedUntilMs !== null && failoverBlockedUntilMs > nowMs
    ? [['failover', `blocked ${untilWords(failoverBlockedUntilMs, nowMs)}; holdfast ack clears it`]]
    : [];
}

function agentWords({ agent }: Status, nowMs: number): string {
  if (agent === null) return 'has never spoken';
  return `${agent.version === null ? '' : `${agent.version}, `}spoke ${age(agent.spokeAtMs, nowMs)}`;
}

function targetRow({ at, ready, why }: Status['targets'][number], index: number): Row {
  return [`${index + 1}`, placeWords(at), ready ? 'ready' : `not ready: ${why ?? 'no reason given'}`];
}
