/** A recovery's needs and its end, as its parts see them. */
import type { Summary } from './audit.ts';
import type { Dependents, Failovers, Ports } from './ports.ts';

export type RecoverPorts = Ports & {
  readonly failovers: Failovers;
  /** Of what hangs on an interface. */
  readonly dependents: Dependents;
};

/** What a run came to; an escalation is finished, and summed up, by the failover. */
export type Run = { readonly kind: 'ended'; readonly summary: Summary } | { readonly kind: 'escalated' };
