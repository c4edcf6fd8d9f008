/** What tests and the demo ask for when they build the world. A plan that AWS could not have is refused. */
import type { HostDriver } from '../host/driver.ts';
import type { Tags } from './records.ts';

/** What a host driver is built from; its interfaces are plugged in afterwards, then it boots. */
interface Wiring {
  readonly instanceId: string;
  /** Of the Name tag. */
  readonly name: string;
}

export interface SubnetPlan {
  readonly id?: string;
  readonly cidr: string;
  readonly vpcId?: string;
  readonly availabilityZone?: string;
  /** A /64, such as `2001:db8:1::/64`. */
  readonly ipv6Cidr?: string;
}

export interface InterfacePlan {
  readonly id?: string;
  readonly subnetId: string;
  readonly privateAddress: string;
  readonly macAddress?: string;
  readonly securityGroupIds?: readonly string[];
  readonly sourceDestCheck?: boolean;
  readonly secondaryAddresses?: readonly string[];
  readonly ipv6Addresses?: readonly string[];
  readonly tags?: Tags;
}

export interface InstancePlan {
  readonly id?: string;
  readonly name?: string;
  readonly type: string;
  /** The place in the list is the device index. */
  readonly interfaces: readonly { readonly eniId: string; readonly device: string }[];
  readonly host: (wiring: Wiring) => HostDriver;
  readonly tags?: Tags;
  /** Of the account; it stands for the instance profile that holds it. */
  readonly role?: string;
}
