/** What a VPC does with packets, as the fabric asks it: route tables, security groups, source/destination checks. */
import type { Eni, Hop, Network } from '../host/fabric.ts';
import { contains, parseAddress } from '../host/ipv4.ts';
import type { ElasticIps } from './elastic-ips.ts';
import type { Networks } from './networks.ts';
import type { NetworkInterface, Route } from './records.ts';
import { stateOf } from './routes.ts';
import type { SecurityGroups } from './security-groups.ts';
import type { World } from './world.ts';

export class VpcNetwork implements Network {
  readonly #world: World;
  readonly #networks: Networks;
  readonly #groups: SecurityGroups;
  readonly #elasticIps: ElasticIps;

  constructor(world: World, networks: Networks, groups: SecurityGroups, elasticIps: ElasticIps) {
    this.#world = world;
    this.#networks = networks;
    this.#groups = groups;
    this.#elasticIps = elasticIps;
  }

  isUnchecked(mac: string): boolean {
    return this.#interface(mac)?.sourceDestCheck === false;
  }

  isIsolated(mac: string): boolean {
    const eni = this.#interface(mac);
    return eni !== undefined && this.#groups.isolate(eni.securityGroupIds);
  }

  /** Inside a subnet packets go straight: route tables are for what leaves it. IPv6 has routes to the VPC itself alone. */
  nextHop(mac: string, target: string): Hop {
    const from = this.#interface(mac);
    if (from === undefined) return { kind: 'lost', fate: 'vpc-no-route' };
    const owner = this.#world.holder(target);
    if (owner?.subnetId === from.subnetId) return { kind: 'eni', eni: eniOf(owner), routed: false };
    const { vpcId } = this.#world.subnet(from.subnetId);
    const address = parseAddress(target);
    const route = address === undefined ? undefined : this.#route(from.subnetId, address);
    if (route !== undefined) return this.#follow(route);
    const isLocal =
      owner !== undefined
        ? this.#world.subnet(owner.subnetId).vpcId === vpcId
        : address !== undefined && this.#networks.blocksOf(vpcId).some((block) => contains(block, address));
    if (!isLocal) return { kind: 'lost', fate: 'vpc-no-route' };
    if (owner === undefined) return { kind: 'lost', fate: 'target-not-owned' };
    return { kind: 'eni', eni: eniOf(owner), routed: false };
  }

  elasticOwner(publicAddress: string): { readonly eni: Eni; readonly privateAddress: string } | undefined {
    const { association } = this.#elasticIps.all().find(({ publicIp }) => publicIp === publicAddress) ?? {};
    const eni = association && this.#world.holder(association.privateAddress);
    return eni && association && { eni: eniOf(eni), privateAddress: association.privateAddress };
  }

  /**
   * Single addresses outside their VPC that a table sends to an interface which may take them. Tables that disagree, as
   * in the middle of a move, are not told apart: the first one counts.
   */
  overlays(): readonly { readonly address: number; readonly mac: string }[] {
    return this.#networks.routeTables().flatMap((table) =>
      table.routes.flatMap((route) => {
        const { base: address, length } = route.destination;
        const eni = route.target.kind === 'interface' && this.#world.findInterface(route.target.eniId);
        const isTaken = eni && !eni.sourceDestCheck && stateOf(this.#world, route) === 'active';
        return length === 32 && isTaken ? [{ address, mac: eni.macAddress }] : [];
      }),
    );
  }

  /** The longest that matches; `undefined` when that is the VPC's own. */
  #route(subnetId: string, address: number): Route | undefined {
    const table = this.#networks.routeTableFor(subnetId);
    const [best] = table.routes
      .filter(({ destination }) => contains(destination, address))
      .toSorted((a, b) => b.destination.length - a.destination.length);
    const local = this.#networks.blocksOf(table.vpcId).filter((block) => contains(block, address));
    return local.some(({ length }) => length >= (best?.destination.length ?? 0)) ? undefined : best;
  }

  #follow(route: Route): Hop {
    if (stateOf(this.#world, route) === 'blackhole') return { kind: 'lost', fate: 'vpc-blackhole' };
    if (route.target.kind === 'gateway') return { kind: 'internet' };
    return { kind: 'eni', eni: eniOf(this.#world.interface(route.target.eniId)), routed: true };
  }

  #interface(mac: string): NetworkInterface | undefined {
    return this.#world.interfaces().find(({ macAddress }) => macAddress === mac);
  }
}

function eniOf({ macAddress: mac, attachment }: NetworkInterface): Eni {
  return { mac, hostId: attachment?.instanceId };
}
