/** Elastic IPs: a public address leads to a private one of an interface, in whatever zone. */
import { type Address, AssociateAddressCommand, DescribeAddressesCommand } from '@aws-sdk/client-ec2';
import { Fault } from '../recovery/fault.ts';
import { type AskedEc2, interfaceById } from './interfaces.ts';
import type { Declared, Owned } from './private-addresses.ts';
import { withRetries } from './retry.ts';

/** Leading to another private address of a declared interface than its own it is nobody's, so that a move mends it. */
export async function elasticOwners(
  asked: AskedEc2,
  address: string,
  allocationId: string,
  declared: Declared,
): Promise<Owned> {
  const [allocation, interfaces] = await Promise.all([allocationOf(asked, allocationId), declared]);
  requireAddress(allocation, allocationId, address);
  const { NetworkInterfaceId: eniId, PrivateIpAddress: there } = allocation;
  const own = interfaces.find((each) => each.NetworkInterfaceId === eniId)?.PrivateIpAddress;
  const nobodys = eniId === undefined || eniId === '' || (own !== undefined && own !== there);
  return { owners: nobodys ? [] : [{ eniId, asPrimary: false }], missingIn: [] };
}

/** @throws Fault */
export async function moveElastic(
  asked: AskedEc2,
  address: string,
  allocationId: string,
  eniId: string,
): Promise<void> {
  const [allocation, eni] = await Promise.all([
    allocationOf(asked, allocationId),
    interfaceById(asked, eniId),
  ]);
  requireAddress(allocation, allocationId, address);
  await associate(asked, allocation, { eniId, address: eni.PrivateIpAddress ?? '' });
}

/** @throws Fault `not-found` when EC2 does not know it */
export async function allocationOf({ ec2, retrying }: AskedEc2, allocationId: string): Promise<Address> {
  const command = new DescribeAddressesCommand({
    Filters: [{ Name: 'allocation-id', Values: [allocationId] }],
  });
  const reply = await withRetries(retrying, 'ec2:DescribeAddresses', () => ec2.send(command));
  const [allocation] = reply.Addresses ?? [];
  if (allocation === undefined)
    throw new Fault('not-found', `EC2 knows no allocation ${allocationId}`, 'never');
  return allocation;
}

export function isAssociated(
  allocation: Address,
  to: { readonly eniId: string; readonly address: string },
): boolean {
  return allocation.NetworkInterfaceId === to.eniId && allocation.PrivateIpAddress === to.address;
}

/** Nothing when it is so already. @throws Fault */
export async function associate(
  { ec2, retrying }: AskedEc2,
  allocation: Address,
  to: { readonly eniId: string; readonly address: string },
): Promise<void> {
  if (isAssociated(allocation, to)) return;
  const command = new AssociateAddressCommand({
    AllocationId: allocation.AllocationId,
    NetworkInterfaceId: to.eniId,
    PrivateIpAddress: to.address,
    AllowReassociation: true,
  });
  await withRetries(retrying, 'ec2:AssociateAddress', () => ec2.send(command));
}

/** @throws Fault `refused` when the allocation is another address than the fleet says */
function requireAddress({ PublicIp }: Address, allocationId: string, address: string): void {
  if (PublicIp !== address)
    throw new Fault('refused', `${allocationId} is ${PublicIp}, and not ${address}`, 'never');
}
