/** Fences over the world: EC2 stops the instance at once, unless the test says how long it takes. */
import { Fault } from '../../lib/recovery/fault.ts';
import type { Fences } from '../../lib/recovery/ports.ts';
import { found } from '../../lib/recovery/reading.ts';
import type { World } from './world.ts';

export interface FakeFences extends Fences {
  /** Effects in their order: `stop i-aa`, `isolate eni-a0 sg-none`. */
  readonly log: string[];
  /** How long an instance is `stopping`. */
  stopMs: number;
}

/** What tests isolate a server with. */
export const noRules = 'sg-none';

/** Runs, and reaches something: what an isolated server has in service can do no harm. */
export function canAct(world: World, instanceId: string): boolean {
  if (world.instances.get(instanceId)?.state !== 'running') return false;
  const own = [...world.enis.values()].filter((eni) => eni.instanceId === instanceId);
  return own.some(({ securityGroups }) => securityGroups.join() !== noRules);
}

export function fakeFences(world: World): FakeFences {
  const log: string[] = [];
  const fences: FakeFences = {
    log,
    stopMs: 0,
    stop: (instanceId) =>
      world.faults.effect('fences.stop', () => {
        const state = world.instances.get(instanceId)?.state;
        if (state === undefined)
          throw new Fault('not-found', `instance ${instanceId} does not exist`, 'never');
        log.push(`stop ${instanceId}`);
        if (state !== 'running' && state !== 'pending') return;
        world.stop(instanceId, 'asked-for');
        if (fences.stopMs === 0) return;
        world.setInstance(instanceId, { state: 'stopping' });
        void world.clock.sleep(fences.stopMs).then(() => world.setInstance(instanceId, { state: 'stopped' }));
      }),
    isolate: (eniIds, securityGroup) =>
      world.faults.effect('fences.isolate', () => {
        for (const eniId of eniIds) {
          if (!world.enis.has(eniId))
            throw new Fault('not-found', `interface ${eniId} does not exist`, 'never');
          log.push(`isolate ${eniId} ${securityGroup}`);
          world.change(eniId, { securityGroups: [securityGroup] });
        }
      }),
    isolated: (eniIds, securityGroup) =>
      world.faults.look('fences.isolated', () =>
        found(
          eniIds.every((eniId) => {
            const groups = world.enis.get(eniId)?.securityGroups ?? [];
            return groups.length === 1 && groups[0] === securityGroup;
          }),
        ),
      ),
  };
  return fences;
}
