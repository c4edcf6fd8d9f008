/** What a client of the protected address sees: it asks five times a second and remembers when nobody answered. */
import type { ResourceDefinition } from '../recovery/fleet.ts';
import type { Stage } from './stage.ts';

const everyMs = 200;

export interface Outage {
  /** The last answer before, epoch milliseconds. */
  readonly lastAnswerMs: number;
  /** The first answer after; null while it lasts. */
  readonly nextAnswerMs: number | null;
}

export interface ClientView {
  outages(): readonly Outage[];
  close(): void;
}

export function openClientView({ clock, world }: Stage, resource: ResourceDefinition): ClientView {
  const bystander = resource.pingList[0]?.split(':')[0];
  const asker = bystander === undefined ? undefined : world.bystanders.get(bystander);
  const ended: Outage[] = [];
  let lastAnswerMs = clock.now();
  let silent = false;
  let open = asker !== undefined;

  function ask(): void {
    if (!open || asker === undefined || bystander === undefined) return;
    const nowMs = clock.now();
    if (world.fabric.pingFrom(asker.id, bystander, resource.address) === 'answered') {
      if (silent) ended.push({ lastAnswerMs, nextAnswerMs: nowMs });
      silent = false;
      lastAnswerMs = nowMs;
    } else silent = true;
    clock.after(everyMs, ask);
  }
  ask();

  return {
    outages: () => (silent ? [...ended, { lastAnswerMs, nextAnswerMs: null }] : ended),
    close: () => {
      open = false;
    },
  };
}
