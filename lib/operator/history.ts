import { exitCodes } from '../recovery/fault.ts';
import type { HistoryEntry } from '../recovery/order.ts';
import { expected } from './answers.ts';
import type { Command, Context } from './command.ts';
import { everyOption } from './options.ts';
import { bold, columns, json, lines, localTime, placeWords, type Row, seconds } from './print.ts';
import { refused } from './refusals.ts';
import { countOf, durationOf, tagOf } from './values.ts';
import { whoWords } from './who-words.ts';

const sinceBounds = { leastMs: 1_000, mostMs: 366 * 86_400_000 };
const mostEntries = 200;

export const history: Command = {
  name: 'history',
  summary: 'what was done, refused and held, and by whom',
  takes: [{ name: 'TAG', optional: true }],
  about: 'One line per recovery and order, the newest last. The last column is what holdfast explain takes.',
  options: [
    { name: 'since', value: 'TIME', help: 'not older than this, such as 30m, 1h, 7d' },
    { name: 'limit', value: 'N', help: 'the newest N, 1 to 200' },
    ...everyOption,
  ],
  example: 'holdfast history ip-db --since 1h',
  async run(given, context) {
    const [word] = given.words;
    const since = given.text('since');
    const limit = given.text('limit');
    const answer = await context.ask({
      action: 'history',
      ...(word === undefined ? {} : { tag: tagOf(word) }),
      ...(since === undefined
        ? {}
        : { sinceMs: context.clock.now() - durationOf('--since', since, sinceBounds) }),
      ...(limit === undefined ? {} : { limit: countOf('--limit', limit, mostEntries) }),
    });
    if (!answer.ok) return refused(answer, given, context);
    const told = expected(answer, 'history');
    if (given.flag('json')) json(context.terminal, told);
    else lines(context.terminal, historyLines(told.entries, context));
    return exitCodes.done;
  },
};

function historyLines(
  entries: readonly HistoryEntry[],
  { terminal }: Pick<Context, 'terminal'>,
): readonly string[] {
  if (entries.length === 0) return ['nothing in this time'];
  const names = ['TIME', 'TAG', 'OUTCOME', 'FROM', 'TO', 'REASON', 'TOOK', 'BY', 'RECOVERY'];
  const oldestFirst = entries.toSorted((a, b) => a.startedAtMs - b.startedAtMs);
  return columns([names.map((name) => bold(terminal, name)), ...oldestFirst.map(row)]);
}

function row({ startedAtMs, endedAtMs, ...entry }: HistoryEntry): Row {
  return [
    localTime(startedAtMs),
    entry.tag,
    entry.outcome,
    placeWords(entry.from),
    placeWords(entry.to),
    entry.who.order === undefined ? entry.reason : `${entry.reason}: ${entry.who.order}`,
    seconds(endedAtMs - startedAtMs),
    whoWords(entry.who),
    entry.recovery,
  ];
}
