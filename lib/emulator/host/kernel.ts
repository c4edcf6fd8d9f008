/**
 * The part of a Linux kernel that decides where a packet goes: devices, IPv4 addresses, policy rules and routes.
 * No commands and no text in here; every refusal carries the kernel's own words, as `ip` prints them.
 * What it does is compared with a real kernel by the cases in test/host.
 */
import { blockOf, contains, type Prefix } from './ipv4.ts';

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
  readonly address: number;
  readonly length: number;
  /** Of the prefix route that comes with the address. */
  readonly metric: number;
  readonly broadcast: boolean;
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
  readonly via: number | undefined;
  readonly device: string;
  readonly src: number | undefined;
  readonly metric: number;
  readonly proto: 'kernel' | 'dhcp' | 'static' | undefined;
}

export type Decision =
  | { readonly kind: 'local' }
  | { readonly kind: 'forward'; readonly device: Device; readonly route: Route; readonly src: number }
  | { readonly kind: 'unreachable' };

/** The kernel, or `ip` for it, says no. */
export class Refused extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 2) {
    super(message);
    this.exitCode = exitCode;
  }
}

export const mainTable = 254;
export const localTable = 255;
const defaultTable = 253;
const everything: Prefix = { base: 0, length: 0 };

export class Kernel {
  #devices: Device[] = [];
  #addresses: Address[] = [];
  #rules: Rule[] = [];
  #routes: Route[] = [];
  #nextIndex = 1;
  readonly #linkCameUp: (device: string) => void;

  /** `linkCameUp` is what a network manager listens to: a device has become up and has carrier. */
  constructor(linkCameUp: (device: string) => void = () => undefined) {
    this.#linkCameUp = linkCameUp;
    this.addDevice({ name: 'lo', mac: '00:00:00:00:00:00', loopback: true, carrier: true });
    this.setAdmin('lo', true);
    this.addAddress({ device: 'lo', address: 0x7f000001, length: 8, metric: 0, broadcast: false });
    for (const [priority, table] of [
      [0, localTable],
      [32766, mainTable],
      [32767, defaultTable],
    ] as const)
      this.addRule({ priority, from: undefined, table });
  }

  // ---- Devices

  get devices(): readonly Device[] {
    return this.#devices;
  }

  device(name: string): Device {
    const device = this.#devices.find((each) => each.name === name);
    if (device === undefined) throw new Refused(`Cannot find device "${name}"`, 1);
    return device;
  }

  addDevice(device: Pick<Device, 'name' | 'mac' | 'loopback' | 'carrier'>): void {
    this.#devices.push({ ...device, index: this.#nextIndex++, admin: false });
  }

  removeDevice(name: string): void {
    this.#devices = this.#devices.filter((each) => each.name !== name);
    this.#addresses = this.#addresses.filter((each) => each.device !== name);
    this.#routes = this.#routes.filter((each) => each.device !== name);
  }

  /** Down takes every route through the device along; up brings back only those that come with its addresses. */
  setAdmin(name: string, up: boolean): void {
    const device = this.device(name);
    if (device.admin === up) return;
    device.admin = up;
    if (up)
      for (const each of this.#addresses.filter(({ device: on }) => on === name)) this.#addPrefixRoute(each);
    else this.#routes = this.#routes.filter((each) => each.device !== name);
    if (up && device.carrier) this.#linkCameUp(name);
  }

  /** Routes through a device without carrier stay, as with `ignore_routes_with_linkdown` 0: packets are lost. */
  setCarrier(name: string, carrier: boolean): void {
    const device = this.device(name);
    if (device.carrier === carrier) return;
    device.carrier = carrier;
    if (carrier && device.admin) this.#linkCameUp(name);
  }

  // ---- Addresses

  get addresses(): readonly Address[] {
    return this.#addresses;
  }

  isOwn(address: number): boolean {
    return this.#addresses.some(
      (each) => each.address === address || (each.length === 8 && contains(loopback, address)),
    );
  }

  addAddress(added: Address): void {
    const { admin } = this.device(added.device);
    if (this.#addresses.some((each) => isSameAddress(each, added)))
      throw new Refused('Error: ipv4: Address already assigned.');
    this.#addresses.push(added);
    if (admin) this.#addPrefixRoute(added);
  }

  /** With `promote_secondaries` 1, which systemd sets: the others of its subnet stay. */
  deleteAddress(deleted: Pick<Address, 'device' | 'address' | 'length'>): void {
    this.device(deleted.device);
    const index = this.#addresses.findIndex((each) => isSameAddress(each, deleted));
    const [gone] = index === -1 ? [] : this.#addresses.splice(index, 1);
    if (gone === undefined) throw new Refused('Error: ipv4: Address not found.');
    const lostSource = !this.isOwn(gone.address);
    this.#routes = this.#routes.filter(
      (each) =>
        !(each.proto === 'kernel' && each.device === gone.device && each.src === gone.address) &&
        !(lostSource && each.src === gone.address),
    );
    const heir = this.#addresses.find((each) => isSameSubnet(each, gone));
    if (heir !== undefined && this.device(gone.device).admin) this.#addPrefixRoute(heir);
  }

  /** True for an address that came after another of its subnet. */
  isSecondary(address: Address): boolean {
    return this.#addresses.find((each) => isSameSubnet(each, address)) !== address;
  }

  #addPrefixRoute(added: Address): void {
    if (added.length === 32 || this.device(added.device).loopback || this.isSecondary(added)) return;
    if (
      this.#routes.some(
        (each) => each.proto === 'kernel' && each.device === added.device && each.src === added.address,
      )
    )
      return;
    const to = { base: blockOf(added.address, added.length), length: added.length };
    const { device, metric, address: src } = added;
    this.#insert({ table: mainTable, to, via: undefined, device, src, metric, proto: 'kernel' });
  }

  // ---- Rules

  /** As the kernel asks them: by priority, equal ones in the order they were added. */
  get rules(): readonly Rule[] {
    return this.#rules;
  }

  addRule(rule: Rule): void {
    if (this.#rules.some((each) => isSameRule(each, rule)))
      throw new Refused('RTNETLINK answers: File exists');
    const index = this.#rules.findIndex((each) => each.priority > rule.priority);
    this.#rules.splice(index === -1 ? this.#rules.length : index, 0, rule);
  }

  /** Deletes the first that matches what is given. */
  deleteRule(wanted: { readonly [Field in keyof Rule]: Rule[Field] | 'any' }): void {
    const index = this.#rules.findIndex(
      (each) =>
        (wanted.priority === 'any' || each.priority === wanted.priority) &&
        (wanted.table === 'any' || each.table === wanted.table) &&
        (wanted.from === 'any' || isSamePrefix(each.from, wanted.from)),
    );
    if (index === -1) throw new Refused('RTNETLINK answers: No such file or directory');
    this.#rules.splice(index, 1);
  }

  // ---- Routes

  /** Without the table `local`, which follows the addresses. */
  get routes(): readonly Route[] {
    return this.#routes;
  }

  addRoute(route: Route, how: 'add' | 'replace'): void {
    const { admin } = this.device(route.device);
    if (!admin) throw new Refused(route.via === undefined ? 'RTNETLINK answers: Network is down' : noGateway);
    if (route.src !== undefined && !this.isOwn(route.src))
      throw new Refused('Error: Invalid prefsrc address.');
    if (route.via !== undefined && !this.#isOnLink(route.via, route.device, route.table))
      throw new Refused(noGateway);
    const index = this.#routes.findIndex((each) => isSameRoute(each, route));
    if (index !== -1 && how === 'add') throw new Refused('RTNETLINK answers: File exists');
    if (index !== -1) this.#routes.splice(index, 1);
    this.#insert(route);
  }

  deleteRoute(wanted: Pick<Route, 'table' | 'to'> & { readonly device: string | undefined }): void {
    const index = this.#routes.findIndex(
      (each) =>
        each.table === wanted.table &&
        isSamePrefix(each.to, wanted.to) &&
        (wanted.device === undefined || each.device === wanted.device),
    );
    if (index === -1) throw new Refused('RTNETLINK answers: No such process');
    this.#routes.splice(index, 1);
  }

  flushTable(table: number): void {
    this.#routes = this.#routes.filter((each) => each.table !== table);
  }

  /** Where a packet goes; without a source the kernel chooses one, and asks the rules as for none. */
  decide(source: number | undefined, target: number): Decision {
    if (source !== undefined && !this.isOwn(source)) return { kind: 'unreachable' };
    for (const rule of this.#rules) {
      if (rule.from !== undefined && (source === undefined || !contains(rule.from, source))) continue;
      if (rule.table === localTable && this.isOwn(target)) return { kind: 'local' };
      const route = this.#lookup(rule.table, target);
      if (route === undefined) continue;
      return {
        kind: 'forward',
        device: this.device(route.device),
        route,
        src: source ?? this.#sourceFor(route),
      };
    }
    return { kind: 'unreachable' };
  }

  #lookup(table: number, target: number): Route | undefined {
    return this.#routes
      .filter((each) => each.table === table && contains(each.to, target))
      .toSorted((a, b) => b.to.length - a.to.length || a.metric - b.metric)[0];
  }

  #sourceFor(route: Route): number {
    return route.src ?? this.#addresses.find((each) => each.device === route.device)?.address ?? 0;
  }

  #isOnLink(via: number, device: string, table: number): boolean {
    return this.#routes.some(
      (each) =>
        each.device === device &&
        each.via === undefined &&
        (each.table === table || each.table === mainTable) &&
        contains(each.to, via),
    );
  }

  /** Kept as `ip route show` lists them: by table, then by destination, then by metric; the oldest of equals first. */
  #insert(route: Route): void {
    const index = this.#routes.findIndex((each) => compareRoutes(route, each) < 0);
    this.#routes.splice(index === -1 ? this.#routes.length : index, 0, route);
  }
}

const loopback: Prefix = { base: 0x7f000000, length: 8 };
const noGateway = 'Error: Nexthop has invalid gateway.';

function isSameAddress(a: Pick<Address, 'device' | 'address' | 'length'>, b: typeof a): boolean {
  return a.device === b.device && a.address === b.address && a.length === b.length;
}

function isSameSubnet(a: Address, b: Address): boolean {
  return (
    a.device === b.device &&
    a.length === b.length &&
    blockOf(a.address, a.length) === blockOf(b.address, b.length)
  );
}

function isSamePrefix(a: Prefix | undefined, b: Prefix | undefined): boolean {
  return (
    (a ?? everything).base === (b ?? everything).base && (a ?? everything).length === (b ?? everything).length
  );
}

function isSameRule(a: Rule, b: Rule): boolean {
  return a.priority === b.priority && a.table === b.table && isSamePrefix(a.from, b.from);
}

/** What the kernel takes for the same route: destination and metric, not the way there. */
function isSameRoute(a: Route, b: Route): boolean {
  return a.table === b.table && isSamePrefix(a.to, b.to) && a.metric === b.metric;
}

function compareRoutes(a: Route, b: Route): number {
  return a.table - b.table || a.to.base - b.to.base || a.to.length - b.to.length || a.metric - b.metric;
}
