/**
 * Routes to an interface in several route tables, which nothing in EC2 changes together: they are replaced one after the
 * other, and when one is refused, those before it are put back as they were.
 */
import {
  CreateRouteCommand,
  DeleteRouteCommand,
  DescribeRouteTablesCommand,
  ReplaceRouteCommand,
  type Route,
  type RouteTable,
} from '@aws-sdk/client-ec2';
import { Fault } from '../recovery/fault.ts';
import { codeBehind } from './errors.ts';
import type { AskedEc2 } from './interfaces.ts';
import { withRetries } from './retry.ts';

/** Where a route leads, in the words of ReplaceRoute. */
export type Target = Readonly<Partial<Record<(typeof targetKinds)[number], string>>>;

const targetKinds = [
  'NetworkInterfaceId',
  'GatewayId',
  'NatGatewayId',
  'TransitGatewayId',
  'VpcPeeringConnectionId',
  'LocalGatewayId',
  'CarrierGatewayId',
  'EgressOnlyInternetGatewayId',
  'CoreNetworkArn',
] as const;

const pageSize = 100;
const maxPages = 10;

export interface TableRoute {
  readonly table: string;
  /** EC2 knows the table. */
  readonly known: boolean;
  /** Null: the table has no route to the destination. */
  readonly target: Target | null;
}

/** The route to the destination in each table, in the order of the tables. @throws Fault */
export async function lookAtRoutes(
  asked: AskedEc2,
  tables: readonly string[],
  destination: string,
): Promise<readonly TableRoute[]> {
  const known = new Map((await describe(asked, tables)).map((each) => [each.RouteTableId ?? '', each]));
  return tables.map((table) => {
    const route = known.get(table)?.Routes?.find((each) => leadsTo(each, destination));
    return { table, known: known.has(table), target: route === undefined ? null : targetOf(route) };
  });
}

/** The interface, or whatever else it leads to, by its id. */
export function idOf(target: Target): string {
  return Object.values(target)[0] ?? 'unknown';
}

/** Points the route in every table at the interface, changing only where it is needed. @throws Fault; then as before */
export async function pointRoutes(
  asked: AskedEc2,
  tables: readonly string[],
  destination: string,
  eniId: string,
): Promise<void> {
  const routes = await lookAtRoutes(asked, tables, destination);
  const unknown = routes.find((each) => !each.known);
  if (unknown !== undefined)
    throw new Fault('not-found', `EC2 knows no route table ${unknown.table}`, 'never');
  const touched: TableRoute[] = [];
  for (const route of routes.filter(({ target }) => target?.NetworkInterfaceId !== eniId)) {
    try {
      // After a fault nobody knows whether it took effect, so it is put back with the others.
      touched.unshift(route);
      await setRoute(asked, route, destination, { NetworkInterfaceId: eniId });
    } catch (error) {
      for (const each of touched) await putBack(asked, each, destination);
      if (!(error instanceof Fault)) throw error;
      throw new Fault(error.code, `${route.table}: ${error.message}`, error.retry, { cause: error });
    }
  }
}

/** Deletes the route where it leads to the interface, and leaves others alone. @throws Fault */
export async function deleteRoutes(
  asked: AskedEc2,
  tables: readonly string[],
  destination: string,
  eniId: string,
): Promise<void> {
  for (const { table, target } of await lookAtRoutes(asked, tables, destination))
    if (target?.NetworkInterfaceId === eniId) await deleteRoute(asked, table, destination);
}

async function describe(
  { ec2, retrying }: AskedEc2,
  tables: readonly string[],
): Promise<readonly RouteTable[]> {
  const all: RouteTable[] = [];
  let next: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const command = new DescribeRouteTablesCommand({
      // A filter, because one unknown id would fail the whole call.
      Filters: [{ Name: 'route-table-id', Values: [...tables] }],
      MaxResults: pageSize,
      NextToken: next,
    });
    const reply = await withRetries(retrying, 'ec2:DescribeRouteTables', () => ec2.send(command));
    all.push(...(reply.RouteTables ?? []));
    next = reply.NextToken;
    if (next === undefined || next === '') return all;
  }
  return all;
}

function leadsTo(route: Route, destination: string): boolean {
  return route.DestinationCidrBlock === destination || route.DestinationIpv6CidrBlock === destination;
}

function targetOf(route: Route): Target {
  for (const kind of targetKinds) {
    const id = route[kind];
    if (id !== undefined) return { [kind]: id };
  }
  return {};
}

function to(destination: string) {
  return destination.includes(':')
    ? { DestinationIpv6CidrBlock: destination }
    : { DestinationCidrBlock: destination };
}

async function setRoute(
  { ec2, retrying }: AskedEc2,
  { table, target: before }: TableRoute,
  destination: string,
  target: Target,
): Promise<void> {
  const route = { RouteTableId: table, ...to(destination), ...target };
  const replace = () =>
    withRetries(retrying, 'ec2:ReplaceRoute', () => ec2.send(new ReplaceRouteCommand(route)));
  if (before !== null) {
    await replace();
    return;
  }
  try {
    await withRetries(retrying, 'ec2:CreateRoute', () => ec2.send(new CreateRouteCommand(route)));
  } catch (error) {
    // The first try, whose answer was lost, or somebody else.
    if (codeBehind(error) !== 'routealreadyexists') throw error;
    await replace();
  }
}

/** Best effort: what was refused is what the caller hears of. */
async function putBack(asked: AskedEc2, route: TableRoute, destination: string): Promise<void> {
  const { table, target } = route;
  const back =
    target === null ? deleteRoute(asked, table, destination) : setRoute(asked, route, destination, target);
  await back.catch(() => undefined);
}

async function deleteRoute({ ec2, retrying }: AskedEc2, table: string, destination: string): Promise<void> {
  const command = new DeleteRouteCommand({ RouteTableId: table, ...to(destination) });
  await withRetries(retrying, 'ec2:DeleteRoute', () => ec2.send(command));
}
