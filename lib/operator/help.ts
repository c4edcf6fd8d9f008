/** What --help prints. The manual is held to it by `test/unit/cli-manual.test.ts`. */
import { shown } from './arguments.ts';
import type { Command, Option } from './command.ts';
import { columns } from './print.ts';

const textWidth = 90;

/** Of every command. */
export const exitMeanings: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'done'],
  [3, 'understood, and held or refused by a rule'],
  [64, 'wrong usage, or something that does not exist'],
  [69, 'failed, or out of reach'],
  [70, 'a bug here or in the engine'],
  [75, 'try later: somebody else is at work, a rate limit, or the time is up'],
  [78, 'configuration: no such fleet, no credentials, no permission'],
  [130, 'ended with Ctrl-C'],
];

export function commandHelp(command: Command): string {
  const { name, takes, about, options, example } = command;
  const words = [name, ...takes.map(shown), '[options]'];
  const codes = exitMeanings.map(([code, meaning]) => [String(code), meaning]);
  return [
    `Usage: holdfast ${words.join(' ')}`,
    '',
    ...wrapped(about),
    '',
    'Options:',
    ...columns(options.map(optionRow), '  '),
    '',
    'Exit codes:',
    ...columns(codes, '  '),
    '',
    'Example:',
    `  ${example}`,
    '',
  ].join('\n');
}

export function programHelp(commands: readonly Pick<Command, 'name' | 'summary'>[]): string {
  return [
    'Usage: holdfast COMMAND [arguments] [options]',
    '       holdfast COMMAND --help',
    '',
    'Keeps protected IP addresses in service on Amazon EC2. See also lkipbu.',
    '',
    'Commands:',
    ...columns(
      commands.map(({ name, summary }) => [name, summary]),
      '  ',
    ),
    '',
  ].join('\n');
}

function optionRow({ name, short, value, help }: Option): readonly string[] {
  const long = `--${name}${value === undefined ? '' : ` ${value}`}`;
  return [short === undefined ? `    ${long}` : `-${short}, ${long}`, help];
}

function wrapped(text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`.trimStart();
    if (lines.length > 0 && longer.length <= textWidth) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
