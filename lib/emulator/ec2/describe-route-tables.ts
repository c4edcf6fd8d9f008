import { type Operation, operation, type Reply } from '../service.ts';
import { list, structure } from '../shapes.ts';
import { type FilterTable, filterShape, select, tagFilters } from './filters.ts';
import type { Ec2 } from './model.ts';
import { page } from './pages.ts';
import type { Route, RouteTable } from './records.ts';
import { refuseDryRun, tagSet } from './reply-items.ts';
import { formatCidr, stateOf } from './routes.ts';

const input = structure({
  RouteTableId: list('string'),
  Filter: filterShape,
  MaxResults: 'integer',
  NextToken: 'string',
  DryRun: 'boolean',
});

const mostTables = 100;

/** Subnets that follow the main table are not shown: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRouteTables.html */
export function describeRouteTables(ec2: Ec2): Operation {
  const filters = filterTable(ec2);
  return operation(input, ({ RouteTableId: ids, Filter, MaxResults, NextToken, DryRun }) => {
    refuseDryRun(DryRun);
    const named = ids?.map((id) => ec2.networks.routeTable(id)) ?? ec2.networks.routeTables();
    const shown = named.map((table) => ec2.networks.shown(table));
    const { items, nextToken } = page(select(shown, Filter, filters), {
      ids,
      maxResults: MaxResults,
      nextToken: NextToken,
      most: mostTables,
    });
    return { routeTableSet: items.map((table) => tableItem(ec2, table)), nextToken };
  });
}

function filterTable(ec2: Ec2): FilterTable<RouteTable> {
  const routes = (table: RouteTable) => routeItems(ec2, table);
  return {
    ...tagFilters((table: RouteTable) => table.tags),
    'route-table-id': ({ id }) => [id],
    'vpc-id': ({ vpcId }) => [vpcId],
    'owner-id': () => [ec2.account.id],
    'association.main': ({ main }) => [String(main)],
    'association.route-table-id': ({ id, associations }) => (associations.length > 0 ? [id] : []),
    'association.route-table-association-id': ({ associations }) => associations.map(({ id }) => id),
    'association.subnet-id': ({ associations }) => associations.map(({ subnetId }) => subnetId),
    'route.destination-cidr-block': (table) => routes(table).map((each) => each.destinationCidrBlock),
    'route.gateway-id': (table) => routes(table).map((each) => each.gatewayId),
    'route.instance-id': (table) => routes(table).map((each) => each.instanceId),
    'route.origin': (table) => routes(table).map((each) => each.origin),
    'route.state': (table) => routes(table).map((each) => each.state),
  };
}

function tableItem(ec2: Ec2, table: RouteTable): Reply {
  return {
    routeTableId: table.id,
    vpcId: table.vpcId,
    ownerId: ec2.account.id,
    routeSet: routeItems(ec2, table),
    associationSet: table.associations.map(({ id, subnetId }) => ({
      routeTableAssociationId: id,
      routeTableId: table.id,
      subnetId,
      main: subnetId === undefined,
      associationState: { state: 'associated' },
    })),
    propagatingVgwSet: [],
    tagSet: tagSet(table.tags),
  };
}

interface RouteItem {
  readonly destinationCidrBlock?: string;
  readonly destinationIpv6CidrBlock?: string;
  readonly gatewayId?: string;
  readonly networkInterfaceId?: string;
  readonly instanceId?: string | undefined;
  readonly instanceOwnerId?: string | undefined;
  readonly origin: string;
  readonly state: string;
}

function routeItems(ec2: Ec2, table: RouteTable): readonly RouteItem[] {
  const local = { gatewayId: 'local', origin: 'CreateRouteTable', state: 'active' };
  const ipv6 = ec2.world
    .subnets()
    .filter(({ vpcId }) => vpcId === table.vpcId)
    .flatMap((subnet) => subnet.ipv6 ?? []);
  return [
    ...ec2.networks
      .blocksOf(table.vpcId)
      .map((block) => ({ destinationCidrBlock: formatCidr(block), ...local })),
    ...ipv6.map(({ cidr }) => ({ destinationIpv6CidrBlock: cidr, ...local })),
    ...table.routes.map((route) => routeItem(ec2, route)),
  ];
}

function routeItem({ account, world }: Ec2, route: Route): RouteItem {
  const { destination, target } = route;
  const whence = {
    destinationCidrBlock: formatCidr(destination),
    origin: 'CreateRoute',
    state: stateOf(world, route),
  };
  if (target.kind === 'gateway') return { ...whence, gatewayId: target.gatewayId };
  const instanceId = world.findInterface(target.eniId)?.attachment?.instanceId;
  const instanceOwnerId = instanceId && account.id;
  return { ...whence, networkInterfaceId: target.eniId, instanceId, instanceOwnerId };
}
