/**
 * Assign and unassign: first every reason to refuse, then one change of all interfaces concerned. A batch is all or
 * nothing (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/MultipleIP.html), and a move has no moment with two owners.
 */
import { AwsError } from '../errors.ts';
import { networkLimits } from './instance-types.ts';
import type { NetworkInterface, Subnet } from './records.ts';
import { freeAddresses, placeIn, type World } from './world.ts';

export interface Assignment {
  readonly interfaceId: string;
  readonly addresses: readonly string[] | undefined;
  readonly count: number | undefined;
  readonly allowReassignment: boolean;
}

/** The addresses that the interface holds because of this call; one that it held before stays, without a change. */
export function assign(world: World, request: Assignment): readonly string[] {
  checkForm(request);
  const target = world.interface(request.interfaceId);
  const subnet = world.subnet(target.subnetId);
  const addresses = request.addresses ?? pickFree(world, subnet, request.count ?? 0);
  for (const address of addresses) checkPlace(subnet, address);
  checkHolders(world, target, addresses, request.allowReassignment);
  const gained = addresses.filter((address) => !target.secondaryAddresses.includes(address));
  checkLimit(world, target, gained.length);
  if (gained.length > 0) move(world, target, gained);
  return addresses;
}

/** @throws AwsError InvalidParameterValue for a primary or an address that the interface does not hold; then none goes */
export function unassign(world: World, interfaceId: string, addresses: readonly string[]): void {
  if (addresses.length === 0)
    throw new AwsError('MissingParameter', 'The request must contain the parameter privateIpAddresses');
  const eni = world.interface(interfaceId);
  // AWS's wording is not known.
  if (addresses.includes(eni.primaryAddress))
    throw invalid(`The primary address ${eni.primaryAddress} of interface ${eni.id} cannot be unassigned`);
  // seen: https://github.com/Netflix/titus-executor matches this message of AWS
  if (!addresses.every((address) => eni.secondaryAddresses.includes(address)))
    throw invalid(`Some of the specified addresses are not assigned to interface ${eni.id}`);
  world.putInterface(without(eni, addresses));
}

/** The other interfaces that would lose an address: what the stricter reading of IAM asks about as well. */
export function losers(
  world: World,
  targetId: string,
  addresses: readonly string[],
): readonly NetworkInterface[] {
  return world
    .interfaces()
    .filter(
      (eni) => eni.id !== targetId && eni.secondaryAddresses.some((address) => addresses.includes(address)),
    );
}

function checkForm({ addresses, count }: Assignment): void {
  if (addresses !== undefined && count !== undefined)
    throw new AwsError(
      'InvalidParameterCombination',
      'The parameters privateIpAddresses and secondaryPrivateIpAddressCount may not be used together',
    );
  if (addresses === undefined && count === undefined)
    throw new AwsError(
      'MissingParameter',
      'The request must contain either privateIpAddresses or secondaryPrivateIpAddressCount',
    );
  if (count !== undefined && (!Number.isInteger(count) || count < 1))
    throw invalid(`Invalid value '${count}' for secondaryPrivateIpAddressCount`);
  const twice = addresses?.find((address, index) => addresses.indexOf(address) !== index);
  if (twice !== undefined) throw invalid(`The address ${twice} is given more than once`);
}

/** Wordings seen: https://github.com/hashicorp/terraform/issues/18764 (invalid value), RunInstances for the others. */
function checkPlace(subnet: Subnet, address: string): void {
  const place = placeIn(subnet, address);
  if (place === 'not an address') throw invalid(`invalid value for parameter address: ${address}`);
  if (place === 'outside') throw invalid("Address does not fall within the subnet's address range");
  if (place === 'reserved') throw invalid(`Address ${address} is in subnet's reserved address range`);
}

function checkHolders(
  world: World,
  target: NetworkInterface,
  addresses: readonly string[],
  allowReassignment: boolean,
): void {
  const holders = addresses.map((address) => ({ address, holder: world.holder(address) }));
  // seen: https://github.com/aws/aws-sdk-go/issues/2864; that a primary is the cause is not confirmed by AWS
  if (holders.some(({ address, holder }) => holder?.primaryAddress === address))
    throw invalid('secondary-addresses');
  const elsewhere = holders.filter(({ holder }) => holder !== undefined && holder.id !== target.id);
  // seen: https://docs.ansible.com/ansible/latest/collections/amazon/aws/ec2_eni_module.html quotes it
  if (elsewhere.length > 0 && !allowReassignment)
    throw invalid(
      `[${elsewhere.map(({ address }) => address).join(', ')}] assigned, but move is not allowed.`,
    );
}

/** seen: https://github.com/aws/amazon-vpc-cni-k8s/issues/989. Unattached there is no type, so no limit that is known. */
function checkLimit(world: World, target: NetworkInterface, gained: number): void {
  const type = target.attachment && world.findInstance(target.attachment.instanceId)?.type;
  const limit = type === undefined ? undefined : networkLimits.get(type)?.addressesPerInterface;
  if (limit !== undefined && 1 + target.secondaryAddresses.length + gained > limit)
    throw new AwsError('PrivateIpAddressLimitExceeded', 'Number of private addresses will exceed limit.');
}

function pickFree(world: World, subnet: Subnet, count: number): readonly string[] {
  const free: string[] = [];
  for (const address of freeAddresses(world, subnet)) {
    if (free.length === count) break;
    free.push(address);
  }
  if (free.length < count)
    throw new AwsError(
      'InsufficientFreeAddressesInSubnet',
      `The specified subnet does not have enough free addresses to satisfy the request: ${subnet.id}`,
    );
  return free;
}

/** Synchronous, taken away first: whoever looks sees the state before or the state after. */
function move(world: World, target: NetworkInterface, gained: readonly string[]): void {
  for (const loser of losers(world, target.id, gained)) world.putInterface(without(loser, gained));
  world.putInterface({ ...target, secondaryAddresses: [...target.secondaryAddresses, ...gained] });
}

function without(eni: NetworkInterface, addresses: readonly string[]): NetworkInterface {
  return {
    ...eni,
    secondaryAddresses: eni.secondaryAddresses.filter((address) => !addresses.includes(address)),
  };
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValue', message);
}
