/** Resource states, LifeKeeper's own (https://docs.us.sios.com/spslinux/9.3.2/ja/topic/resource-states). */
import { Fault } from './fault.ts';

export type ResourceState =
  /** In service and protected. */
  | 'ISP'
  /** In service, not protected: paused, switched off, observed only, or not yet seen healthy. */
  | 'ISU'
  /** Out of service, able to take over. */
  | 'OSU'
  /** Out of service after a failure. */
  | 'OSF'
  /** Unknown, brief: between a record's creation and the first look. */
  | 'ILLSTATE';

/** From each state, where it may go. A resource that was once known is never unknown again. */
export const legalTransitions: { readonly [from in ResourceState]: readonly ResourceState[] } = {
  ILLSTATE: ['ISP', 'ISU', 'OSU', 'OSF'],
  ISP: ['ISU', 'OSU', 'OSF'],
  ISU: ['ISP', 'OSU', 'OSF'],
  OSU: ['ISP', 'ISU', 'OSF'],
  OSF: ['ISP', 'ISU', 'OSU'],
};

/** @throws Fault `illegal-transition` */
export function transition(from: ResourceState, to: ResourceState): ResourceState {
  if (from !== to && !legalTransitions[from].includes(to))
    throw new Fault('illegal-transition', `a resource in state ${from} cannot become ${to}`, 'never');
  return to;
}

/** The state word of a resource that is in service. */
export function inServiceState(protection: {
  readonly automation: 'on' | 'observe' | 'off';
  readonly paused: boolean;
  readonly armed: boolean;
}): 'ISP' | 'ISU' {
  return protection.automation === 'on' && !protection.paused && protection.armed ? 'ISP' : 'ISU';
}
