/** `npm run lab`: the incidents with real packets, in network namespaces. */
import { parseArgs } from 'node:util';
import { labUsage, runLab } from '../lib/lab/run.ts';
import { exitCodes } from '../lib/recovery/fault.ts';

const options = {
  once: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  'alarm-lane': { type: 'boolean', default: false },
  'status-checks': { type: 'boolean', default: false },
  'aws-latency': { type: 'string', default: 'typical' },
  rivals: { type: 'boolean', default: false },
  svg: { type: 'string' },
  runs: { type: 'string', default: '1' },
  seed: { type: 'string', default: 'holdfast' },
  fleet: { type: 'string', default: 'fleet.yaml' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

try {
  const { values } = parseArgs({ options, allowPositionals: false });
  if (values.help) process.stdout.write(labUsage);
  else {
    const code = await runLab(values);
    // As in start.ts: everything is stopped by now.
    process.stdout.write('', () => process.exit(code));
  }
} catch (error) {
  if (!(error instanceof TypeError) || !('code' in error)) throw error;
  process.stderr.write(`${error.message}\n\n${labUsage}`);
  process.exitCode = exitCodes.usage;
}
