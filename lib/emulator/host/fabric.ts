/**
 * The VPC as packets see it. It knows no addresses of its own: EC2 says which ENI owns one, guests say what they have
 * configured and where they send. Nothing is learned from guests (no ARP, no gratuitous ARP): only EC2's word moves an
 * address. A target that no ENI owns does not answer, the VPC router included: whether it answers pings is not promised.
 *
 * Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html (no broadcast, no multicast),
 * https://github.com/amazonlinux/amazon-ec2-net-utils (packets from an ENI that does not own their source are dropped).
 */

/** EC2's answer: the ENI that the address is assigned to, and the instance it is attached to, if any. */
export interface Owners {
  eniOwning(address: string): { readonly mac: string; readonly hostId: string | undefined } | undefined;
}

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
  | 'target-not-owned'
  | 'target-down'
  | 'target-link-down'
  | 'target-not-configured'
  | 'reply-no-route'
  | 'reply-link-down'
  | 'reply-source-not-owned'
  | 'reply-path-cut';

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
    if (this.#owners.eniOwning(source)?.mac !== out.mac) return 'source-not-owned';
    if (this.#cut.has(out.mac)) return 'path-cut';
    return this.#deliver(source, target);
  }

  #deliver(source: string, target: string): Fate {
    const owner = this.#owners.eniOwning(target);
    if (owner === undefined) return 'target-not-owned';
    if (this.#cut.has(owner.mac)) return 'path-cut';
    const answerer = owner.hostId === undefined ? undefined : this.#endpoints.get(owner.hostId);
    if (!answerer?.isUp()) return 'target-down';
    if (!answerer.carries(owner.mac)) return 'target-link-down';
    if (!answerer.hasAddress(target)) return 'target-not-configured';
    return this.#reply(answerer, target, source);
  }

  /** The asker's own ENI needs no second look: the request has just left by it. */
  #reply(answerer: Endpoint, source: string, target: string): Fate {
    const back = answerer.egress(source, target);
    if (back.kind !== 'wire') return 'reply-no-route';
    if (!answerer.carries(back.mac)) return 'reply-link-down';
    if (this.#owners.eniOwning(source)?.mac !== back.mac) return 'reply-source-not-owned';
    return this.#cut.has(back.mac) ? 'reply-path-cut' : 'answered';
  }
}
