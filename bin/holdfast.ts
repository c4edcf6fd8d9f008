#!/usr/bin/env -S NODE_COMPILE_CACHE=${HOME}/.cache/holdfast node
// The cache keeps what Node makes of TypeScript: without it, starting takes twice as long.
import { systemClock } from '../lib/aws/clock.ts';
import { holdfast } from '../lib/operator/holdfast.ts';
import { end, interruption, processTerminal, tolerateClosedPipe } from '../lib/operator/process.ts';
import { engineOverAws } from '../lib/operator/reach.ts';

const environment = process.env;
tolerateClosedPipe();
end(
  await holdfast(process.argv.slice(2), {
    environment,
    terminal: processTerminal(environment),
    clock: systemClock,
    interrupted: interruption(),
    engine: (fleet) => engineOverAws(fleet, environment, systemClock),
  }),
);
