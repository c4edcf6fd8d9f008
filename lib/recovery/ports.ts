/**
 * What a recovery needs of the world, one port per thing. Looks return a Reading (found, absent, could-not-look);
 * effects throw a Fault, and whoever calls them looks again instead of believing the absence of an exception.
 */
import type { Announcement } from './announcement.ts';
import type { HostAction, HostAnswer } from './answer.ts';
import type { AuditRecord } from './audit.ts';
import type { DependentDefinition, DependentPlace, DependentView } from './dependent.ts';
import type { Incident } from './escalation.ts';
import type { Held, MechanismKind } from './mechanism.ts';
import type { AddressView, FleetView, InstancesView } from './observation.ts';
import type { Reading } from './reading.ts';
import type { Claim, Intent, ResourceRecord } from './resource.ts';
import type { Word } from './word.ts';

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

export interface Addresses {
  /** The named interfaces, and every interface that owns the address. Never `absent`. */
  look(eniIds: readonly string[], held: Held): Promise<Reading<AddressView>>;
  /** The same for many addresses at once, in their order: EC2's token buckets are small. */
  lookAll(eniIds: readonly string[], held: readonly Held[]): Promise<Reading<readonly AddressView[]>>;
  /**
   * Makes `eniId` the owner of all of them, or of none. Secondary private addresses: one AssignPrivateIpAddresses with
   * AllowReassignment, because unassigning first would drop the Elastic IP and leave nobody owning the address. Of other
   * mechanisms one at a time. @throws Fault; after `no-answer` it may have taken effect
   */
  move(held: readonly Held[], eniId: string): Promise<void>;
}

export interface Instances {
  /** Instances that EC2 does not know are missing from the answer. Never `absent`. */
  look(instanceIds: readonly string[]): Promise<Reading<InstancesView>>;
  /** Who stopped it, by EC2's state reason: a person or program that asked for it, or a failure. */
  whyStopped(instanceId: string): Promise<Reading<'asked-for' | 'failed'>>;
  /** Those of them whose agent Systems Manager hears; up to five minutes old, so only its silence says something. */
  reachable(instanceIds: readonly string[]): Promise<Reading<ReadonlySet<string>>>;
}

export interface HostQuestion {
  readonly action: HostAction;
  readonly mechanism: MechanismKind;
  /** As the host has it: of an Elastic IP the interface's own private address. */
  readonly address: string;
  readonly mac: string;
  readonly subnet: string;
  readonly pingList: readonly string[];
}

export interface Hosts {
  /**
   * Never `absent`: a host that does not answer within `deadlineMs` could not be looked at. Once `over` is aborted
   * nobody waits for the answer any more.
   */
  ask(
    instanceId: string,
    question: HostQuestion,
    deadlineMs: number,
    over?: { readonly aborted: boolean },
  ): Promise<Reading<HostAnswer>>;
}

type Noted = { readonly kind: 'kept'; readonly before: Word | null } | { readonly kind: 'outdated' };

/** What agents have said, the last word of each about each address. */
export interface Words {
  /** Keeps it unless a younger one is there, and gives the one before it. Twice is harmless. @throws Fault */
  note(word: Word): Promise<Noted>;
  last(tag: string, instanceId: string): Promise<Reading<Word>>;
}

export type ClaimResult =
  | { readonly kind: 'claimed'; readonly record: ResourceRecord }
  | { readonly kind: 'held'; readonly claim: Claim }
  | { readonly kind: 'absent' };

/** A write that only the holder of `epoch` may make. */
export type Guarded =
  | { readonly kind: 'current'; readonly record: ResourceRecord }
  | { readonly kind: 'superseded' };

/** What may be changed in a record; the claim and the epoch move only through the ledger's own verbs. */
export type Change = Partial<Omit<ResourceRecord, 'version' | 'tag' | 'claim'>>;

export interface Ledger {
  /** Creates the record unless there is one. @throws Fault */
  register(record: ResourceRecord): Promise<void>;
  read(tag: string): Promise<Reading<ResourceRecord>>;
  /**
   * Takes the claim when it is free or has expired: epoch + 1. With `fromEpoch`, takes it over from exactly that
   * epoch instead, whoever holds it: how a failover follows the recovery that started it. @throws Fault
   */
  claim(
    tag: string,
    wish: {
      readonly holder: string;
      readonly nowMs: number;
      readonly untilMs: number;
      readonly fromEpoch?: number;
    },
  ): Promise<ClaimResult>;
  /** Writes down what is about to be done, renews the claim, and returns the record as it now is. @throws Fault */
  intend(tag: string, epoch: number, intent: Intent, untilMs: number): Promise<Guarded>;
  /** Applies the change in one write; `release` gives the claim back. @throws Fault */
  commit(tag: string, epoch: number, change: Change, release: boolean): Promise<Guarded>;
  fleet(): Promise<Reading<FleetView>>;
  /**
   * Counts an automatic failover of `tag` unless `max` other resources were counted after `sinceMs`. A resource counts
   * once in a window, however often it tries: one that cannot come up must not brake the fleet. @throws Fault
   */
  takeFailover(tag: string, nowMs: number, sinceMs: number, max: number): Promise<'taken' | 'brake'>;
}

export interface Failovers {
  /** Twice under the same name is once. @throws Fault */
  start(incident: Incident): Promise<void>;
}

/** What depends on an address, each kind by its own means. */
export interface Dependents {
  /** Never `absent`. */
  look(dependent: DependentDefinition, at: DependentPlace): Promise<Reading<DependentView>>;
  /**
   * Brings it in service there; nothing to do is no fault. What it came to only a look can tell. @throws Fault
   * @param order rises with the claim's epoch: a host refuses what is older than the last that ran
   */
  start(dependent: DependentDefinition, at: DependentPlace, order: number): Promise<void>;
  stop(dependent: DependentDefinition, at: DependentPlace, order: number): Promise<void>;
}

/** Makes sure that a server can no longer do anything with what is taken from it. */
export interface Fences {
  /** Asks EC2 to stop the instance, without its operating system's consent if need be. @throws Fault */
  stop(instanceId: string): Promise<void>;
  /** Gives the interfaces this security group and no other. @throws Fault */
  isolate(eniIds: readonly string[], securityGroup: string): Promise<void>;
  /** Of the interfaces. Never `absent`. */
  isolated(eniIds: readonly string[], securityGroup: string): Promise<Reading<boolean>>;
}

export interface Announcements {
  /** Tells the rest of the account. @throws Fault */
  tell(announcements: readonly Announcement[]): Promise<void>;
}

export interface Audit {
  /** Writing the same record twice is harmless. @throws Fault */
  write(record: AuditRecord): Promise<void>;
}

export interface Page {
  /** The resource that it is about. */
  readonly tag: string;
  readonly subject: string;
  readonly text: string;
}

export interface Pages {
  /** Calls a person, by every way there is. @throws Fault that names the ways that failed, if any did */
  page(page: Page): Promise<void>;
}

/** How many private addresses an interface has, and may have. */
export interface Slots {
  readonly used: number;
  readonly most: number;
}

export interface SlotLooks {
  look(eniId: string): Promise<Reading<Slots>>;
}

/** What a failover needs beyond a recovery. */
export interface FailoverPorts extends Ports {
  readonly dependents: Dependents;
  readonly fences: Fences;
  readonly slots: SlotLooks;
}

export interface Ports {
  readonly clock: Clock;
  readonly addresses: Addresses;
  readonly instances: Instances;
  readonly hosts: Hosts;
  readonly words: Words;
  readonly ledger: Ledger;
  readonly audit: Audit;
  readonly announcements: Announcements;
  readonly pages: Pages;
}
