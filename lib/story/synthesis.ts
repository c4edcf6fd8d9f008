/**
 * Synthesizes the template in a process of its own: the CDK library takes more memory than everything else here
 * together, and gives it back only by ending.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Synthesis } from '../stack/synthesize.ts';

const self = fileURLToPath(import.meta.url);
const outputLimitBytes = 10_000_000;
/** A place for what can be made anew: `npm ci` empties it. */
export const keptBundles = fileURLToPath(new URL('../../node_modules/.cache/holdfast', import.meta.url));

/** @throws Error with what the synthesis wrote to stderr, such as the problems of a fleet file */
export async function synthesizeApart(fleetFile: string, directory: string): Promise<Synthesis> {
  const { stdout } = await promisify(execFile)(process.execPath, [self, fleetFile, directory], {
    maxBuffer: outputLimitBytes,
  }).catch((error: { readonly stderr?: string }) => {
    throw new Error(error.stderr?.trim() || String(error), { cause: error });
  });
  return JSON.parse(stdout) as Synthesis;
}

if (process.argv[1] === self) {
  const { synthesize } = await import('../stack/synthesize.ts');
  const [fleetFile = '', directory = ''] = process.argv.slice(2);
  try {
    const bundles = { outDirectory: `${directory}/functions`, keepIn: keptBundles };
    process.stdout.write(
      JSON.stringify(
        await synthesize({ fleetFile, outDirectory: `${directory}/assembly`, validation: false, bundles }),
      ),
    );
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
