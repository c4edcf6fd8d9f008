/** lkipbu for an instance as one file that runs by itself: its own parts over what it has in common with the agent. */
import { readFileSync } from 'node:fs';
import { compact } from './compact.ts';
import { contentHash } from './content-hash.ts';

const ownParts = [
  'lkipbu.sh',
  'lkipbu-arguments.sh',
  'lkipbu-text.sh',
  'lkipbu-engine.sh',
  'lkipbu-answer.sh',
] as const;
/** How the agent's watcher takes the role's credentials; the rest of it watches. */
const ofMetadata = {
  constants: ['IMDS_CONNECT_S', 'IMDS_TOTAL_S', 'TOKEN_TTL_S', 'CREDENTIALS_MARGIN_S', 'CREDENTIALS_RETRY_S'],
  functions: [
    'renew_token',
    'tell_credentials',
    'member',
    'seconds_until',
    'seconds_of',
    'common_options',
    'is_plain',
    'get',
    'imds',
  ],
} as const;

interface LkipbuScript {
  readonly text: string;
  /** Of the content; on its second line, where the installer finds it. */
  readonly version: string;
}

/** `beside`: what installs it, so that another version of that is another version of this. */
export function lkipbuScript(beside = ''): LkipbuScript {
  const functions = [read('sigv4.sh'), credentialFunctions(), ...ownParts.map(read)].map(compact).join('');
  const usage = `usage_text() {\ncat <<'HOLDFAST_USAGE'\n${read('lkipbu-usage.txt')}HOLDFAST_USAGE\n}\n`;
  const body = `${functions}${usage}lkipbu "$@"\n`;
  const version = contentHash(body + beside);
  return { text: `#!/bin/sh\nHOLDFAST_LKIPBU=${version}\n${body}`, version };
}

/** @throws Error naming what metadata.sh does not have any more */
function credentialFunctions(): string {
  const text = read('metadata.sh');
  const constants = ofMetadata.constants.map((name) => taken(text, name, `^${name}=.*$`));
  const functions = ofMetadata.functions.map((name) =>
    taken(text, name, `^${name}\\(\\) \\{(?:.*\\}$|[^]*?^\\}$)`),
  );
  return [...constants, ...functions, ''].join('\n');
}

function taken(text: string, name: string, pattern: string): string {
  const [found] = new RegExp(pattern, 'm').exec(text) ?? [];
  if (found === undefined) throw new Error(`metadata.sh has no ${name}`);
  return found;
}

function read(file: string): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8');
}
