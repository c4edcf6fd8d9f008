/**
 * Synthesizes the fleets of the scenario tests once for all of them: the example with the template and the bundles that
 * `cdk deploy` ships, and others whose functions are in the template alone: they run in the test's own process anyway.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type FunctionName, functionSettings } from '../../lib/recovery/settings.ts';
import { synthesize } from '../../lib/stack/synthesize.ts';
import { keptBundles } from '../../lib/story/synthesis.ts';
import { fiftyAddresses } from './fleets/fifty.ts';

export interface Assembly {
  readonly directory: string;
  readonly stackName: string;
  /** The definition, as JSON. */
  readonly fleet: string;
}

/** `hierarchy-next`: the same with another version of every function. */
export type AssemblyName = 'example' | 'hierarchy' | 'hierarchy-next' | 'fifty';

declare module 'vitest' {
  interface ProvidedContext {
    readonly assemblies: { readonly [name in AssemblyName]: Assembly };
  }
}

export async function setup(project: TestProject): Promise<() => void> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-scenario-'));
  const hierarchy = 'test/scenario/fleets/hierarchy.yaml';
  const fifty = join(directory, 'fifty.yaml');
  writeFileSync(fifty, fiftyAddresses());
  project.provide('assemblies', {
    example: await assemble('fleet.yaml', join(directory, 'example')),
    hierarchy: await assemble(hierarchy, join(directory, 'hierarchy'), 1),
    'hierarchy-next': await assemble(hierarchy, join(directory, 'hierarchy-next'), 2),
    fifty: await assemble(fifty, join(directory, 'fifty'), 1),
  });
  return () => rmSync(directory, { recursive: true, force: true });
}

/** @param version of functions that do nothing; those that ship when absent */
async function assemble(fleetFile: string, directory: string, version?: number): Promise<Assembly> {
  const outDirectory = join(directory, 'functions');
  const sourceDirectory = join(directory, 'lambdas');
  if (version !== undefined) {
    mkdirSync(sourceDirectory, { recursive: true });
    for (const name of Object.keys(functionSettings) as FunctionName[])
      writeFileSync(join(sourceDirectory, `${name}.ts`), `export const handler = () => ${version};\n`);
  }
  const { assemblyDirectory, stackName, definition } = await synthesize({
    fleetFile,
    outDirectory: join(directory, 'assembly'),
    validation: false,
    bundles: { outDirectory, ...(version === undefined ? { keepIn: keptBundles } : { sourceDirectory }) },
  });
  return { directory: assemblyDirectory, stackName, fleet: JSON.stringify(definition) };
}
