/**
 * The VPC as a network namespace of its own, one veth pair per plugged interface:
 *
 *   guest ns            VPC ns                          guest ns
 *   eth0 ═════════ v1   10.0.1.10, 10.0.1.50 → v1
 *   eth1 ═════════ v2   10.0.1.11 → v2           v3 ═════════ eth0
 *                       10.0.1.100 → v3
 *
 * An address is forwarded only to the ENI that EC2 says owns it, or that a route table leads it to: one /32 route each,
 * with the ENI's MAC as a permanent neighbour, so nothing is learned from guests. ARP is answered by proxy; a source that
 * does not belong to its ENI is dropped by the strict reverse path filter; what has no owner disappears without a word;
 * there is no broadcast, no multicast.
 * An address whose ENI cannot be reached leads nowhere, but ARP for it is answered: the mapping does not ask guests.
 * https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html, https://github.com/amazonlinux/amazon-ec2-net-utils
 *
 * The machine's own namespace gets nothing: pairs are made directly between two namespaces of the lab.
 */
import type { Nic } from '../host/driver.ts';
import { addNamespace, deleteNamespace, ip, within } from './commands.ts';
import { forgetLab, type LabId, namespacesOf, removeNamespace } from './lab-id.ts';

/** EC2's word on addresses. */
export interface AddressBook {
  /** Every IPv4 address with the MAC of its ENI: the one it is assigned to, or a route table leads it to. */
  owned(): readonly { readonly address: string; readonly mac: string }[];
  /** Called after any of that has changed. */
  onOwnership(listener: () => void): void;
}

interface Wire {
  readonly mac: string;
  /** The VPC's end. */
  readonly end: string;
  up: boolean;
  /** Packets are lost in both directions. */
  cut: boolean;
}

/** What lives in the VPC and ends with it. */
interface Tenant {
  halt(): void;
  /** Resolves when nothing of it runs any more. */
  ended(): Promise<void>;
}

/** A wire whose other end takes nothing in: what arrives there has another's MAC. */
const nowhere = 'nowhere';
const nobody = '02:00:00:00:00:00';

const settings = [
  // Forwards, says nothing about it, and answers no ping: whether a VPC router does is not promised.
  ['ip_forward', 1],
  ['icmp_echo_ignore_all', 1],
  ['conf/all/send_redirects', 0],
  ['conf/default/send_redirects', 0],
  ['conf/all/rp_filter', 1],
  ['conf/default/rp_filter', 1],
  ['conf/default/proxy_arp', 1],
] as const;

export class NetnsVpc {
  readonly lab: LabId;
  readonly namespace: string;
  readonly #book: AddressBook;
  readonly #wires = new Map<string, Wire>();
  /** Address to the VPC's end of the wire that it is routed to now. */
  #routed = new Map<string, string>();
  readonly #routers = new Set<string>();
  readonly #tenants = new Set<Tenant>();
  #wireCount = 0;
  #syncing = false;
  #closed = false;

  /** @throws CommandRefused where namespaces cannot be made */
  constructor(lab: LabId, book: AddressBook) {
    this.#book = book;
    this.lab = lab;
    this.namespace = `${this.lab.name}-vpc`;
    process.once('exit', this.#closeNow);
    try {
      addNamespace(this.namespace);
      within(this.namespace, [
        ...settings.map(([name, value]) => `echo ${value} >/proc/sys/net/ipv4/${name}`),
        withoutIpv6,
        'ip link set lo up',
        'ip route add blackhole default',
        `ip link add ${nowhere} type veth peer name ${nowhere}-end`,
        `ip link set ${nowhere} up`,
        `ip link set ${nowhere}-end up`,
      ]);
    } catch (error) {
      this.#closeNow();
      throw error;
    }
    book.onOwnership(() => this.#syncSoon());
  }

  /** Ends with the VPC. */
  admit(tenant: Tenant): void {
    this.#tenants.add(tenant);
  }

  /** An address that everybody in the VPC reaches through the router, such as the metadata service's. */
  addLocalAddress(address: string): void {
    if (this.#routers.has(address)) return;
    this.#routers.add(address);
    ip(this.namespace, [`addr add ${address}/32 dev lo`]);
  }

  // ---- Wires

  /** Makes the pair: the guest's end has the ENI's name and MAC, and is down. */
  plug(nic: Nic, guest: string): void {
    this.addLocalAddress(nic.gateway);
    this.#wireCount += 1;
    const end = `v${this.#wireCount}`;
    within(this.namespace, [
      `ip link add ${end} type veth peer address ${nic.mac} name ${nic.device} netns ${guest}`,
      `echo 0 >/proc/sys/net/ipv4/neigh/${end}/proxy_delay`, // else ARP is answered up to 0.8 s late
      `ip link set ${end} up`,
    ]);
    this.#wires.set(nic.mac, { mac: nic.mac, end, up: true, cut: false });
    this.#sync();
  }

  /** Takes both ends away. Nothing happens when it is not plugged in. */
  unplug(mac: string): void {
    const wire = this.#wires.get(mac);
    if (wire === undefined) return;
    this.#wires.delete(mac);
    this.#forgetRoutes(wire);
    ip(this.namespace, [`link del ${wire.end}`]);
    this.#sync();
  }

  /** Down takes the carrier away from the guest, who cannot help it. */
  setWire(mac: string, state: 'up' | 'down'): void {
    const wire = this.#wires.get(mac);
    if (wire === undefined || wire.up === (state === 'up')) return;
    wire.up = state === 'up';
    ip(this.namespace, [`link set ${wire.end} ${state}`]);
    if (!wire.up) this.#forgetRoutes(wire); // the kernel has dropped them
    this.#sync();
  }

  /** Fault: the ENI's link stays up, its packets are lost in both directions. */
  cut(mac: string): void {
    this.#setCut(mac, true);
  }

  mend(mac: string): void {
    this.#setCut(mac, false);
  }

  #setCut(mac: string, cut: boolean): void {
    const wire = this.#wires.get(mac);
    if (wire === undefined) return;
    wire.cut = cut;
    this.#sync();
  }

  // ---- Routes follow EC2

  /** A move takes an address away and gives it elsewhere: one look after both, before anybody hears of either. */
  #syncSoon(): void {
    if (this.#syncing) return;
    this.#syncing = true;
    queueMicrotask(() => {
      this.#syncing = false;
      if (!this.#closed) this.#sync();
    });
  }

  #sync(): void {
    const wanted = new Map<string, Pick<Wire, 'end' | 'mac'>>();
    for (const { address, mac } of this.#book.owned()) {
      const wire = this.#wires.get(mac);
      wanted.set(address, wire?.up === true && !wire.cut ? wire : { end: nowhere, mac: nobody });
    }
    const lines: string[] = [];
    for (const [address, end] of this.#routed)
      if (!wanted.has(address)) lines.push(`route del ${address}/32 dev ${end}`);
    for (const [address, { end, mac }] of wanted)
      if (this.#routed.get(address) !== end)
        lines.push(
          `neigh replace ${address} lladdr ${mac} dev ${end} nud permanent`,
          `route replace ${address}/32 dev ${end}`,
        );
    this.#routed = new Map([...wanted].map(([address, { end }]) => [address, end]));
    ip(this.namespace, lines);
  }

  #forgetRoutes(wire: Wire): void {
    for (const [address, end] of this.#routed) if (end === wire.end) this.#routed.delete(address);
  }

  // ---- The end

  /** Every guest halts, every process ends, every namespace and file is gone when this is done. */
  async close(): Promise<void> {
    this.#closeNow();
    await Promise.all([...this.#tenants].map((tenant) => tenant.ended()));
    forgetLab(this.lab);
  }

  /** As far as it goes at once: also when this process exits without having asked. */
  readonly #closeNow = (): void => {
    if (this.#closed) return;
    this.#closed = true;
    process.off('exit', this.#closeNow);
    for (const tenant of this.#tenants) tenant.halt();
    deleteNamespace(this.namespace);
    for (const name of namespacesOf(this.lab.name)) removeNamespace(name);
    forgetLab(this.lab);
  };
}

/** Guests and VPC speak IPv4 only; without this every new link chatters. */
export const withoutIpv6 =
  'for each in all default; do f=/proc/sys/net/ipv6/conf/$each/disable_ipv6; [ ! -e "$f" ] || echo 1 >"$f"; done';
