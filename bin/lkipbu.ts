#!/usr/bin/env node
import { chance, systemClock } from '../lib/aws/clock.ts';
import { lambdaEngine } from '../lib/aws/operate.ts';
import { lkipbu } from '../lib/operator/lkipbu.ts';
import { defaultFleetName } from '../lib/recovery/names.ts';

const fleet = process.env['HOLDFAST_FLEET'] ?? defaultFleetName;
const result = await lkipbu(process.argv.slice(2), () => lambdaEngine(fleet, { clock: systemClock, chance }));
process.stdout.write(result.stdout);
process.stderr.write(result.stderr);
process.exitCode = result.exitCode;
