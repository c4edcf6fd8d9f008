/** dependent.sh and its parts as one script, over what it has in common with address.sh. Nothing runs until `main` is called. */
import { readFileSync } from 'node:fs';

const ownParts = ['dependent.sh', 'dependent-look.sh', 'dependent-answer.sh'] as const;
const inCommon = {
  files: ['address.sh', 'order.sh', 'lock.sh', 'input.sh', 'answer.sh'],
  functions: [
    ...['take_lock', 'drop_lock', 'is_gone', 'break_lock', 'name_process'],
    ...['in_order', 'pause', 'is_number', 'say'],
  ],
} as const;

/** @throws Error naming a function that address.sh and its parts do not have any more */
export function dependentScript(): string {
  const common = inCommon.files.map(read).join('\n');
  return [...ownParts.map(read), ...inCommon.functions.map((name) => taken(common, name))].join('\n');
}

/** With what shellcheck is told of it. */
function taken(text: string, name: string): string {
  const pattern = `(?:^# shellcheck .*\\n)?^${name}\\(\\) \\{(?:.*\\}$|[^]*?^\\}$)`;
  const [found] = new RegExp(pattern, 'm').exec(text) ?? [];
  if (found === undefined) throw new Error(`address.sh and its parts have no function ${name}`);
  return `${found}\n`;
}

function read(file: string): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8');
}
