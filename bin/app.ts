/** The CDK app: `npx cdk synth` and `npx cdk deploy` run it. */
import { App } from 'aws-cdk-lib';
import { exitCodes, Fault } from '../lib/recovery/fault.ts';
import { addFleet } from '../lib/stack/synthesize.ts';

const app = new App();
try {
  await addFleet(app, app.node.tryGetContext('fleet') ?? process.env['HOLDFAST_FLEET_FILE'] ?? 'fleet.yaml');
} catch (error) {
  if (!(error instanceof Fault)) throw error;
  process.stderr.write(`${error.message}\n`);
  // At once: an app that is left to end writes an empty assembly.
  process.exit(exitCodes.configuration);
}
app.synth();
