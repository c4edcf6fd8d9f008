/**
 * A small world for the fakes: interfaces and who owns which address, instances, and on each an operating system with
 * links, addresses and policy rules. EC2's rule that an address has one owner is kept by the shape of `owners`.
 */
import type { FleetDefinition } from '../../lib/recovery/fleet.ts';
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
  /** ENI id by address: one owner, as EC2 has it. */
  readonly owners = new Map<string, string>();
  /** Every change of owner, in order. */
  readonly moves: { readonly address: string; readonly eniId: string }[] = [];
  readonly instances = new Map<string, InstanceView>();
  readonly guests = new Map<string, Guest>();
  /** How many looks still show what was before the last move: EC2 is eventually consistent. */
  staleLooks = 0;
  /** ENIs with no room for another address. */
  readonly full = new Set<string>();

  constructor(clock: ManualClock = manualClock()) {
    this.clock = clock;
  }

  addServer(instanceId: string, devices: { readonly [device: string]: { eniId: string; address: string } }) {
    this.instances.set(instanceId, { state: 'running', systemStatus: 'ok', instanceStatus: 'ok' });
    for (const [device, { eniId, address }] of Object.entries(devices))
      this.enis.set(eniId, {
        eniId,
        device,
        mac: macOf(eniId),
        subnetId,
        primaryAddress: address,
        instanceId,
        securityGroups: ['sg-1'],
        sourceDestCheck: true,
      });
    this.guests.set(instanceId, {
      answers: true,
      links: new Map(),
      addresses: new Map(),
      rules: new Map(),
      deadPaths: new Set(),
    });
  }

  /** Puts an address in service on an interface, in EC2 and in the operating system. */
  serve(address: string, eniId: string): void {
    const eni = this.eni(eniId);
    this.owners.set(address, eniId);
    const guest = this.guest(eni.instanceId ?? '');
    guest.addresses.set(address, new Set([eni.device]));
    guest.rules.set(address, eni.device);
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

  /** A power cut: EC2 says stopped, nobody answers, and the operating system forgets what was set by hand. */
  stop(instanceId: string): void {
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
    const eni = this.enis.get(this.owners.get(address) ?? '');
    if (eni?.instanceId === null || eni === undefined) return false;
    if (this.instances.get(eni.instanceId)?.state !== 'running') return false;
    const guest = this.guest(eni.instanceId);
    return (
      (guest.links.get(eni.device) ?? 'up') === 'up' &&
      guest.addresses.get(address)?.has(eni.device) === true &&
      guest.rules.get(address) === eni.device &&
      !guest.deadPaths.has(eni.device)
    );
  }
}

export function macOf(eniId: string): string {
  const digits = [...eniId].map((letter) => letter.charCodeAt(0) % 256);
  const last = digits.slice(-2).map((digit) => digit.toString(16).padStart(2, '0'));
  return `02:00:00:00:${last.join(':')}`;
}

/** A world in which every address of the fleet is in service where its definition wants it first. */
export function worldOf(fleet: FleetDefinition, clock: ManualClock = manualClock()): World {
  const world = new World(clock);
  for (const server of Object.values(fleet.servers)) world.addServer(server.instanceId, server.interfaces);
  for (const { address, candidates } of fleet.resources) {
    const [first] = candidates;
    const eniId = fleet.servers[first?.server ?? '']?.interfaces[first?.interface ?? '']?.eniId;
    if (eniId !== undefined) world.serve(address, eniId);
  }
  return world;
}
