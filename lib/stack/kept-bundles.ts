/**
 * Keeps what bundling a function came to, for programs that deploy into the embedded AWS again and again: bundling is
 * most of their start. Good for as long as every file that went in is the same. `cdk deploy` never asks for it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';

const kept = v.object({
  /** By path from `base`: SHA-256 of each file that went in. */
  inputs: v.record(v.string(), v.string()),
  /** By name: the text of each file that came out. */
  files: v.record(v.string(), v.string()),
});
export type Kept = Readonly<v.InferOutput<typeof kept>>;

/** How a bundle is made is as much a part of it as what it is made of. */
const recipe = ['bundle.ts', 'lean-schemas.ts', '../../node_modules/esbuild/package.json'].map((each) =>
  fileURLToPath(new URL(each, import.meta.url)),
);

/**
 * The files of the bundle, or null when there is none or when something that it was made of has changed.
 * @param entry the file with which it begins
 * @param base from which the paths of what went in are told
 */
export function takeKept(directory: string, entry: string, base: string): Kept['files'] | null {
  const text = textOf(pathOf(directory, entry));
  if (text === null) return null;
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), kept), text);
  if (!read.success) return null;
  const { inputs, files } = read.output;
  const isSame = Object.entries(inputs).every(([path, digest]) => digestOf(resolve(base, path)) === digest);
  return isSame ? files : null;
}

/** Where it cannot be kept it is made anew next time. */
export function keep(
  directory: string,
  entry: string,
  base: string,
  made: { readonly inputs: readonly string[]; readonly files: Kept['files'] },
): void {
  const all = [...made.inputs, ...recipe];
  const inputs = Object.fromEntries(all.map((path) => [path, digestOf(resolve(base, path))]));
  const path = pathOf(directory, entry);
  const half = `${path}-${randomUUID()}`;
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(half, JSON.stringify({ inputs, files: made.files } satisfies Kept));
    renameSync(half, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}

function pathOf(directory: string, entry: string): string {
  const which = createHash('sha256').update(entry).digest('hex').slice(0, 16);
  return join(directory, `${basename(entry)}-${which}.json`);
}

/** Of what is no file, such as what a package leaves out for Node, one that no file has. */
function digestOf(path: string): string {
  const text = textOf(path);
  return text === null ? 'no file' : createHash('sha256').update(text).digest('hex');
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}
