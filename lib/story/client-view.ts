/** What clients of a protected address see: each asks five times a second and remembers when nobody answered. */
import type { ResourceDefinition } from '../recovery/fleet.ts';
import { hostOfTarget, kindOf } from './places.ts';
import type { Stage } from './stage.ts';

const everyMs = 200;

export interface Outage {
  /** The last answer before, epoch milliseconds. */
  readonly lastAnswerMs: number;
  /** The first answer after; null while it lasts. */
  readonly nextAnswerMs: number | null;
}

export interface ClientView {
  /** `10.0.1.100`, or `the internet`. */
  readonly who: string;
  /** Whether it gets an answer now. */
  answered(): boolean;
  outages(): readonly Outage[];
  close(): void;
}

/** One for each machine beside the servers; of an Elastic IP somebody on the internet. */
export function openClientViews(
  { clock, world }: Pick<Stage, 'clock' | 'world'>,
  resource: ResourceDefinition,
): readonly ClientView[] {
  const { address, pingList } = resource;
  if (kindOf(resource) === 'elastic')
    return [openView(clock, 'the internet', () => world.fabric.pingFromInternet(address) === 'answered')];
  return pingList.map(hostOfTarget).flatMap((who) => {
    const asker = world.bystanders.get(who);
    if (asker === undefined) return [];
    return [openView(clock, who, () => world.fabric.pingFrom(asker.id, who, address) === 'answered')];
  });
}

function openView(clock: Stage['clock'], who: string, answered: () => boolean): ClientView {
  const ended: Outage[] = [];
  let lastAnswerMs = clock.now();
  let silent = false;
  let open = true;

  function ask(): void {
    if (!open) return;
    const nowMs = clock.now();
    if (answered()) {
      if (silent) ended.push({ lastAnswerMs, nextAnswerMs: nowMs });
      silent = false;
      lastAnswerMs = nowMs;
    } else silent = true;
    clock.after(everyMs, ask);
  }
  ask();

  return {
    who,
    answered,
    outages: () => (silent ? [...ended, { lastAnswerMs, nextAnswerMs: null }] : ended),
    close: () => {
      open = false;
    },
  };
}
