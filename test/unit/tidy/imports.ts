/** Who may import whom: the table of the design, and what in a source breaks it. */
import { dirname, posix } from 'node:path';
import type { Source } from './sources.ts';

type Room =
  | 'recovery'
  | 'aws'
  | 'host'
  | 'stack'
  | 'operator'
  | 'console'
  | 'emulator'
  | 'story'
  | 'lab'
  | 'lambdas';

/** `types`: only what is gone at run time. A list: only these files of the room. */
type Share = 'all' | 'types' | readonly string[];

interface Row {
  readonly rooms: { readonly [room in Room]?: Share };
  /** Packages; `x/*` is every name under x, `node:` every module of Node. */
  readonly outside: readonly string[];
}

/** What a definition is made of: shapes, patterns and names. Nothing that decides or acts. */
const vocabulary = [
  'address.ts',
  'confirmation.ts',
  'dependent.ts',
  'fault.ts',
  'fleet.ts',
  'info.ts',
  'mechanism.ts',
  'names.ts',
  'settings.ts',
] as const;

/** Every room may import itself. `bin` and `test` have no row: they may import anything. */
const importTable: { readonly [room in Room]: Row } = {
  recovery: { rooms: {}, outside: ['valibot'] },
  aws: {
    rooms: { recovery: 'all' },
    outside: ['@aws-sdk/*', '@aws/durable-execution-sdk-js', 'node:', 'valibot'],
  },
  host: { rooms: { recovery: ['names.ts'] }, outside: ['node:fs', 'node:url'] },
  stack: {
    rooms: { recovery: vocabulary, host: 'all' },
    outside: ['aws-cdk-lib', 'aws-cdk-lib/*', 'constructs', 'esbuild', 'node:', 'valibot', 'yaml'],
  },
  operator: { rooms: { recovery: 'all', aws: 'all' }, outside: ['node:'] },
  console: { rooms: { recovery: 'types' }, outside: [] },
  emulator: { rooms: {}, outside: ['dynalite', 'just-bash', 'light-my-request', 'node:', 'yaml'] },
  story: {
    rooms: { emulator: 'all', stack: 'all', recovery: 'all', aws: 'all', host: 'all' },
    outside: ['@aws-sdk/*', 'node:', 'ora'],
  },
  lab: {
    rooms: { emulator: 'all', story: 'all', stack: 'all', recovery: 'all', aws: 'all', host: 'all' },
    outside: ['node:'],
  },
  lambdas: { rooms: { recovery: 'all', aws: 'all', console: 'all' }, outside: ['node:'] },
};

/** A module that only its caller knows: the emulator loads the bundles it was given. */
const loadsUnknownModules: ReadonlySet<string> = new Set(['lib/emulator/lambda/worker-main.ts']);
const bannedRooms = /^(utils?|helpers?|common|core|services|managers?)$/;

interface Import {
  /** `./names.ts`, `node:fs`; undefined when it is computed. */
  readonly specifier: string | undefined;
  readonly onlyTypes: boolean;
}

const fixedImport = /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?['"]([^'"\n]+)['"]/gm;
const laterImport = /\bimport\(\s*(?:(['"])([^'"\n]+)\1)?/g;

/** Import, export-from and dynamic import. A statement stands at the start of a line: the formatter puts it there. */
export function importsOf(text: string): readonly Import[] {
  const fixed = [...text.matchAll(fixedImport)].map(([, type, specifier]) => ({
    specifier,
    onlyTypes: type !== undefined,
  }));
  const later = [...text.matchAll(laterImport)].map(([, , specifier]) => ({ specifier, onlyTypes: false }));
  return [...fixed, ...later];
}

export function importProblems({ path, text }: Source): readonly string[] {
  const home = roomOf(path);
  if (home === 'anything') return [];
  if (home === undefined) return [`${path}: stands in no room of the import table`];
  return importsOf(text).flatMap((each) => {
    const problem = refusal(path, home, each);
    return problem === undefined ? [] : [`${path}: ${problem}`];
  });
}

/** A file or directory with a name that says nothing, at any depth. */
export function nameProblems({ path }: Source): readonly string[] {
  const banned = path.split('/').find((part) => bannedRooms.test(part.split('.')[0] ?? ''));
  return banned === undefined ? [] : [`${path}: "${banned}" says nothing about what is in it`];
}

function refusal(path: string, home: Room, { specifier, onlyTypes }: Import): string | undefined {
  if (specifier === undefined)
    return loadsUnknownModules.has(path) ? undefined : 'imports a computed path, which no table can hold';
  if (!specifier.startsWith('.')) {
    if (importTable[home].outside.some((allowed) => covers(allowed, specifier))) return undefined;
    return `${home} may not import "${specifier}"; it may import ${listOf(importTable[home].outside)} from outside`;
  }
  const target = posix.join(dirname(path), specifier);
  const room = roomOf(target);
  if (room === home) return undefined;
  const share = room === undefined || room === 'anything' ? undefined : importTable[home].rooms[room];
  if (share === 'all' || (share === 'types' && onlyTypes)) return undefined;
  if (Array.isArray(share) && share.includes(posix.basename(target))) return undefined;
  const allowed = Object.entries(importTable[home].rooms).map(
    ([name, part]) => `${name} (${typeof part === 'string' ? part : listOf(part)})`,
  );
  return `${home} may not import ${target}; it may import ${listOf([home, ...allowed])}`;
}

function covers(allowed: string, specifier: string): boolean {
  if (allowed.endsWith('*') || allowed.endsWith(':')) return specifier.startsWith(allowed.replace('*', ''));
  return allowed === specifier;
}

/** `anything` for bin, test and the configuration of tools; undefined where no room is. */
function roomOf(path: string): Room | 'anything' | undefined {
  const [first = '', second = '', third] = path.split('/');
  if (first === 'bin' || first === 'test' || !path.includes('/')) return 'anything';
  const name = first === 'lib' && third !== undefined ? second : first;
  return Object.hasOwn(importTable, name) ? (name as Room) : undefined;
}

function listOf(words: readonly string[]): string {
  return words.length === 0 ? 'nothing' : words.join(', ');
}
