/** Who set something off, in one phrase. */
import type { Who } from '../recovery/order.ts';

const ways = { command: '', runbook: ' by runbook', instance: ' from an instance' } as const;

export function whoWords({ kind, name, via }: Who): string {
  return kind === 'operator' ? `${name}${via === undefined ? '' : ways[via]}` : `${kind} ${name}`;
}
