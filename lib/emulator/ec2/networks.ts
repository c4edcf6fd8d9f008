/**
 * VPCs, their blocks, and which route table a subnet follows:
 * https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
 *
 * A subnet may name a VPC that nobody has declared: then its subnets are its blocks, and it has no internet gateway.
 */
import { AwsError } from '../errors.ts';
import { contains, type Prefix, parsePrefix } from '../host/ipv4.ts';
import type { Ids } from './ids.ts';
import type { RouteTable, RouteTarget, Tags, Vpc } from './records.ts';
import { Versions } from './versions.ts';
import { isId, type World } from './world.ts';

export interface VpcPlan {
  readonly id?: string;
  readonly cidrs: readonly string[];
  /** Attached, with the default route of the main table to it, as a default VPC has it. */
  readonly internetGateway?: boolean;
}

export interface RouteTablePlan {
  readonly id?: string;
  readonly vpcId?: string;
  readonly subnetIds: readonly string[];
  /** By destination; the target is an internet gateway or an interface. */
  readonly routes?: { readonly [cidr: string]: string };
  readonly tags?: Tags;
}

const toEverywhere: Prefix = { base: 0, length: 0 };

export class Networks {
  readonly #world: World;
  readonly #ids: Ids;
  readonly #vpcs = new Map<string, Vpc>();
  readonly #tables = new Map<string, RouteTable>();
  readonly #past: Versions<RouteTable>;
  readonly #defaultVpcId: string;

  constructor(world: World, ids: Ids, { now, defaultVpcId }: { now: () => number; defaultVpcId: string }) {
    this.#world = world;
    this.#ids = ids;
    this.#past = new Versions(now);
    this.#defaultVpcId = defaultVpcId;
  }

  // ---- Building

  /** With its main route table. */
  addVpc(plan: VpcPlan): Vpc {
    const blocks = plan.cidrs.map((cidr) => {
      const prefix = parsePrefix(cidr);
      if (prefix === undefined || prefix.base !== prefix.address) throw new Error(`${cidr} is not a block`);
      return { base: prefix.base, length: prefix.length };
    });
    if (blocks.length === 0) throw new Error('a VPC has at least one block');
    const internetGatewayId = plan.internetGateway ? this.#ids.take('igw') : undefined;
    return this.#put({ id: this.#ids.take('vpc', plan.id), blocks, internetGatewayId });
  }

  /** The VPC of a new subnet. @throws when the block is outside a declared VPC */
  admit(vpcId: string | undefined, block: Prefix): Vpc {
    const id = vpcId ?? this.#defaultVpcId;
    const vpc = this.#vpcs.get(id);
    if (vpc === undefined) return this.#put({ id, blocks: [], internetGatewayId: undefined });
    if (vpc.blocks.length > 0 && !vpc.blocks.some((each) => isWithin(block, each)))
      throw new Error(`the subnet is outside the blocks of ${id}`);
    return vpc;
  }

  addRouteTable(plan: RouteTablePlan): RouteTable {
    const vpcId = plan.vpcId ?? this.#vpcOf(plan.subnetIds[0]) ?? this.#defaultVpcId;
    this.vpc(vpcId);
    for (const subnetId of plan.subnetIds) {
      if (this.#vpcOf(subnetId) !== vpcId) throw new Error(`${subnetId} is not in ${vpcId}`);
      if (this.routeTables().some((each) => each.associations.some((one) => one.subnetId === subnetId)))
        throw new Error(`${subnetId} has a route table`);
    }
    const table: RouteTable = {
      id: this.#ids.take('rtb', plan.id),
      vpcId,
      main: false,
      associations: plan.subnetIds.map((subnetId) => ({ id: this.#ids.take('rtbassoc'), subnetId })),
      routes: Object.entries(plan.routes ?? {}).map(([cidr, target]) => {
        const destination = parsePrefix(cidr);
        if (destination === undefined) throw new Error(`${cidr} is not a block`);
        return {
          destination: { base: destination.base, length: destination.length },
          target: this.#targetOf(vpcId, target),
        };
      }),
      tags: plan.tags ?? {},
    };
    this.#tables.set(table.id, table);
    this.#world.ownershipChanged();
    return table;
  }

  // ---- Looking

  vpc(id: string): Vpc {
    const vpc = this.#vpcs.get(id);
    if (vpc === undefined) throw new Error(`no VPC ${id}`);
    return vpc;
  }

  /** What is local to the VPC: every route table leads there by itself. */
  blocksOf(vpcId: string): readonly Prefix[] {
    const { blocks } = this.vpc(vpcId);
    if (blocks.length > 0) return blocks;
    return this.#world
      .subnets()
      .filter((subnet) => subnet.vpcId === vpcId)
      .map(({ prefix }) => ({ base: prefix.base, length: prefix.length }));
  }

  routeTables(): readonly RouteTable[] {
    return [...this.#tables.values()];
  }

  findRouteTable(id: string): RouteTable | undefined {
    return this.#tables.get(id);
  }

  /** @throws AwsError InvalidRouteTableId.Malformed, InvalidRouteTableID.NotFound */
  routeTable(id: string): RouteTable {
    const table = this.#tables.get(id);
    if (table !== undefined) return table;
    if (!isId('rtb', id)) throw new AwsError('InvalidRouteTableId.Malformed', `Invalid id: "${id}"`);
    throw new AwsError('InvalidRouteTableID.NotFound', `The routeTable ID '${id}' does not exist`);
  }

  /** Its own, or the main table of the VPC. */
  routeTableFor(subnetId: string): RouteTable {
    const vpcId = this.#world.subnet(subnetId).vpcId;
    const tables = this.routeTables().filter((each) => each.vpcId === vpcId);
    const found =
      tables.find((each) => each.associations.some((one) => one.subnetId === subnetId)) ??
      tables.find((each) => each.main);
    if (found === undefined) throw new Error(`${vpcId} has no main route table`);
    return found;
  }

  /** The table as a Describe shows it now. */
  shown(table: RouteTable): RouteTable {
    return this.#past.shown(table.id, this.#world.describeLagMs) ?? table;
  }

  putRouteTable(table: RouteTable): void {
    const before = this.#tables.get(table.id);
    if (before !== undefined) this.#past.keep(table.id, before);
    this.#tables.set(table.id, table);
    this.#world.ownershipChanged();
  }

  #put(vpc: Vpc): Vpc {
    this.#vpcs.set(vpc.id, vpc);
    const { internetGatewayId: gatewayId } = vpc;
    const outside = {
      destination: toEverywhere,
      target: { kind: 'gateway', gatewayId: gatewayId ?? '' },
    } as const;
    const table: RouteTable = {
      id: this.#ids.take('rtb'),
      vpcId: vpc.id,
      main: true,
      associations: [{ id: this.#ids.take('rtbassoc'), subnetId: undefined }],
      routes: gatewayId === undefined ? [] : [outside],
      tags: {},
    };
    this.#tables.set(table.id, table);
    return vpc;
  }

  #targetOf(vpcId: string, id: string): RouteTarget {
    if (id === this.vpc(vpcId).internetGatewayId) return { kind: 'gateway', gatewayId: id };
    if (this.#vpcOf(this.#world.interface(id).subnetId) !== vpcId)
      throw new Error(`${id} is not in ${vpcId}`);
    return { kind: 'interface', eniId: id };
  }

  #vpcOf(subnetId: string | undefined): string | undefined {
    return subnetId === undefined ? undefined : this.#world.subnet(subnetId).vpcId;
  }
}

export function isWithin(inner: Prefix, outer: Prefix): boolean {
  return inner.length >= outer.length && contains(outer, inner.base);
}
