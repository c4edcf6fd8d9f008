/**
 * The VPC as packets see it. It knows no addresses of its own: EC2 says which ENI owns one and what route tables and
 * security groups say, guests say what they have configured and where they send. Nothing is learned from guests (no ARP,
 * no gratuitous ARP): only EC2's word moves an address. A target that no ENI owns and no route leads to does not answer,
 * the VPC router included: whether it answers pings is not promised. IPv6 addresses are looked up like the others.
 *
 * Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html (no broadcast, no multicast),
 * https://github.com/amazonlinux/amazon-ec2-net-utils (packets from an ENI that does not own their source are dropped).
 */

export interface Eni {
  readonly mac: string;
  /** The instance it is attached to, if any. */
  readonly hostId: string | undefined;
}

export interface Owners {
  /** EC2's answer: the ENI that the address is assigned to. */
  eniOwning(address: string): Eni | undefined;
  /** Absent where nothing counts but who owns an address. */
  readonly network?: Network;
}

/** What the VPC does with packets of an ENI, by its MAC. */
export interface Network {
  /** Its source/destination check is off: it may send and take in what is not its own. */
  isUnchecked(mac: string): boolean;
  /** Its security groups let nothing in or out. */
  isIsolated(mac: string): boolean;
  nextHop(mac: string, target: string): Hop;
  /** Who has the private address behind a public one. */
  elasticOwner(publicAddress: string): { readonly eni: Eni; readonly privateAddress: string } | undefined;
}

export type Hop =
  /** `routed`: by a route table, whoever owns the target. */
  | { readonly kind: 'eni'; readonly eni: Eni; readonly routed: boolean }
  | { readonly kind: 'internet' }
  | { readonly kind: 'lost'; readonly fate: 'target-not-owned' | 'vpc-no-route' | 'vpc-blackhole' };

export type Egress =
  | { readonly kind: 'local' }
  | { readonly kind: 'wire'; readonly mac: string }
  | { readonly kind: 'unreachable' };

/** A guest as far as packets are concerned. */
export interface Endpoint {
  readonly id: string;
  isUp(): boolean;
  /** Plugged in, with link and carrier. */
  carries(mac: string): boolean;
  /** Configured on any device: Linux answers for all its addresses, whichever interface the packet came in by. */
  hasAddress(address: string): boolean;
  /** Where the guest's own rules and routes send a packet; `unreachable` also when the source is not its own. */
  egress(source: string, target: string): Egress;
}

/** Where a packet ended; everything but `answered` and `loopback` is a loss. */
export type Fate =
  | 'answered'
  | 'loopback'
  | 'asker-down'
  | 'no-route'
  | 'link-down'
  | 'source-not-owned'
  | 'path-cut'
  | 'isolated'
  | 'vpc-no-route'
  | 'vpc-blackhole'
  | 'left-for-the-internet'
  | 'target-not-owned'
  | 'target-not-forwarded'
  | 'target-isolated'
  | 'target-down'
  | 'target-link-down'
  | 'target-not-configured'
  | 'reply-no-route'
  | 'reply-link-down'
  | 'reply-source-not-owned'
  | 'reply-path-cut'
  | 'reply-isolated'
  | 'reply-not-routed';

/** Somebody outside: an address for documentation, https://www.rfc-editor.org/rfc/rfc5737 */
const outsider = '198.51.100.7';

export class Fabric {
  readonly #owners: Owners;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #cut = new Set<string>();

  constructor(owners: Owners) {
    this.#owners = owners;
  }

  register(endpoint: Endpoint): void {
    this.#endpoints.set(endpoint.id, endpoint);
  }

  unregister(hostId: string): void {
    this.#endpoints.delete(hostId);
  }

  /** Fault: the ENI's link stays up, its packets are lost in both directions. */
  cut(mac: string): void {
    this.#cut.add(mac);
  }

  mend(mac: string): void {
    this.#cut.delete(mac);
  }

  /** One echo request with this source, and what became of it or of its reply. */
  pingFrom(hostId: string, source: string, target: string): Fate {
    const asker = this.#endpoints.get(hostId);
    if (!asker?.isUp()) return 'asker-down';
    const out = asker.egress(source, target);
    if (out.kind === 'local') return 'loopback';
    if (out.kind === 'unreachable') return 'no-route';
    if (!asker.carries(out.mac)) return 'link-down';
    if (!this.#maySend(out.mac, source)) return 'source-not-owned';
    if (this.#cut.has(out.mac)) return 'path-cut';
    if (this.#isIsolated(out.mac)) return 'isolated';
    const hop = this.#nextHop(out.mac, target);
    if (hop.kind === 'lost') return hop.fate;
    if (hop.kind === 'internet') return 'left-for-the-internet';
    return this.#deliver(hop, target, (answerer) =>
      this.#reply(answerer, target, source, (_, back) => this.#comesBack(asker, back)),
    );
  }

  /** The same from outside the VPC, to a public address: it takes the Elastic IP both ways. */
  pingFromInternet(publicAddress: string): Fate {
    const owner = this.#owners.network?.elasticOwner(publicAddress);
    if (owner === undefined) return 'target-not-owned';
    const { eni, privateAddress } = owner;
    return this.#deliver({ eni, routed: false }, privateAddress, (answerer) =>
      this.#reply(
        answerer,
        privateAddress,
        outsider,
        (mac, back) => mac === eni.mac && back.kind === 'internet',
      ),
    );
  }

  #deliver(
    { eni, routed }: { readonly eni: Eni; readonly routed: boolean },
    target: string,
    reply: (answerer: Endpoint) => Fate,
  ): Fate {
    if (this.#cut.has(eni.mac)) return 'path-cut';
    if (routed && this.#owners.network?.isUnchecked(eni.mac) !== true) return 'target-not-forwarded';
    if (this.#isIsolated(eni.mac)) return 'target-isolated';
    const answerer = eni.hostId === undefined ? undefined : this.#endpoints.get(eni.hostId);
    if (!answerer?.isUp()) return 'target-down';
    if (!answerer.carries(eni.mac)) return 'target-link-down';
    if (!answerer.hasAddress(target)) return 'target-not-configured';
    return reply(answerer);
  }

  #reply(
    answerer: Endpoint,
    source: string,
    target: string,
    arrives: (mac: string, hop: Hop) => boolean,
  ): Fate {
    const back = answerer.egress(source, target);
    if (back.kind !== 'wire') return 'reply-no-route';
    if (!answerer.carries(back.mac)) return 'reply-link-down';
    if (!this.#maySend(back.mac, source)) return 'reply-source-not-owned';
    if (this.#cut.has(back.mac)) return 'reply-path-cut';
    if (this.#isIsolated(back.mac)) return 'reply-isolated';
    return arrives(back.mac, this.#nextHop(back.mac, target)) ? 'answered' : 'reply-not-routed';
  }

  /** An overlay address that the asker no longer has leads its reply elsewhere. */
  #comesBack(asker: Endpoint, hop: Hop): boolean {
    if (hop.kind !== 'eni' || hop.eni.hostId !== asker.id || !asker.carries(hop.eni.mac)) return false;
    if (this.#cut.has(hop.eni.mac) || this.#isIsolated(hop.eni.mac)) return false;
    return !hop.routed || this.#owners.network?.isUnchecked(hop.eni.mac) === true;
  }

  #maySend(mac: string, source: string): boolean {
    return this.#owners.eniOwning(source)?.mac === mac || this.#owners.network?.isUnchecked(mac) === true;
  }

  #isIsolated(mac: string): boolean {
    return this.#owners.network?.isIsolated(mac) === true;
  }

  #nextHop(mac: string, target: string): Hop {
    const { network } = this.#owners;
    if (network !== undefined) return network.nextHop(mac, target);
    const eni = this.#owners.eniOwning(target);
    if (eni === undefined) return { kind: 'lost', fate: 'target-not-owned' };
    return { kind: 'eni', eni, routed: false };
  }
}
