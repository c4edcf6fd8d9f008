/** Reads the command line of one command, and says in one sentence what is wrong with it. */
import type { ParseArgsOptionsConfig } from 'node:util';
import { type Command, type Given, type Option, WrongUsage } from './command.ts';
import { quoted } from './values.ts';

type Spelling = Pick<Option, 'name' | 'short' | 'value'>;

/** @throws WrongUsage */
export function readArguments(
  { takes, options }: Pick<Command, 'takes' | 'options'>,
  argv: readonly string[],
): Given {
  const { words, values } = readOptions(options, argv);
  const given: Given = {
    words,
    text: (name) => {
      const value = values.get(name);
      return typeof value === 'string' ? value : undefined;
    },
    flag: (name) => values.get(name) === true,
  };
  if (given.flag('help')) return given;
  const needed = takes.filter(({ optional }) => !optional);
  if (words.length < needed.length)
    throw new WrongUsage(`${takes.map(shown).join(' ')}: ${words.length === 0 ? 'is' : 'one is'} missing`);
  if (words.length > takes.length)
    throw new WrongUsage(
      takes.length === 0
        ? `takes no argument, and got ${quoted(words[0] ?? '')}`
        : `takes ${takes.map(shown).join(' ')}, and got ${quoted(words[takes.length] ?? '')} too`,
    );
  return given;
}

export function shown({ name, optional }: Command['takes'][number]): string {
  return optional ? `[${name}]` : name;
}

/** Flags, values and bare words; each option at most once, and no value empty. @throws WrongUsage */
export function readOptions(
  options: readonly Spelling[],
  argv: readonly string[],
): { readonly words: readonly string[]; readonly values: ReadonlyMap<string, string | true> } {
  const { tokens } = parse(options, argv);
  const values = new Map<string, string | true>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    if (values.has(name)) throw new WrongUsage(`${rawName} is given twice`);
    if (value !== undefined && value.trim() === '') throw new WrongUsage(`${rawName} needs a value`);
    values.set(name, value ?? true);
  }
  const empty = words.findIndex((word) => word.trim() === '');
  if (empty !== -1) throw new WrongUsage(`argument ${empty + 1} is empty`);
  return { words, values };
}

function parse(options: readonly Spelling[], argv: readonly string[]) {
  // An import of node:util as a module takes a tenth of the time that Node takes to start.
  const { parseArgs } = process.getBuiltinModule('node:util');
  const config: ParseArgsOptionsConfig = Object.fromEntries(
    options.map(({ name, short, value }) => [
      name,
      { type: value === undefined ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) },
    ]),
  );
  try {
    return parseArgs({
      args: [...argv],
      options: config,
      strict: true,
      allowPositionals: true,
      tokens: true,
    });
  } catch (error) {
    if (!(error instanceof TypeError) || !('code' in error)) throw error;
    throw new WrongUsage(wordsOf(error.code, error.message));
  }
}

/** Node's own message, down to what an operator needs. */
function wordsOf(code: unknown, message: string): string {
  const [, option = ''] = /'(?:-\w, )?(-{1,2}[^\s'=<]*)/.exec(message) ?? [];
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return `there is no option ${quoted(option)}`;
  if (message.includes('does not take an argument')) return `${option} takes no value`;
  return `${option} needs a value`;
}
