/** The machine of a Lambda sandbox: its environment, its clock, and the fleet's definition beside the bundle. */
import { readFileSync } from 'node:fs';
import { createClients } from '../lib/aws/clients.ts';
import { chance, newId, systemClock } from '../lib/aws/clock.ts';
import { parseFleet } from '../lib/recovery/fleet.ts';
import { definitionFile } from '../lib/recovery/names.ts';
import type { FunctionMachine } from './handlers.ts';

export function sandbox(): FunctionMachine {
  const definition = readFileSync(new URL(definitionFile, import.meta.url), 'utf8');
  return {
    environment: process.env,
    fleet: parseFleet(JSON.parse(definition)),
    clients: createClients(),
    clock: systemClock,
    chance,
    newId,
    log: (line) => console.log(line),
  };
}
