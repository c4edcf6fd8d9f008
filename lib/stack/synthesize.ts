/** From a fleet file to a cloud assembly: for `cdk`, through bin/app.ts, and for programs that deploy it themselves. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { Fault } from '../recovery/fault.ts';
import type { FleetDefinition } from '../recovery/fleet.ts';
import { type BundleOptions, bundleFunctions } from './bundle.ts';
import { type FleetFile, parseFleetFile } from './fleet-file.ts';
import { HoldfastStack } from './holdfast-stack.ts';

export interface SynthesisOptions {
  readonly fleetFile: string;
  /** Where the cloud assembly is written. */
  readonly outDirectory: string;
  /** Two syntheses at the same time need two places for their bundles. */
  readonly bundles?: BundleOptions;
  /** CDK's own rules over the template, which take seconds and 250 MB; the template is the same without. */
  readonly validation?: boolean;
}

export interface Synthesis {
  readonly assemblyDirectory: string;
  readonly stackName: string;
  readonly definition: FleetDefinition;
}

/**
 * The same template as `cdk synth` writes: it has the same feature flags, those of cdk.json.
 * @throws Fault `invalid-fleet`
 */
export async function synthesize(options: SynthesisOptions): Promise<Synthesis> {
  const { fleetFile, outDirectory, bundles, validation = true } = options;
  const app = new App({
    outdir: outDirectory,
    context: featureFlags(),
    autoSynth: false,
    builtinCloudFormationValidation: validation,
  });
  const { stack, definition } = await addFleet(app, fleetFile, bundles);
  return { assemblyDirectory: app.synth().directory, stackName: stack.stackName, definition };
}

/** @throws Fault `invalid-fleet` with every problem of the file */
export async function addFleet(
  app: App,
  fleetFile: string,
  bundles?: BundleOptions,
): Promise<{ readonly stack: HoldfastStack; readonly definition: FleetDefinition }> {
  const fleet = readFleetFile(fleetFile);
  const directories = await bundleFunctions(fleet.definition, bundles);
  const stack = new HoldfastStack(app, fleet, (name) => directories.get(name) ?? '');
  return { stack, definition: fleet.definition };
}

/** @throws Fault `invalid-fleet`, also when there is no such file */
function readFleetFile(path: string): FleetFile {
  return parseFleetFile(textOf(path), path);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const allowed = 'a fleet file, named by "cdk -c fleet=<file>", HOLDFAST_FLEET_FILE or fleet.yaml here';
    throw new Fault('invalid-fleet', `${path}: cannot be read (${code}); allowed: ${allowed}`, 'never', {
      cause,
    });
  }
}

function featureFlags(): Record<string, unknown> {
  const path = fileURLToPath(new URL('../../cdk.json', import.meta.url));
  return JSON.parse(readFileSync(path, 'utf8')).context;
}
