/** What EC2 keeps: immutable records, replaced as a whole when something changes. */
import type { HostDriver } from '../host/driver.ts';
import type { Prefix } from '../host/ipv4.ts';

export type Tags = { readonly [key: string]: string };

export interface Subnet {
  readonly id: string;
  readonly vpcId: string;
  readonly availabilityZone: string;
  readonly cidr: string;
  readonly prefix: Prefix;
}

export interface Attachment {
  readonly id: string;
  readonly instanceId: string;
  readonly deviceIndex: number;
  /** The guest's name for it; EC2 itself knows only the index. */
  readonly device: string;
  readonly attachedAtMs: number;
  readonly deleteOnTermination: boolean;
}

export interface NetworkInterface {
  readonly id: string;
  readonly subnetId: string;
  readonly macAddress: string;
  readonly primaryAddress: string;
  readonly secondaryAddresses: readonly string[];
  readonly securityGroupIds: readonly string[];
  readonly sourceDestCheck: boolean;
  readonly tags: Tags;
  readonly attachment: Attachment | undefined;
}

/** Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html */
export const stateCodes = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
} as const;

export type InstanceState = keyof typeof stateCodes;

export interface StateReason {
  readonly code: string;
  readonly message: string;
}

export interface Instance {
  readonly id: string;
  readonly type: string;
  readonly tags: Tags;
  readonly host: HostDriver;
  readonly availabilityZone: string;
  readonly state: InstanceState;
  readonly stateSinceMs: number;
  readonly launchedAtMs: number;
  /** In the instance profile of the same name. */
  readonly role: string | undefined;
  readonly stateReason: StateReason | undefined;
  /** Such as `User initiated (2026-01-05 10:00:00 GMT)`; empty while running. */
  readonly transitionReason: string;
}
