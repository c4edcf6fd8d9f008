/** How a row of the decision table is written. What a row does not say is well, on ServerA's eth0. */
import type { FleetView, Observation } from '../../lib/recovery/observation.ts';
import { couldNotLook, found } from '../../lib/recovery/reading.ts';
import type { ActReason } from '../../lib/recovery/reasons.ts';
import type { Place, ResourceRecord } from '../../lib/recovery/resource.ts';
import { tenOClock as now } from '../fakes/clock.ts';
import { eniOf, type FleetPlan, instanceOf } from '../fakes/fleets.ts';
import { hostSays, wellFleet, withInstance, withInterface } from '../fakes/situations.ts';

export type See = (seen: Observation) => Observation;

export interface Row {
  readonly when: string;
  readonly see?: See;
  readonly record?: Partial<ResourceRecord>;
  readonly plan?: FleetPlan;
  /** Why it is to leave its server although it may be well itself. */
  readonly because?: ActReason;
  readonly says: string;
}

export const minute = 60_000;
export const [eth0A, eth1A, eth0B, eth1B] = [
  eniOf('ServerA', 'eth0'),
  eniOf('ServerA', 'eth1'),
  eniOf('ServerB', 'eth0'),
  eniOf('ServerB', 'eth1'),
];
export const [a, b] = [instanceOf('ServerA'), instanceOf('ServerB')];
export const nothing = couldNotLook('no answer');

export const linkDown: See = (seen) => hostSays(seen, 'link-down', { link: 'down' });
export const noCarrier: See = (seen) => hostSays(seen, 'no-carrier', { link: 'down' });
export const silent: See = (seen) => ({ ...seen, host: nothing });
export const stopped: See = (seen) => withInstance(seen, a, { state: 'stopped' });
export const impaired: See = (seen) => withInstance(seen, a, { systemStatus: 'impaired' });
export const detached: See = (seen) => withInterface(seen, eth0A, { instanceId: null });
export const fleet =
  (change: Partial<FleetView>): See =>
  (seen) => ({ ...seen, fleet: found({ ...wellFleet, ...change }) });
export const tried =
  (...rungs: Observation['tried']): See =>
  (seen) => ({ ...seen, tried: rungs });
export const both =
  (...sees: readonly See[]): See =>
  (seen) =>
    sees.reduce((each, see) => see(each), seen);

export function local(count: number, agoMs: number): ResourceRecord['recent'] {
  return Array.from({ length: count }, () => ({ atMs: now - agoMs, epoch: 1, outcome: 'restored-in-place' }));
}
export function intent(rung: 'move-to-backup' | 'fail-over', to: Place): Partial<ResourceRecord> {
  return { intent: { epoch: 6, rung, to } };
}
/** Dependents that were left on their way. */
export const underWay: Partial<ResourceRecord> = {
  dependents: { app: { state: 'ILLSTATE', server: 'ServerA', why: 'leaving', atMs: now - minute } },
};
export const overlay: FleetPlan = {
  resource: { address: '10.99.0.1', mechanism: { kind: 'overlay', routeTables: ['rtb-1', 'rtb-2'] } },
};
export const onBackup: Place = { server: 'ServerA', interface: 'eth1' };
export const onB: Place = { server: 'ServerB', interface: 'eth0' };

export const restore = 'act restore-in-place ServerA/eth0';
export const backup = 'act move-to-backup ServerA/eth1';
export const failOver = 'act fail-over ServerB/eth0';
