/** What EC2 keeps: immutable records, replaced as a whole when something changes. */
import type { HostDriver } from '../host/driver.ts';
import type { Prefix } from '../host/ipv4.ts';
import type { Ipv6Prefix } from './ipv6.ts';

export type Tags = { readonly [key: string]: string };

export interface Subnet {
  readonly id: string;
  readonly vpcId: string;
  readonly availabilityZone: string;
  readonly cidr: string;
  readonly prefix: Prefix;
  readonly ipv6: Ipv6Prefix | undefined;
}

export interface Vpc {
  readonly id: string;
  /** Empty for one that nobody has declared: its subnets are its blocks then. */
  readonly blocks: readonly Prefix[];
  /** Attached to it, if any. */
  readonly internetGatewayId: string | undefined;
}

/** Routes to what is inside the VPC are not in here: every table has them. */
export interface Route {
  readonly destination: Prefix;
  readonly target: RouteTarget;
}

export type RouteTarget =
  | { readonly kind: 'gateway'; readonly gatewayId: string }
  | { readonly kind: 'interface'; readonly eniId: string };

export interface RouteTable {
  readonly id: string;
  readonly vpcId: string;
  /** Of every subnet of the VPC that has no table of its own. */
  readonly main: boolean;
  readonly associations: readonly RouteTableAssociation[];
  readonly routes: readonly Route[];
  readonly tags: Tags;
}

interface RouteTableAssociation {
  readonly id: string;
  /** Absent in a main table's own. */
  readonly subnetId: string | undefined;
}

export interface SecurityGroup {
  readonly id: string;
  readonly name: string;
  readonly vpcId: string;
  /** With rules it lets everything in and out, without any it lets nothing. */
  readonly hasRules: boolean;
  readonly tags: Tags;
}

/** An Elastic IP address. */
export interface ElasticIp {
  readonly allocationId: string;
  readonly publicIp: string;
  readonly tags: Tags;
  /** With a private address: whichever interface has that has the public one too. */
  readonly association: { readonly id: string; readonly privateAddress: string } | undefined;
}

export interface Volume {
  readonly id: string;
  readonly availabilityZone: string;
  readonly sizeGib: number;
  readonly createdAtMs: number;
  readonly tags: Tags;
  readonly attachment: VolumeAttachment | undefined;
}

export interface VolumeAttachment {
  readonly instanceId: string;
  readonly device: string;
  readonly state: 'attaching' | 'attached' | 'detaching' | 'busy';
  readonly attachedAtMs: number;
  readonly deleteOnTermination: boolean;
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
  /** In canonical form. */
  readonly ipv6Addresses: readonly string[];
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
