/**
 * Makes a function's directory: index.mjs, what it loads later, and the fleet's definition beside them. The same input gives the
 * same bytes, so an unchanged function keeps its asset hash and its version.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, stop } from 'esbuild';
import type { FleetDefinition } from '../recovery/fleet.ts';
import { definitionFile } from '../recovery/names.ts';
import { type FunctionName, functionSettings } from '../recovery/settings.ts';
import { type Kept, keep, takeKept } from './kept-bundles.ts';
import { leanSchemas } from './lean-schemas.ts';

export interface BundleOptions {
  /** Where `<name>.ts` stands; `lambdas` of this project unless told. */
  readonly sourceDirectory?: string;
  /** Where a directory per function is made; `build/functions` of this project unless told. */
  readonly outDirectory?: string;
  /** Where bundles are kept and taken from again while nothing of theirs has changed; nowhere unless told. */
  readonly keepIn?: string;
}

const projectDirectory = fileURLToPath(new URL('../..', import.meta.url));

/** The directory of every function, by its name. @throws esbuild's own error, which names file and line */
export async function bundleFunctions(
  definition: FleetDefinition,
  options: BundleOptions = {},
): Promise<ReadonlyMap<FunctionName, string>> {
  const directories = new Map<FunctionName, string>();
  // One after the other: esbuild takes 200 MB for each at a time.
  for (const name of Object.keys(functionSettings) as FunctionName[])
    directories.set(name, await bundleFunction(name, definition, options));
  await stop();
  return directories;
}

/** @returns the directory, for `lambda.Code.fromAsset`. @throws esbuild's own error, which names file and line */
export async function bundleFunction(
  name: FunctionName,
  definition: FleetDefinition,
  options: BundleOptions = {},
): Promise<string> {
  const { sourceDirectory = join(projectDirectory, 'lambdas'), keepIn } = options;
  const directory = join(options.outDirectory ?? join(projectDirectory, 'build', 'functions'), name);
  const entry = join(sourceDirectory, `${name}.ts`);
  const files =
    (keepIn === undefined ? null : takeKept(keepIn, entry, projectDirectory)) ??
    (await makeBundle(entry, keepIn));
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text);
  writeFileSync(join(directory, definitionFile), `${JSON.stringify(definition, null, 2)}\n`);
  return directory;
}

async function makeBundle(entry: string, keepIn: string | undefined): Promise<Kept['files']> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: projectDirectory,
    entryPoints: [{ in: entry, out: 'index' }],
    outdir: 'build',
    outExtension: { '.js': '.mjs' },
    // What is imported when it is needed stays in a file of its own and costs nothing at start-up.
    splitting: true,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // The SDK's ES modules first: what is not used falls away, and start-up time is outage time.
    mainFields: ['module', 'main'],
    treeShaking: true,
    minify: true,
    legalComments: 'none',
    logLevel: 'silent',
    plugins: [leanSchemas],
    write: false,
    metafile: true,
  });
  const files = Object.fromEntries(outputFiles.map(({ path, text }) => [basename(path), text]));
  if (keepIn !== undefined)
    keep(keepIn, entry, projectDirectory, { inputs: Object.keys(metafile.inputs), files });
  return files;
}
