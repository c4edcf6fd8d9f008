/**
 * Routes of a route table: what may be created, replaced and deleted, and which are alive. First every reason to
 * refuse, then one change.
 *
 * Destinations inside the VPC: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
 * Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html; wordings are marked.
 */
import { AwsError, notModelled } from '../errors.ts';
import { blockOf, formatAddress, type Prefix, parsePrefix } from '../host/ipv4.ts';
import { isWithin, type Networks } from './networks.ts';
import type { NetworkInterface, Route, RouteTable, RouteTarget } from './records.ts';
import { onlyInterfaceOf, type World } from './world.ts';

export interface Place {
  readonly world: World;
  readonly networks: Networks;
}

export interface RouteRequest {
  readonly tableId: string;
  readonly destination: string;
  readonly gatewayId: string | undefined;
  readonly interfaceId: string | undefined;
  readonly instanceId: string | undefined;
}

/** For link-local services of AWS alone. */
const reserved: Prefix = { base: 0xa9fea800, length: 22 };

/**
 * Whether AWS accepts the very route that is there already is not documented, and reports differ: the stricter reading.
 * @throws AwsError RouteAlreadyExists among others
 */
export function addRoute(place: Place, request: RouteRequest): void {
  const table = place.networks.routeTable(request.tableId);
  const destination = readDestination(request.destination);
  const target = readTarget(place, table, destination, request);
  const isLocal = place.networks.blocksOf(table.vpcId).some((block) => isSame(block, destination));
  // seen: https://github.com/hashicorp/terraform-provider-aws/issues/23866
  if (isLocal || routeTo(table, destination) !== undefined)
    throw new AwsError(
      'RouteAlreadyExists',
      `The route identified by ${formatCidr(destination)} already exists.`,
    );
  place.networks.putRouteTable({ ...table, routes: [...table.routes, { destination, target }] });
}

/** @throws AwsError InvalidParameterValue where there is no such route, as AWS does: https://github.com/getmoto/moto/pull/6425 */
export function retargetRoute(place: Place, request: RouteRequest): void {
  const table = place.networks.routeTable(request.tableId);
  const destination = readDestination(request.destination);
  if (place.networks.blocksOf(table.vpcId).some((block) => isSame(block, destination)))
    throw notModelled('another target for a local route');
  const target = readTarget(place, table, destination, request);
  const before = routeTo(table, destination);
  if (before === undefined)
    throw invalid(
      `There is no route defined for '${formatCidr(destination)}' in the route table. Use CreateRoute instead.`,
    );
  const routes = table.routes.map((each) => (each === before ? { destination, target } : each));
  place.networks.putRouteTable({ ...table, routes });
}

/** Wordings seen: https://github.com/fog/fog-aws (lib/fog/aws/requests/compute/delete_route.rb) */
export function removeRoute({ networks }: Place, tableId: string, cidr: string): void {
  const table = networks.routeTable(tableId);
  const destination = readDestination(cidr);
  if (networks.blocksOf(table.vpcId).some((block) => isSame(block, destination)))
    throw invalid(`cannot remove local route ${formatCidr(destination)} in route table ${tableId}`);
  const gone = routeTo(table, destination);
  if (gone === undefined)
    throw new AwsError(
      'InvalidRoute.NotFound',
      `no route with destination-cidr-block ${formatCidr(destination)} in route table ${tableId}`,
    );
  networks.putRouteTable({ ...table, routes: table.routes.filter((each) => each !== gone) });
}

/**
 * A blackhole leads to what is not available: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html
 * Whether an instance that is only on its way up or down counts as that is not documented: here it does not.
 */
export function stateOf(world: World, { target }: Route): 'active' | 'blackhole' {
  if (target.kind === 'gateway') return 'active';
  const instanceId = world.findInterface(target.eniId)?.attachment?.instanceId;
  const state = instanceId === undefined ? undefined : world.findInstance(instanceId)?.state;
  return state === undefined || state === 'stopped' || state === 'terminated' ? 'blackhole' : 'active';
}

export function formatCidr({ base, length }: Prefix): string {
  return `${formatAddress(base)}/${length}`;
}

function readDestination(cidr: string): Prefix {
  const prefix = cidr.includes('/') ? parsePrefix(cidr) : undefined;
  // AWS's wording is not confirmed.
  if (prefix === undefined)
    throw invalid(
      `Value (${cidr}) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.`,
    );
  // AWS makes it canonical: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html
  return { base: blockOf(prefix.address, prefix.length), length: prefix.length };
}

function readTarget(
  place: Place,
  table: RouteTable,
  destination: Prefix,
  request: RouteRequest,
): RouteTarget {
  const { gatewayId, interfaceId, instanceId } = request;
  const given = [gatewayId, interfaceId, instanceId].filter((each) => each !== undefined).length;
  // AWS's wording names all kinds of targets.
  if (given !== 1)
    throw new AwsError(
      given === 0 ? 'MissingParameter' : 'InvalidParameterCombination',
      'The request must contain exactly one of gatewayId, networkInterfaceId or instanceId',
    );
  const target =
    gatewayId !== undefined
      ? toGateway(place, table, gatewayId)
      : toInterface(place, table, interfaceOf(place.world, interfaceId, instanceId));
  checkDestination(place, table, destination, target);
  return target;
}

function toGateway({ networks }: Place, table: RouteTable, gatewayId: string): RouteTarget {
  if (networks.vpc(table.vpcId).internetGatewayId !== gatewayId)
    throw new AwsError('InvalidGatewayID.NotFound', `The gateway ID '${gatewayId}' does not exist`);
  return { kind: 'gateway', gatewayId };
}

function toInterface({ world }: Place, table: RouteTable, eni: NetworkInterface): RouteTarget {
  // AWS's wording for interfaces is not confirmed.
  if (world.subnet(eni.subnetId).vpcId !== table.vpcId)
    throw invalid(`route table ${table.id} and interface ${eni.id} belong to different networks`);
  return { kind: 'interface', eniId: eni.id };
}

function interfaceOf(
  world: World,
  interfaceId: string | undefined,
  instanceId: string | undefined,
): NetworkInterface {
  return instanceId === undefined ? world.interface(interfaceId ?? '') : onlyInterfaceOf(world, instanceId);
}

function checkDestination(
  { world, networks }: Place,
  table: RouteTable,
  destination: Prefix,
  target: RouteTarget,
): void {
  const cidr = formatCidr(destination);
  // The rule is documented, the wording is not.
  if (isWithin(destination, reserved))
    throw invalid(`The destination CIDR block ${cidr} is reserved for use by AWS services.`);
  const block = networks.blocksOf(table.vpcId).find((each) => isWithin(destination, each));
  if (block === undefined) return;
  // seen: by users of Terraform who sent the traffic of a subnet to a gateway
  if (target.kind === 'gateway')
    throw invalid(
      `The destination CIDR block ${cidr} is equal to or more specific than one of this VPC's CIDR blocks. This route can target only an interface or an instance.`,
    );
  const subnets = world.subnets().filter(({ vpcId }) => vpcId === table.vpcId);
  // The rule is documented, the wording is not.
  if (!isSame(block, destination) && !subnets.some(({ prefix }) => isSame(prefix, destination)))
    throw invalid(
      `The destination CIDR block ${cidr} does not match the CIDR block of a subnet in this VPC.`,
    );
}

function routeTo(table: RouteTable, destination: Prefix): Route | undefined {
  return table.routes.find((each) => isSame(each.destination, destination));
}

function isSame(a: Prefix, b: Prefix): boolean {
  return a.base === b.base && a.length === b.length;
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValue', message);
}
