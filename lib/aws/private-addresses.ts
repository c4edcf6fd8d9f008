/** Secondary private IPv4 addresses: they are moved by one call, all or none, and never without an owner. */
import { AssignPrivateIpAddressesCommand, type NetworkInterface } from '@aws-sdk/client-ec2';
import type { Held } from '../recovery/mechanism.ts';
import type { AddressView } from '../recovery/observation.ts';
import { type AskedEc2, describeInterfaces } from './interfaces.ts';
import { withRetries } from './retry.ts';

/** The declared interfaces, while they are looked at. */
export type Declared = Promise<readonly NetworkInterface[]>;

export type Owned = Pick<AddressView, 'owners' | 'missingIn'>;

/** A filter takes so many values: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html */
const mostValues = 200;

/** Every interface that has one of them, in whatever VPC. @throws Fault */
export async function privateHolders(
  asked: AskedEc2,
  addresses: readonly string[],
): Promise<readonly NetworkInterface[]> {
  const holders: NetworkInterface[] = [];
  for (let from = 0; from < addresses.length; from += mostValues) {
    const Values = addresses.slice(from, from + mostValues);
    holders.push(...(await describeInterfaces(asked, { Name: 'addresses.private-ip-address', Values })));
  }
  return holders;
}

export async function privateOwners(address: string, declared: Declared, all: Declared): Promise<Owned> {
  const holders = (await inSubnetsOf(declared, all)).filter((holder) =>
    holder.PrivateIpAddresses?.some((each) => each.PrivateIpAddress === address),
  );
  return {
    owners: holders.map((holder) => ({
      eniId: holder.NetworkInterfaceId ?? '',
      asPrimary: holder.PrivateIpAddress === address,
    })),
    missingIn: [],
  };
}

/** The same private address may exist in another VPC; only the declared interfaces' own subnets count. */
export async function inSubnetsOf(
  declared: Declared,
  holders: Promise<readonly NetworkInterface[]>,
): Promise<readonly NetworkInterface[]> {
  const [own, all] = await Promise.all([declared, holders]);
  const subnets = new Set(own.map((each) => each.SubnetId));
  return all.filter((holder) => subnets.has(holder.SubnetId));
}

/** @throws Fault */
export async function movePrivate(
  { ec2, retrying }: AskedEc2,
  held: readonly Held[],
  eniId: string,
): Promise<void> {
  const command = new AssignPrivateIpAddressesCommand({
    NetworkInterfaceId: eniId,
    PrivateIpAddresses: held.map(({ address }) => address),
    AllowReassignment: true,
  });
  await withRetries(retrying, 'ec2:AssignPrivateIpAddresses', () => ec2.send(command));
}
