/**
 * `npm run bench`: the figures of the README, measured again. What is compared is measured in turns in one run, and
 * shown as a ratio of medians: a ratio outlives the machine. Figures are shown beside their aims, never asserted.
 */
import { addressScript } from './address-script.ts';
import { cli } from './cli.ts';
import { failoverTrips } from './failover-trips.ts';
import { imports } from './import.ts';
import { manyAddresses } from './many-addresses.ts';
import { ownTime } from './own-time.ts';
import { roundTrips } from './round-trips.ts';
import { start } from './start.ts';
import { type Figure, tableOf } from './table.ts';

const benches: { readonly [what: string]: () => Promise<readonly Figure[]> } = {
  'import of the bundles': imports,
  'round trips before the move': roundTrips,
  'round trips of a failover': failoverTrips,
  'fifty addresses of a dead server': manyAddresses,
  "the failover's own time": ownTime,
  'address script on the model host': addressScript,
  'start of the embedded AWS, and the story': start,
  'questions of the command line': cli,
};

const figures: Figure[] = [];
for (const [what, bench] of Object.entries(benches)) {
  process.stderr.write(`… ${what}\n`);
  try {
    figures.push(...(await bench()));
  } catch (error) {
    figures.push({
      what,
      figure: 'not measured',
      note: error instanceof Error ? error.message : String(error),
    });
  }
}
process.stdout.write(tableOf(figures));
