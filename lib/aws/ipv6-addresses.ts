/**
 * IPv6 addresses: AssignIpv6Addresses knows no reassignment, so the owner gives the address up before the next one gets
 * it (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UnassignIpv6Addresses.html). Whoever dies in between
 * leaves an address without an owner, which the next move just assigns.
 */
import {
  AssignIpv6AddressesCommand,
  type NetworkInterface,
  UnassignIpv6AddressesCommand,
} from '@aws-sdk/client-ec2';
import { Fault } from '../recovery/fault.ts';
import { type AskedEc2, describeInterfaces, interfaceById } from './interfaces.ts';
import { type Declared, inSubnetsOf, type Owned } from './private-addresses.ts';
import { withRetries } from './retry.ts';

export async function ipv6Owners(asked: AskedEc2, address: string, declared: Declared): Promise<Owned> {
  const holders = await inSubnetsOf(declared, describeInterfaces(asked, holding(address)));
  return {
    owners: holders.map((holder) => ({
      eniId: holder.NetworkInterfaceId ?? '',
      asPrimary: isPrimary(holder, address),
    })),
    missingIn: [],
  };
}

/** @throws Fault; a refusal gives the address back to the interface that had it */
export async function moveIpv6(asked: AskedEc2, address: string, eniId: string): Promise<void> {
  const [target, holders] = await Promise.all([
    interfaceById(asked, eniId),
    describeInterfaces(asked, holding(address)),
  ]);
  const owners = holders.filter((holder) => holder.SubnetId === target.SubnetId);
  if (owners.some((owner) => owner.NetworkInterfaceId === eniId)) return;
  for (const { NetworkInterfaceId: owner = '' } of owners) await unassign(asked, address, owner);
  try {
    await assign(asked, address, eniId);
  } catch (error) {
    const [owner] = owners;
    if (owner !== undefined && error instanceof Fault && error.retry === 'never')
      await bestEffort(assign(asked, address, owner.NetworkInterfaceId ?? ''));
    throw error;
  }
}

function holding(address: string) {
  return { Name: 'ipv6-addresses.ipv6-address', Values: [address] };
}

/** An interface's primary IPv6 address cannot be taken from it. */
function isPrimary({ Ipv6Addresses: addresses = [] }: NetworkInterface, address: string): boolean {
  return addresses.some((each) => each.Ipv6Address === address && each.IsPrimaryIpv6 === true);
}

async function assign({ ec2, retrying }: AskedEc2, address: string, eniId: string): Promise<void> {
  const command = new AssignIpv6AddressesCommand({ NetworkInterfaceId: eniId, Ipv6Addresses: [address] });
  await withRetries(retrying, 'ec2:AssignIpv6Addresses', () => ec2.send(command));
}

/** It is an error to take away what is not there, so only a look can tell a refusal from somebody who was faster. */
async function unassign(asked: AskedEc2, address: string, eniId: string): Promise<void> {
  const { ec2, retrying } = asked;
  const command = new UnassignIpv6AddressesCommand({ NetworkInterfaceId: eniId, Ipv6Addresses: [address] });
  try {
    await withRetries(retrying, 'ec2:UnassignIpv6Addresses', () => ec2.send(command));
  } catch (error) {
    const holders = await describeInterfaces(asked, holding(address));
    if (holders.some((holder) => holder.NetworkInterfaceId === eniId)) throw error;
  }
}

async function bestEffort(effect: Promise<void>): Promise<void> {
  await effect.catch(() => undefined);
}
