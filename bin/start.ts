/** `npm start`: the main job on the embedded AWS, told as it happens. */
import { parseArgs } from 'node:util';
import { exitCodes } from '../lib/recovery/fault.ts';
import { runStart, startUsage } from '../lib/story/start.ts';

const options = {
  once: { type: 'boolean', default: false },
  'no-story': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  port: { type: 'string' },
  speed: { type: 'string' },
  seed: { type: 'string', default: 'holdfast' },
  story: { type: 'string', default: 'interfaces' },
  fleet: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

// esbuild, which bundles the functions before the story starts, keeps its memory below this.
process.env['GOMEMLIMIT'] ??= '150MiB';

try {
  const { values } = parseArgs({ options, allowPositionals: false });
  if (values.help) process.stdout.write(startUsage);
  else {
    const code = await runStart(values);
    // Everything is stopped by now; what a library may still hold open does not keep the terminal waiting.
    process.stdout.write('', () => process.exit(code));
  }
} catch (error) {
  if (!(error instanceof TypeError) || !('code' in error)) throw error;
  process.stderr.write(`${error.message}\n\n${startUsage}`);
  process.exitCode = exitCodes.usage;
}
