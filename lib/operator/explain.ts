import { exitCodes } from '../recovery/fault.ts';
import type { Explanation } from '../recovery/order.ts';
import { expected } from './answers.ts';
import { type Command, type Context, WrongUsage } from './command.ts';
import { evidenceLines } from './evidence.ts';
import { everyOption } from './options.ts';
import { bold, columns, json, lines, localTime, placeWords, seconds, timeAndAge } from './print.ts';
import { refused } from './refusals.ts';
import { quoted } from './values.ts';
import { whoWords } from './who-words.ts';

/** As the contract has it: an id of Lambda's, which is shorter. */
const recoveryPattern = /^[\x21-\x7e]{1,256}$/;
const evidenceIndent = ' '.repeat(6);
/** Of the column of steps. */
const narrowest = 12;

export const explain: Command = {
  name: 'explain',
  summary: 'one recovery: what was seen, what was decided and by which rule, every step',
  takes: [{ name: 'RECOVERY' }],
  about:
    'Prints who set it off, what it decided and why, and every step with its evidence and milliseconds; ' +
    'also of what was held or refused, and of one that is still running. history and the orders ' +
    'themselves name the recovery.',
  options: everyOption,
  example: 'holdfast explain 8f1c3a52-7d0e-4a8b-9c55-0e2f6b1d9a73',
  async run(given, context) {
    const [recovery = ''] = given.words;
    if (!recoveryPattern.test(recovery))
      throw new WrongUsage(
        `${quoted(recovery)} is not the name of a recovery: allowed are up to 256 characters without spaces`,
      );
    const answer = await context.ask({ action: 'explain', recovery });
    if (!answer.ok) return refused(answer, given, context);
    const told = expected(answer, 'explanation');
    if (given.flag('json')) json(context.terminal, told);
    else lines(context.terminal, explanationLines(told.explanation, context));
    return exitCodes.done;
  },
};

function explanationLines(
  explanation: Explanation,
  { terminal, clock }: Pick<Context, 'terminal' | 'clock'>,
): readonly string[] {
  const { tag, outcome, reason, words, recovery, startedAtMs, endedAtMs, ended, from, to, who } = explanation;
  const nowMs = clock.now();
  const title = (text: string): string => bold(terminal, text);
  const widest = Math.max(narrowest, ...explanation.steps.map(({ step }) => step.length));
  const stages = Object.entries(explanation.stagesMs).map(([stage, ms]) => `${stage} ${ms} ms`);
  return [
    `${title(tag)}  ${ended ? outcome : 'still running'}`,
    ...columns(
      [
        ['recovery', recovery],
        ['set off by', whoWords(who)],
        ...(who.reason === undefined ? [] : [['because', who.reason]]),
        ['trigger', triggerWords(explanation)],
        ['started', timeAndAge(startedAtMs, nowMs)],
        ['took', ended ? seconds(endedAtMs - startedAtMs) : `${seconds(nowMs - startedAtMs)} until now`],
        ['from', placeWords(from)],
        ['to', placeWords(to)],
        ['rule', `${reason}: ${words}`],
        ...(stages.length === 0 ? [] : [['stages', stages.join(', ')]]),
      ],
      '  ',
    ),
    title('Steps'),
    ...(explanation.steps.length === 0 ? ['  none'] : []),
    ...explanation.steps.flatMap(({ atMs, ms, step, words: said, evidence }) => [
      `  +${seconds(Math.max(0, atMs - startedAtMs)).padStart(9)}  ${step.padEnd(widest)}  ${ms} ms${said === null ? '' : `  ${said}`}`,
      ...evidenceLines(evidence, terminal.columns, evidenceIndent),
    ]),
  ];
}

function triggerWords({ trigger }: Explanation): string {
  const fields = Object.entries(trigger).filter(
    ([name, value]) => name !== 'kind' && name !== 'atMs' && value !== null,
  );
  const words = fields.map(([name, value]) => `${name}=${value}`);
  return [trigger.kind, ...words, `at ${localTime(trigger.atMs)}`].join(' ');
}
