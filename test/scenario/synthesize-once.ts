/** Synthesizes the example fleet once for all scenario tests: the template and bundles that `cdk deploy` ships. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { synthesize } from '../../lib/stack/synthesize.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly assembly: { readonly directory: string; readonly stackName: string; readonly fleet: string };
  }
}

export async function setup(project: TestProject): Promise<() => void> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-scenario-'));
  const { assemblyDirectory, stackName, definition } = await synthesize({
    fleetFile: 'fleet.yaml',
    outDirectory: join(directory, 'assembly'),
    validation: false,
    bundles: { outDirectory: join(directory, 'functions') },
  });
  project.provide('assembly', { directory: assemblyDirectory, stackName, fleet: JSON.stringify(definition) });
  return () => rmSync(directory, { recursive: true, force: true });
}
