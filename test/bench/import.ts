/** Start-up time is outage time: the bundles that recover as they ship, against the same entries with esbuild's defaults. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { definitionFile } from '../../lib/recovery/names.ts';
import { environmentOf } from '../../lib/recovery/settings.ts';
import { bundleFunction } from '../../lib/stack/bundle.ts';
import { parseFleetFile } from '../../lib/stack/fleet-file.ts';
import { Program, projectDirectory } from './program.ts';
import { type Figure, inKb, inMs } from './table.ts';
import { inTurns } from './turns.ts';

const turns = 15;
const fleetFile = 'fleet.yaml';
const settings = { table: 't', document: 'd', pageTopic: 'p' };
const environments = {
  recover: environmentOf('recover', { ...settings, failoverFunction: 'f' }),
  failover: environmentOf('failover', { ...settings, dependentDocument: 'd' }),
};
type Name = keyof typeof environments;

export async function imports(): Promise<readonly Figure[]> {
  return [await compared('recover'), await compared('failover')];
}

async function compared(name: Name): Promise<Figure> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  try {
    const { definition } = parseFleetFile(readFileSync(join(projectDirectory, fleetFile), 'utf8'), fleetFile);
    const shipped = await bundleFunction(name, definition, { outDirectory: join(directory, 'shipped') });
    const byDefault = join(directory, 'default');
    bundleByDefault(name, byDefault);
    writeFileSync(join(byDefault, definitionFile), JSON.stringify(definition));
    const measured = await inTurns(
      turns,
      () => importMs(join(shipped, 'index.mjs'), environments[name]),
      () => importMs(join(byDefault, 'index.cjs'), environments[name]),
    );
    return {
      what: `import of the ${name} bundle ÷ the same with esbuild's defaults`,
      figure: measured.ratio.toFixed(2),
      aim: '≤ 0.35',
      note: `${inMs(measured.a)} ÷ ${inMs(measured.b)}, medians of ${turns} fresh processes; ${sizeOf(shipped)} and ${sizeOf(byDefault)} of code`,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** CommonJS has no `import.meta.url`; beside that, nothing but what esbuild does for node unasked. */
function bundleByDefault(name: Name, outdir: string): void {
  buildSync({
    absWorkingDir: projectDirectory,
    entryPoints: [{ in: `lambdas/${name}.ts`, out: 'index' }],
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
    logLevel: 'silent',
  });
}

async function importMs(module: string, variables: Readonly<Record<string, string>>): Promise<number> {
  const script = `const fromMs = performance.now();
    const { handler } = await import(${JSON.stringify(pathToFileURL(module).href)});
    if (typeof handler !== 'function') throw new Error('no handler');
    console.log(performance.now() - fromMs);`;
  await using program = new Program(['--input-type=module', '--eval', script], {
    AWS_REGION: 'us-east-1',
    ...variables,
  });
  return Number(await program.success());
}

function sizeOf(directory: string): string {
  const names = readdirSync(directory).filter((name) => name !== definitionFile);
  return inKb(names.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0));
}
