/** The engine over AWS, for the programs of bin. */
import { chance } from '../aws/clock.ts';
import { invoker } from '../aws/invoke.ts';
import type { Clock } from '../recovery/ports.ts';
import { type Engine, operatorEngine } from './engine.ts';
import type { Environment, Fleet } from './settings.ts';

export function engineOverAws(fleet: Fleet, environment: Environment, clock: Clock): Engine {
  const retrying = { clock, chance };
  return operatorEngine(
    fleet,
    {
      invoke: invoker(environment, () => clock.now()),
      async findFleets() {
        const { findFleets } = await import('../aws/fleets.ts');
        return findFleets(retrying);
      },
      async sign(order, functionName) {
        const { signedIdentity } = await import('../aws/caller.ts');
        return signedIdentity(order, functionName);
      },
    },
    retrying,
  );
}
