#!/usr/bin/env -S NODE_COMPILE_CACHE=${HOME}/.cache/holdfast node
// The cache keeps what Node makes of TypeScript: without it, starting takes twice as long.
import { systemClock } from '../lib/aws/clock.ts';
import { lkipbu } from '../lib/operator/lkipbu.ts';
import { end, interruption, tolerateClosedPipe } from '../lib/operator/process.ts';
import { engineOverAws } from '../lib/operator/reach.ts';

const environment = process.env;
tolerateClosedPipe();
const { exitCode, stdout, stderr } = await lkipbu(process.argv.slice(2), {
  environment,
  clock: systemClock,
  interrupted: interruption(),
  engine: (fleet) => engineOverAws(fleet, environment, systemClock),
});
process.stdout.write(stdout);
process.stderr.write(stderr);
end(exitCode);
