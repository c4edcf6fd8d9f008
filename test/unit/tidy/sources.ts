/** Every source file of the project, as text. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Source {
  /** From the root of the project, with slashes: `lib/aws/clock.ts`. */
  readonly path: string;
  readonly text: string;
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const directories = ['bin', 'lib', 'lambdas', 'test'] as const;
const read = /\.(ts|sh)$/;

export function allSources(): readonly Source[] {
  const nested = directories.flatMap((directory) =>
    readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' }).map(
      (path) => `${directory}/${path}`,
    ),
  );
  const configurations = readdirSync(root).filter((path) => path.endsWith('.config.ts'));
  return [...nested, ...configurations]
    .filter((path) => read.test(path))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** Undefined when there is no such file. */
export function textOf(path: string): string | undefined {
  const file = join(root, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
