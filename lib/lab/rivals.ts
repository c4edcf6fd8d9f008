/**
 * What is measured beside Holdfast, in the same run: keepalived with its defaults and tuned, and Linux bonding. They
 * take turns, so whatever slows the machine slows all of them. Where one cannot run, the lab says why and goes on.
 */
import { CommandRefused } from '../emulator/netns/commands.ts';
import { StoryStalled, type Teller } from '../story/teller.ts';
import { measureBonding, whyNoBonding } from './bonding.ts';
import type { Outage } from './client-log.ts';
import { measureKeepalived, type Site, whyNoKeepalived } from './keepalived.ts';
import { medianOf } from './median.ts';

export type Rival = { readonly name: string; readonly configuration: string } & (
  | {
      readonly outagesMs: readonly number[];
      readonly medianMs: number;
      readonly lostProbes: readonly number[];
    }
  | { readonly notMeasured: string }
);

/** A turn of every rival. */
interface Turn {
  readonly site: Site;
  readonly seed: string;
  /** Part of the rival's own interval that goes by before the break. */
  readonly phase: number;
  readonly teller: Teller;
}

interface Plan {
  readonly name: string;
  readonly configuration: string;
  readonly whyNot: () => string | undefined;
  readonly measure: (turn: Turn) => Promise<readonly Outage[]>;
}

/** A median wants so many. */
export const fewestTurns = 3;

const plans: readonly Plan[] = [
  keepalived('advert_int 1, the default', 1),
  keepalived('advert_int 0.1', 0.1),
  {
    name: 'bonding',
    configuration: 'active-backup, miimon 100',
    whyNot: whyNoBonding,
    measure: ({ site, phase, teller }) =>
      measureBonding({ resource: site.resource, miimonMs: 100, phase }, teller),
  },
];

function keepalived(configuration: string, advertSeconds: number): Plan {
  return {
    name: 'keepalived',
    configuration,
    whyNot: whyNoKeepalived,
    measure: ({ site, seed, phase, teller }) =>
      measureKeepalived(site, { seed, advertSeconds, phase }, teller),
  };
}

export interface Rivals {
  /** @throws whatever is no fault of the rival's */
  takeTurn(turn: Turn): Promise<void>;
  results(): readonly Rival[];
}

export function openRivals(): Rivals {
  const contests = plans.map((plan) => ({
    plan,
    missing: plan.whyNot(),
    outages: [] as Outage[],
    failures: [] as string[],
  }));
  return {
    async takeTurn(turn) {
      for (const { plan, missing, outages, failures } of contests) {
        if (missing !== undefined) continue;
        turn.teller.line(`${plan.name} (${plan.configuration})`);
        try {
          const [first, ...others] = await plan.measure(turn);
          if (first === undefined || others.length > 0)
            failures.push(`the client saw ${others.length + (first === undefined ? 0 : 1)} outages`);
          else outages.push(first);
          if (first !== undefined) turn.teller.line(`  outage ${lengthOf(first)} ms`);
        } catch (error) {
          if (!(error instanceof StoryStalled || error instanceof CommandRefused)) throw error;
          failures.push(error.message);
          turn.teller.line(`  ${error.message}`);
        }
      }
    },
    results: () =>
      contests.map(({ plan: { name, configuration }, missing, outages, failures }) => {
        const outagesMs = outages.map(lengthOf);
        const medianMs = medianOf(outagesMs);
        return medianMs === undefined
          ? { name, configuration, notMeasured: missing ?? failures.at(-1) ?? 'it had no turn' }
          : { name, configuration, outagesMs, medianMs, lostProbes: outages.map((each) => each.lostProbes) };
      }),
  };
}

/** One line each, and what has to be known to read them. */
export function linesOfRivals(rivals: readonly Rival[]): readonly string[] {
  const lines = rivals.map((rival) => {
    const title = `${rival.name} (${rival.configuration})`;
    if ('notMeasured' in rival) return `${title}: not measured: ${rival.notMeasured}`;
    const each = rival.outagesMs.length > 1 ? ` of ${rival.outagesMs.join(', ')} ms` : '';
    return `${title}: outage median ${rival.medianMs} ms${each}`;
  });
  return [
    ...lines,
    "keepalived's word moved the address in the same moment: no AWS CLI and no way to EC2 is charged to it.",
    'Bonding is measured on a bridge of its own: in a VPC, which delivers by ENI and not by MAC, it cannot work.',
  ];
}

function lengthOf({ firstAnswerMs, lastAnswerMs }: Outage): number {
  return firstAnswerMs - lastAnswerMs;
}
