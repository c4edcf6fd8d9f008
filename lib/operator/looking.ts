/**
 * An order that only writes the record waits a moment for whoever merely looks: the reconcile holds the claim for part of
 * a second once a minute. An order that moves an address never waits: after another's move it would mean another place.
 */
import type { Answer, AskedRequest } from '../recovery/order.ts';
import { type Context, unlessInterrupted } from './command.ts';

const againAfterMs = 500;
const patienceMs = 5_000;

export async function askBesideLookers(
  order: AskedRequest,
  { ask, clock, interrupted }: Pick<Context, 'ask' | 'clock' | 'interrupted'>,
): Promise<Answer> {
  const startedAtMs = clock.now();
  for (;;) {
    const answer = await ask(order);
    const looking = !answer.ok && answer.code === 'claim-held' && answer.claim?.doing === null;
    if (!looking || clock.now() - startedAtMs >= patienceMs) return answer;
    await unlessInterrupted(interrupted, clock.sleep(againAfterMs));
  }
}
