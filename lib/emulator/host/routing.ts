/** The nouns of a model kernel: what it routes by, and what it answers. Addresses are numbers, of either family. */
import type { Prefix } from './family.ts';

export interface Device {
  readonly index: number;
  readonly name: string;
  readonly mac: string;
  readonly loopback: boolean;
  /** What `ip link set up|down` says. */
  admin: boolean;
  /** What the wire says. */
  carrier: boolean;
}

export interface Address {
  readonly device: string;
  readonly address: bigint;
  readonly length: number;
  /** Of the prefix route that comes with an IPv4 address; 0 when left out. */
  readonly metric?: number;
  readonly broadcast?: boolean;
  /** Of IPv6: added without a search for duplicates. */
  readonly nodad?: boolean;
  /** Of IPv6: not to be taken as a source by itself. */
  readonly deprecated?: boolean;
}

export interface Rule {
  readonly priority: number;
  /** `undefined`: from all. */
  readonly from: Prefix | undefined;
  readonly table: number;
}

export interface Route {
  readonly table: number;
  readonly to: Prefix;
  readonly via: bigint | undefined;
  readonly device: string;
  readonly src: bigint | undefined;
  readonly metric: number;
  readonly proto: 'kernel' | 'dhcp' | 'ra' | 'static' | undefined;
}

export type Decision =
  | { readonly kind: 'local' }
  | { readonly kind: 'forward'; readonly device: Device; readonly route: Route; readonly src: bigint }
  | { readonly kind: 'unreachable' };

/** The kernel, or `ip` for it, says no. */
export class Refused extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 2) {
    super(message);
    this.exitCode = exitCode;
  }
}

export const defaultTable = 253;
export const mainTable = 254;
export const localTable = 255;
