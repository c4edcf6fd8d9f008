/**
 * A small world for the fakes: interfaces and who owns which address, instances, and on each an operating system with
 * links, addresses and policy rules. EC2's rule that an address has one owner is kept by the shape of `owners`.
 */
import type { FleetDefinition } from '../../lib/recovery/fleet.ts';
import type { Mechanism } from '../../lib/recovery/mechanism.ts';
import type { InstanceView, InterfaceView } from '../../lib/recovery/observation.ts';
import { type ManualClock, manualClock } from './clock.ts';
import { Faults } from './faults.ts';

type Link = 'up' | 'down' | 'broken';

export interface Eni extends InterfaceView {
  readonly device: string;
}

/** One machine's operating system, as far as one address script sees it. */
export interface Guest {
  /** Answers over Systems Manager at all. */
  answers: boolean;
  /** Systems Manager has heard its agent in the last five minutes. */
  heard: boolean;
  /** `down` can be set up again by the script, `broken` cannot; up when absent. */
  readonly links: Map<string, Link>;
  /** Devices that have the address, by address. */
  readonly addresses: Map<string, Set<string>>;
  /** The device that an address's policy rule leads to. */
  readonly rules: Map<string, string>;
  /** Devices through which nothing is answered. */
  readonly deadPaths: Set<string>;
}

export const subnetId = 'subnet-1';

export class World {
  readonly clock: ManualClock;
  readonly faults = new Faults();
  readonly enis = new Map<string, Eni>();
  /** ENI id by address, of private addresses: one owner, as EC2 has it. */
  readonly owners = new Map<string, string>();
  /** What each route table's route to an overlay address points to: table, then address, then target. */
  readonly routes = new Map<string, Map<string, string>>();
  /** ENI id by allocation id, of Elastic IPs that are associated. */
  readonly elastic = new Map<string, string>();
  /** How each protected address moves; a secondary private address unless told. */
  readonly mechanisms = new Map<string, Mechanism>();
  /** Route tables that refuse every change. */
  readonly refusingTables = new Set<string>();
  /** Every change of owner, in order. */
  readonly moves: { readonly address: string; readonly eniId: string }[] = [];
  readonly instances = new Map<string, InstanceView>();
  /** By EC2's state reason, of those that were stopped. */
  readonly stopReasons = new Map<string, 'asked-for' | 'failed'>();
  readonly guests = new Map<string, Guest>();
  /** How many looks still show what was before the last move: EC2 is eventually consistent. */
  staleLooks = 0;
  /** ENIs with no room for another address. */
  readonly full = new Set<string>();

  constructor(clock: ManualClock = manualClock()) {
    this.clock = clock;
  }

  addServer(
    instanceId: string,
    devices: { readonly [device: string]: { eniId: string; address: string } },
    subnet: string = subnetId,
  ) {
    this.instances.set(instanceId, { state: 'running', systemStatus: 'ok', instanceStatus: 'ok' });
    for (const [device, { eniId, address }] of Object.entries(devices))
      this.enis.set(eniId, {
        eniId,
        device,
        mac: macOf(eniId),
        subnetId: subnet,
        primaryAddress: address,
        instanceId,
        securityGroups: ['sg-1'],
        sourceDestCheck: true,
      });
    this.guests.set(instanceId, {
      answers: true,
      heard: true,
      links: new Map(),
      addresses: new Map(),
      rules: new Map(),
      deadPaths: new Set(),
    });
  }

  /** Puts an address in service on an interface, in EC2 and in the operating system. */
  serve(address: string, eniId: string): void {
    const eni = this.eni(eniId);
    this.own(address, eniId);
    const guest = this.guest(eni.instanceId ?? '');
    const there = this.#onHost(address, eni);
    guest.addresses.set(there, new Set([eni.device]));
    guest.rules.set(there, eni.device);
  }

  /** In EC2 alone, by whatever mechanism the address has. */
  own(address: string, eniId: string): void {
    const mechanism = this.mechanisms.get(address) ?? { kind: 'secondary' };
    if (mechanism.kind === 'elastic') this.elastic.set(mechanism.allocationId, eniId);
    else if (mechanism.kind === 'overlay')
      for (const table of mechanism.routeTables) this.route(table, address, eniId);
    else this.owners.set(address, eniId);
  }

  /** `null` deletes the route. */
  route(table: string, address: string, target: string | null): void {
    const routes = this.routes.get(table) ?? new Map<string, string>();
    if (target === null) routes.delete(address);
    else routes.set(address, target);
    this.routes.set(table, routes);
  }

  /** Whatever owns the address in EC2: more than one while route tables disagree. */
  ownersOf(address: string): readonly string[] {
    const mechanism = this.mechanisms.get(address) ?? { kind: 'secondary' };
    const targets =
      mechanism.kind === 'elastic'
        ? [this.elastic.get(mechanism.allocationId)]
        : mechanism.kind === 'overlay'
          ? mechanism.routeTables.map((table) => this.routes.get(table)?.get(address))
          : [this.owners.get(address)];
    return [...new Set(targets.filter((each) => each !== undefined))];
  }

  /** Of an Elastic IP the operating system has the interface's own address. */
  #onHost(address: string, eni: Eni): string {
    return this.mechanisms.get(address)?.kind === 'elastic' ? eni.primaryAddress : address;
  }

  eni(eniId: string): Eni {
    const eni = this.enis.get(eniId);
    if (eni === undefined) throw new Error(`the test's world has no interface ${eniId}`);
    return eni;
  }

  guest(instanceId: string): Guest {
    const guest = this.guests.get(instanceId);
    if (guest === undefined) throw new Error(`the test's world has no instance ${instanceId}`);
    return guest;
  }

  change(eniId: string, change: Partial<InterfaceView>): void {
    this.enis.set(eniId, { ...this.eni(eniId), ...change });
  }

  setInstance(instanceId: string, change: Partial<InstanceView>): void {
    const current = this.instances.get(instanceId);
    if (current === undefined) throw new Error(`the test's world has no instance ${instanceId}`);
    this.instances.set(instanceId, { ...current, ...change });
  }

  /** EC2 says stopped, nobody answers, and the operating system forgets what was set by hand. A power cut unless told. */
  stop(instanceId: string, why: 'asked-for' | 'failed' = 'failed'): void {
    this.stopReasons.set(instanceId, why);
    this.setInstance(instanceId, {
      state: 'stopped',
      systemStatus: 'not-applicable',
      instanceStatus: 'not-applicable',
    });
    const guest = this.guest(instanceId);
    guest.answers = false;
    guest.addresses.clear();
    guest.rules.clear();
  }

  /** Whether packets to the address are really answered: owner, device, link and path all agree. */
  inService(address: string): boolean {
    const [owner = '', ...others] = this.ownersOf(address);
    const eni = this.enis.get(owner);
    if (eni?.instanceId === null || eni === undefined || others.length > 0) return false;
    if (this.instances.get(eni.instanceId)?.state !== 'running') return false;
    const guest = this.guest(eni.instanceId);
    const there = this.#onHost(address, eni);
    // The VPC drops what comes for an address that is not the interface's own.
    if (this.mechanisms.get(address)?.kind === 'overlay' && eni.sourceDestCheck) return false;
    return (
      (guest.links.get(eni.device) ?? 'up') === 'up' &&
      guest.addresses.get(there)?.has(eni.device) === true &&
      guest.rules.get(there) === eni.device &&
      !guest.deadPaths.has(eni.device)
    );
  }
}

export function macOf(eniId: string): string {
  const digits = [...eniId].map((letter) => letter.charCodeAt(0) % 256);
  const last = digits.slice(-2).map((digit) => digit.toString(16).padStart(2, '0'));
  return `02:00:00:00:${last.join(':')}`;
}

/** @param subnet of a server, as the fleet's definition has it */
export function subnetIdOf(subnet: string | undefined): string {
  return subnet === undefined ? subnetId : `subnet-of-${subnet}`;
}

/** Interfaces that get packets for an overlay address need the source/destination check off. */
export function checksNoSource(fleet: FleetDefinition): boolean {
  return fleet.resources.some(({ mechanism }) => mechanism?.kind === 'overlay');
}

/** A world in which every address of the fleet is in service where its definition wants it first. */
export function worldOf(fleet: FleetDefinition, clock: ManualClock = manualClock()): World {
  const world = new World(clock);
  for (const { instanceId, interfaces, subnet } of Object.values(fleet.servers))
    world.addServer(instanceId, interfaces, subnetIdOf(subnet));
  if (checksNoSource(fleet))
    for (const eniId of world.enis.keys()) world.change(eniId, { sourceDestCheck: false });
  for (const { address, mechanism, candidates } of fleet.resources) {
    if (mechanism !== undefined) world.mechanisms.set(address, mechanism);
    const [first] = candidates;
    const eniId = fleet.servers[first?.server ?? '']?.interfaces[first?.interface ?? '']?.eniId;
    if (eniId !== undefined) world.serve(address, eniId);
  }
  return world;
}
