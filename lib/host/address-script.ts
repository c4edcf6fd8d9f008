/** address.sh and its parts as one script, whose functions the agent has too. Nothing runs until `main` is called. */
import { readFileSync } from 'node:fs';

const parts = ['address.sh', 'look.sh', 'path.sh', 'lock.sh', 'answer.sh', 'input.sh', 'ipv6.sh'] as const;

export function addressScript(): string {
  return joined([...parts, 'order.sh', 'neighbours.sh']);
}

/** What the agent has of it: it takes no orders and names no neighbours. */
export function addressFunctions(): string {
  return joined(parts);
}

function joined(files: readonly string[]): string {
  return files.map((file) => readFileSync(new URL(file, import.meta.url), 'utf8')).join('\n');
}
