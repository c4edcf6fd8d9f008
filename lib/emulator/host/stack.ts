/**
 * Addresses, policy rules and routes of one family in a model kernel. Where the families differ:
 * - A device that goes down loses its IPv6 addresses, and keeps those of IPv4.
 * - Every device that is up has a link-local IPv6 address of its own.
 * - IPv6 has no secondary addresses: each has a prefix route, one of a whole address too.
 */
import { addressIn, blockOf, contains, type Family, type Prefix } from './family.ts';
import {
  type Address,
  type Decision,
  type Device,
  defaultTable,
  localTable,
  mainTable,
  Refused,
  type Route,
  type Rule,
} from './routing.ts';

/** Of prefix routes of IPv6. */
const prefixMetric = 256;
const linkLocal: Prefix = { base: addressIn('fe80::'), length: 64 };
const loopback: Prefix = { base: addressIn('127.0.0.0'), length: 8 };
const everything: Prefix = { base: 0n, length: 0 };

export class Stack {
  readonly family: Family;
  #addresses: Address[] = [];
  readonly #rules: Rule[] = [];
  #routes: Route[] = [];
  /** Of IPv6: a table that has been named stays, however empty it is. */
  readonly #namedTables = new Set<number>();
  readonly #device: (name: string) => Device;

  constructor(family: Family, device: (name: string) => Device) {
    this.family = family;
    this.#device = device;
    this.addRule({ priority: 0, from: undefined, table: localTable });
    this.addRule({ priority: 32766, from: undefined, table: mainTable });
    if (family.version === 4) this.addRule({ priority: 32767, from: undefined, table: defaultTable });
  }

  // ---- Devices

  deviceUp({ name, mac, loopback: isLoopback }: Device): void {
    if (this.family.version === 6 && !isLoopback) {
      const address = linkLocalOf(mac);
      if (!this.isOwn(address)) this.addAddress({ device: name, address, length: linkLocal.length });
    }
    for (const each of this.#addresses.filter(({ device }) => device === name)) this.#addPrefixRoute(each);
  }

  deviceDown(name: string): void {
    this.#routes = this.#routes.filter(({ device }) => device !== name);
    if (this.family.version === 6) this.#addresses = this.#addresses.filter(({ device }) => device !== name);
  }

  deviceGone(name: string): void {
    this.#routes = this.#routes.filter(({ device }) => device !== name);
    this.#addresses = this.#addresses.filter(({ device }) => device !== name);
  }

  // ---- Addresses

  get addresses(): readonly Address[] {
    return this.#addresses;
  }

  isOwn(address: bigint): boolean {
    return this.#addresses.some(
      (each) =>
        each.address === address ||
        (this.family.version === 4 && each.length === 8 && contains(this.family, loopback, address)),
    );
  }

  addAddress(added: Address): void {
    const { admin } = this.#device(added.device);
    if (this.#addresses.some((each) => this.#isSameAddress(each, added)))
      throw new Refused(
        this.family.version === 4
          ? 'Error: ipv4: Address already assigned.'
          : 'Error: ipv6: address already assigned.',
      );
    this.#addresses.splice(this.#placeOf(added), 0, added);
    if (admin) this.#addPrefixRoute(added);
  }

  /** As `ip addr replace`: what is there stays, with the new marks. */
  replaceAddress(wanted: Address): void {
    const index = this.#addresses.findIndex((each) => this.#isSameAddress(each, wanted));
    if (index === -1) this.addAddress(wanted);
    else this.#addresses[index] = { ...this.#addresses[index], ...wanted };
  }

  /** With `promote_secondaries` 1, which systemd sets: the others of its subnet stay. */
  deleteAddress(deleted: Pick<Address, 'device' | 'address' | 'length'>): void {
    const { admin } = this.#device(deleted.device);
    const index = this.#addresses.findIndex(
      (each) => this.#isSameAddress(each, deleted) && each.length === deleted.length,
    );
    const [gone] = index === -1 ? [] : this.#addresses.splice(index, 1);
    if (gone === undefined)
      throw new Refused(
        this.family.version === 4 ? 'Error: ipv4: Address not found.' : 'Error: ipv6: address not found.',
      );
    const lostSource = !this.isOwn(gone.address);
    const heir = this.#addresses.find((each) => this.#isSameSubnet(each, gone));
    this.#routes = this.#routes.filter(
      (each) => !this.#isPrefixRouteOf(each, gone, heir) && !(lostSource && each.src === gone.address),
    );
    if (heir !== undefined && admin) this.#addPrefixRoute(heir);
  }

  /** True for an address that came after another of its subnet; IPv6 knows no such thing. */
  isSecondary(address: Address): boolean {
    return (
      this.family.version === 4 &&
      this.#addresses.find((each) => this.#isSameSubnet(each, address)) !== address
    );
  }

  isLinkLocal(address: bigint): boolean {
    return this.family.version === 6 && contains(this.family, linkLocal, address);
  }

  /** Of a device's IPv6 addresses the youngest comes first, and the link-local one last. */
  #placeOf(added: Address): number {
    const end = this.#addresses.length;
    if (this.family.version === 4 || this.isLinkLocal(added.address)) return end;
    const index = this.#addresses.findIndex(({ device }) => device === added.device);
    return index === -1 ? end : index;
  }

  #addPrefixRoute(added: Address): void {
    const { device, address, length, metric } = added;
    if (this.#device(device).loopback || this.isSecondary(added)) return;
    if (this.family.version === 4 && length === 32) return;
    if (this.#routes.some((each) => this.#isPrefixRouteOf(each, added, undefined))) return;
    const to = { base: blockOf(this.family, address, length), length };
    const common = { table: mainTable, to, via: undefined, device, proto: 'kernel' } as const;
    this.#insert(
      this.family.version === 4
        ? { ...common, src: address, metric: metric ?? 0 }
        : { ...common, src: undefined, metric: prefixMetric },
    );
  }

  /** The route of IPv6 has no source: whoever else is in its block keeps it. */
  #isPrefixRouteOf(route: Route, { device, address, length }: Address, heir: Address | undefined): boolean {
    if (route.proto !== 'kernel' || route.device !== device) return false;
    if (this.family.version === 4) return route.src === address;
    const to = { base: blockOf(this.family, address, length), length };
    return heir === undefined && isSamePrefix(route.to, to);
  }

  // ---- Rules

  /** As the kernel asks them: by priority, equal ones in the order they were added. */
  get rules(): readonly Rule[] {
    return this.#rules;
  }

  addRule(rule: Rule): void {
    if (this.#rules.some((each) => isSameRule(each, rule)))
      throw new Refused('RTNETLINK answers: File exists');
    this.#namedTables.add(rule.table);
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
    this.#refuseUnusable(route);
    const index = this.#routes.findIndex((each) => isSameRoute(each, route));
    if (index !== -1 && how === 'add') throw new Refused('RTNETLINK answers: File exists');
    if (index !== -1) this.#routes.splice(index, 1);
    this.#namedTables.add(route.table);
    this.#insert(route);
  }

  hasTable(table: number): boolean {
    if (this.family.version === 6) return this.#namedTables.has(table);
    return table === mainTable || this.#routes.some((each) => each.table === table);
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
  decide(source: bigint | undefined, target: bigint): Decision {
    if (source !== undefined && !this.isOwn(source)) return { kind: 'unreachable' };
    for (const { from, table } of this.#rules) {
      if (from !== undefined && (source === undefined || !contains(this.family, from, source))) continue;
      if (table === localTable && this.isOwn(target)) return { kind: 'local' };
      const route = this.#lookup(table, target);
      if (route === undefined) continue;
      const device = this.#device(route.device);
      return { kind: 'forward', device, route, src: source ?? this.#sourceFor(route) };
    }
    return { kind: 'unreachable' };
  }

  #refuseUnusable({ device, via, src, table }: Route): void {
    const { admin } = this.#device(device);
    if (!admin && this.family.version === 6) throw new Refused('Error: Nexthop device is not up.');
    if (!admin) throw new Refused(via === undefined ? 'RTNETLINK answers: Network is down' : noGateway);
    if (src !== undefined && !this.isOwn(src)) throw new Refused('Error: Invalid prefsrc address.');
    if (via !== undefined && !this.isLinkLocal(via) && !this.#isOnLink(via, device, table))
      throw new Refused(this.family.version === 4 ? noGateway : 'RTNETLINK answers: No route to host');
  }

  #lookup(table: number, target: bigint): Route | undefined {
    return this.#routes
      .filter((each) => each.table === table && contains(this.family, each.to, target))
      .toSorted((a, b) => b.to.length - a.to.length || a.metric - b.metric)[0];
  }

  #sourceFor(route: Route): bigint {
    const own = this.#addresses.filter(({ device }) => device === route.device);
    const usable = own.filter(({ address, deprecated }) => !deprecated && !this.isLinkLocal(address));
    return route.src ?? (usable[0] ?? own[0])?.address ?? 0n;
  }

  #isOnLink(via: bigint, device: string, table: number): boolean {
    return this.#routes.some(
      (each) =>
        each.device === device &&
        each.via === undefined &&
        (each.table === table || each.table === mainTable) &&
        contains(this.family, each.to, via),
    );
  }

  /** Kept as `ip route show` lists them; the oldest of equals first. */
  #insert(route: Route): void {
    const compare = this.family.version === 4 ? compareRoutes : compareIpv6Routes;
    const index = this.#routes.findIndex((each) => compare(route, each) < 0);
    this.#routes.splice(index === -1 ? this.#routes.length : index, 0, route);
  }

  /** IPv6 takes the same address on a device for the same, whatever its prefix. */
  #isSameAddress(a: Pick<Address, 'device' | 'address' | 'length'>, b: typeof a): boolean {
    return (
      a.device === b.device && a.address === b.address && (this.family.version === 6 || a.length === b.length)
    );
  }

  #isSameSubnet(a: Address, b: Address): boolean {
    return (
      a.device === b.device &&
      a.length === b.length &&
      blockOf(this.family, a.address, a.length) === blockOf(this.family, b.address, b.length)
    );
  }
}

const noGateway = 'Error: Nexthop has invalid gateway.';

/** As EUI-64: https://www.rfc-editor.org/rfc/rfc4291#appendix-A */
function linkLocalOf(mac: string): bigint {
  const [first = 0, ...rest] = mac.split(':').map((byte) => Number.parseInt(byte, 16));
  const bytes = [first ^ 2, ...rest.slice(0, 2), 0xff, 0xfe, ...rest.slice(2)];
  return linkLocal.base + bytes.reduce((sum, byte) => (sum << 8n) + BigInt(byte), 0n);
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

/** By table, then by destination, then by metric. */
function compareRoutes(a: Route, b: Route): number {
  return a.table - b.table || sign(a.to.base - b.to.base) || a.to.length - b.to.length || a.metric - b.metric;
}

/** The same, but a block comes after all that is in it. */
function compareIpv6Routes(a: Route, b: Route): number {
  const sameEnd = isWithin(a.to, b.to) || isWithin(b.to, a.to);
  const byPlace = sameEnd ? b.to.length - a.to.length : sign(a.to.base - b.to.base);
  return a.table - b.table || byPlace || a.metric - b.metric;
}

function isWithin(inner: Prefix, outer: Prefix): boolean {
  const rest = BigInt(128 - outer.length);
  return inner.length >= outer.length && inner.base >> rest === outer.base >> rest;
}

function sign(difference: bigint): number {
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
