/**
 * The agent as one file that runs by itself: address.sh without its last line, which runs it, and the agent's own parts.
 * Comments stay here: the file travels in an SSM document, and that has a limit.
 */
import { readFileSync } from 'node:fs';
import { healthMetric, metricNamespace } from '../recovery/names.ts';
import { contentHash } from './content-hash.ts';

/** How often the agent could not look at an address that it has: one each time. */
export const unknownMetric = 'ProbeUnknown';

const ownParts = ['sigv4.sh', 'metadata.sh', 'publish.sh', 'follow.sh', 'agent.sh'] as const;

interface AgentScript {
  readonly text: string;
  /** Of the content: what `holdfast-agent --version` says. */
  readonly version: string;
}

export function agentScript(): AgentScript {
  const address = read('address.sh').replace(/\nmain\n$/, '\n');
  const body = [address, ...ownParts.map(read)].map(withoutComments).join('');
  const names = [
    `METRIC_NAMESPACE=${metricNamespace}`,
    `HEALTH_METRIC=${healthMetric}`,
    `UNKNOWN_METRIC=${unknownMetric}`,
  ].join('\n');
  const version = contentHash(`${names}\n${body}`);
  return { text: `#!/bin/sh\nVERSION=${version}\n${names}\n${body}agent "$@"\n`, version };
}

/** Whole lines only: no text over several lines in these files has a line that begins with `#`. */
function withoutComments(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .map((line) => `${line}\n`)
    .join('');
}

function read(file: string): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8');
}
