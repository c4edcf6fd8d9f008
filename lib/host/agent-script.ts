/**
 * The agent as one file that runs by itself: the functions of address.sh and the agent's own parts. Comments and
 * indentation stay here: the file travels in an SSM document, and that has a limit.
 */
import { readFileSync } from 'node:fs';
import {
  addressFailed,
  addressInService,
  agentSource,
  healthMetric,
  metricNamespace,
  unknownMetric,
} from '../recovery/names.ts';
import { addressFunctions } from './address-script.ts';
import { compact } from './compact.ts';
import { contentHash } from './content-hash.ts';

const ownParts = [
  'sigv4.sh',
  'metadata.sh',
  'publish.sh',
  'word.sh',
  'follow.sh',
  'health.sh',
  'declared.sh',
  'agent.sh',
] as const;

interface AgentScript {
  readonly text: string;
  /** Of the content: what `holdfast-agent --version` says, and every word of it. */
  readonly version: string;
}

/** `beside`: what is installed with it, so that another version of that is another version of the agent. */
export function agentScript(beside = ''): AgentScript {
  const body = [addressFunctions(), ...ownParts.map(read)].map(compact).join('');
  const names = [
    `METRIC_NAMESPACE='${metricNamespace}'`,
    `HEALTH_METRIC='${healthMetric}'`,
    `UNKNOWN_METRIC='${unknownMetric}'`,
    `WORD_SOURCE='${agentSource}'`,
    `WORD_FAILED='${addressFailed}'`,
    `WORD_IN_SERVICE='${addressInService}'`,
  ].join('\n');
  const version = contentHash(`${names}\n${body}${beside}`);
  return { text: `#!/bin/sh\nVERSION=${version}\n${names}\n${body}agent "$@"\n`, version };
}

function read(file: string): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8');
}
