import { exitCodes } from '../recovery/fault.ts';
import { type Command, WrongUsage } from './command.ts';
import { everyOption } from './options.ts';
import { quoted } from './values.ts';

const shells: { readonly [shell: string]: (commands: readonly Command[]) => string } = { bash, zsh, fish };

export const completion: Command = {
  name: 'completion',
  summary: 'print what makes a shell complete holdfast',
  takes: [{ name: 'bash|zsh|fish' }],
  about:
    'bash: eval "$(holdfast completion bash)" in ~/.bashrc. zsh: into a file called _holdfast of your ' +
    'fpath. fish: into ~/.config/fish/completions/holdfast.fish.',
  options: everyOption.filter(({ name }) => name === 'help'),
  example: 'holdfast completion bash > /etc/bash_completion.d/holdfast',
  async run(given, { terminal, commands }) {
    const [shell = ''] = given.words;
    const print = Object.hasOwn(shells, shell) ? shells[shell] : undefined;
    if (print === undefined)
      throw new WrongUsage(`${quoted(shell)} is not a shell: allowed are ${Object.keys(shells).join(', ')}`);
    terminal.out(print(await commands()));
    return exitCodes.done;
  },
};

function flags({ options }: Command): readonly string[] {
  return options.map(({ name }) => `--${name}`);
}

/** Words that a command takes by name, such as `on|observe|off`. */
function choices({ takes }: Command): readonly string[] {
  return takes.flatMap(({ name }) => (name.includes('|') ? name.split('|') : []));
}

function bash(commands: readonly Command[]): string {
  const cases = commands.map(
    (command) => `    ${command.name}) words='${[...choices(command), ...flags(command)].join(' ')}' ;;`,
  );
  return `# bash completion of holdfast
_holdfast() {
  local word="\${COMP_WORDS[COMP_CWORD]}" command='' words='' each
  for each in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$each" in -*) ;; *) command="$each"; break ;; esac
  done
  case "$command" in
    '') words='${commands.map(({ name }) => name).join(' ')} --help --version' ;;
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _holdfast holdfast
`;
}

function zsh(commands: readonly Command[]): string {
  const named = commands.map(({ name, summary }) => `    '${name}:${zshQuoted(summary)}'`);
  const cases = commands.map((command) => {
    const specs = command.options.map(
      ({ name, value, help }) =>
        `'--${name}[${zshQuoted(help)}]${value === undefined ? '' : `:${zshQuoted(value)}:`}'`,
    );
    const words = choices(command);
    const rest = words.length === 0 ? [] : [`'*:word:(${words.join(' ')})'`];
    return `    ${command.name}) _arguments ${[...specs, ...rest].join(' ')} ;;`;
  });
  return `#compdef holdfast
local -a commands
if (( CURRENT == 2 )); then
  commands=(
${named.join('\n')}
  )
  _describe command commands
else
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
fi
`;
}

/** Within single quotes and within `[…]` of _arguments. */
function zshQuoted(text: string): string {
  return text.replaceAll("'", "'\\''").replace(/[[\]:]/g, '\\$&');
}

function fish(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const lines = commands.flatMap((command) => {
    const on = `-n '__fish_seen_subcommand_from ${command.name}'`;
    const words = choices(command);
    return [
      `complete -c holdfast -f -n 'not __fish_seen_subcommand_from ${names}' -a ${command.name} -d '${fishQuoted(command.summary)}'`,
      ...(words.length === 0 ? [] : [`complete -c holdfast -f ${on} -a '${words.join(' ')}'`]),
      ...command.options.map(
        ({ name, short, value, help }) =>
          `complete -c holdfast -f ${on} -l ${name}${short === undefined ? '' : ` -s ${short}`}${value === undefined ? '' : ' -r'} -d '${fishQuoted(help)}'`,
      ),
    ];
  });
  return `${lines.join('\n')}\n`;
}

function fishQuoted(text: string): string {
  return text.replace(/['\\]/g, '\\$&');
}
