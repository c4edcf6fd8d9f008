/** What was seen, plane by plane, before deciding. */
import type { HostAnswer } from './answer.ts';
import type { Reading } from './reading.ts';
import type { Rung } from './resource.ts';

/** One network interface as EC2 describes it. */
export interface InterfaceView {
  readonly eniId: string;
  readonly mac: string;
  readonly subnetId: string;
  /** Its own primary address. */
  readonly primaryAddress: string;
  /** Instance it is attached to, fully (status `attached`); null otherwise. */
  readonly instanceId: string | null;
  /** Sorted ids. */
  readonly securityGroups: readonly string[];
  readonly sourceDestCheck: boolean;
}

/** Who owns the protected address, and the declared interfaces; EC2 is the authority. */
export interface AddressView {
  /** Declared interfaces by ENI id; one that EC2 does not know is missing. */
  readonly interfaces: { readonly [eniId: string]: InterfaceView };
  /** Interfaces of the subnet that hold the address; more than one is possible only while EC2 settles. */
  readonly owners: readonly { readonly eniId: string; readonly asPrimary: boolean }[];
  /** Route tables that have no route to it yet; empty for what needs none. */
  readonly missingIn: readonly string[];
}

export interface InstanceView {
  readonly state: 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';
  /** EC2's own checks: only `impaired` is positive evidence of failure. */
  readonly systemStatus: string;
  readonly instanceStatus: string;
  /** Whether Systems Manager hears its agent; null when nobody has asked or could look. */
  readonly reachable?: boolean | null;
}

/** Instances by id; one that EC2 does not know is missing. */
export type InstancesView = { readonly [instanceId: string]: InstanceView };

/** Fleet-wide switch and brake. */
export interface FleetView {
  readonly automation: 'on' | 'observe' | 'off';
  readonly pausedUntilMs: number;
  /** When each resource's latest automatic failover was counted, by tag. */
  readonly failovers: { readonly [tag: string]: number };
}

export interface Observation {
  readonly addresses: Reading<AddressView>;
  readonly instances: Reading<InstancesView>;
  /** The active server's host about its current primary interface; `absent` means nobody asked it. */
  readonly host: Reading<HostAnswer>;
  /** Who has stopped the active server's instance; asked only when that matters. */
  readonly stopped?: Reading<'asked-for' | 'failed'>;
  readonly fleet: Reading<FleetView>;
  /** Rungs that this recovery has tried without success. */
  readonly tried: readonly Rung[];
  /** The fleet's brake is asked by another way, which counts an incident once. */
  readonly counted?: boolean;
  /** Servers that this failover has tried without success. */
  readonly triedServers: readonly string[];
}
