/**
 * Assign and unassign of IPv6 addresses: all or nothing, and no reassignment exists: an address that another interface
 * holds must be unassigned there first (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/MultipleIP.html).
 * Of the refusals AWS documents neither codes nor wordings: those of the IPv4 pair are taken for likely.
 */
import { AwsError } from '../errors.ts';
import { networkLimits } from './instance-types.ts';
import { formatIpv6, type Ipv6Prefix, isInIpv6, parseIpv6, sizeOfIpv6 } from './ipv6.ts';
import type { NetworkInterface, Subnet } from './records.ts';
import type { World } from './world.ts';

export interface Ipv6Assignment {
  readonly interfaceId: string;
  readonly addresses: readonly string[] | undefined;
  readonly count: number | undefined;
}

/** The first four and the last: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html */
const reservedAtStart = 4n;

/** The addresses that are new; one that the interface held before stays, which AWS does not promise. */
export function assignIpv6(world: World, request: Ipv6Assignment): readonly string[] {
  const target = world.interface(request.interfaceId);
  const prefix = prefixOf(world.subnet(target.subnetId));
  checkLimit(world, target, request.count ?? 0);
  const addresses = request.count === undefined ? readAll(request) : pickFree(world, prefix, request);
  for (const address of addresses) checkPlace(prefix, address);
  const gained = addresses.filter((address) => !target.ipv6Addresses.includes(address));
  const held = gained.filter((address) => world.holder(address) !== undefined);
  if (held.length > 0) throw invalid(`[${held.join(', ')}] assigned, but move is not allowed.`);
  checkLimit(world, target, gained.length);
  if (gained.length > 0)
    world.putInterface({ ...target, ipv6Addresses: [...target.ipv6Addresses, ...gained] });
  return gained;
}

/** @throws AwsError InvalidParameterValue for an address that the interface does not hold; then none goes */
export function unassignIpv6(world: World, interfaceId: string, texts: readonly string[]): readonly string[] {
  const eni = world.interface(interfaceId);
  const addresses = readAll({ interfaceId, addresses: texts, count: undefined });
  if (!addresses.every((address) => eni.ipv6Addresses.includes(address)))
    throw invalid(`Some of the specified addresses are not assigned to interface ${eni.id}`);
  world.putInterface({
    ...eni,
    ipv6Addresses: eni.ipv6Addresses.filter((address) => !addresses.includes(address)),
  });
  return addresses;
}

/** Why an address cannot be of that block; `undefined` when it can. */
export function misplaced(
  prefix: Ipv6Prefix,
  text: string,
): 'not an address' | 'outside' | 'reserved' | undefined {
  const address = parseIpv6(text);
  if (address === undefined) return 'not an address';
  if (!isInIpv6(prefix, address)) return 'outside';
  const offset = address - prefix.base;
  return offset < reservedAtStart || offset === sizeOfIpv6(prefix) - 1n ? 'reserved' : undefined;
}

function prefixOf(subnet: Subnet): Ipv6Prefix {
  if (subnet.ipv6 === undefined)
    throw invalid(`The subnet ${subnet.id} has no IPv6 CIDR block associated with it.`);
  return subnet.ipv6;
}

function readAll({ addresses = [], count }: Ipv6Assignment): readonly string[] {
  if (addresses.length === 0 && count === undefined)
    throw new AwsError(
      'MissingParameter',
      'The request must contain either ipv6Addresses or ipv6AddressCount',
    );
  const read = addresses.map((text) => {
    const address = parseIpv6(text);
    if (address === undefined) throw invalid(`invalid value for parameter address: ${text}`);
    return formatIpv6(address);
  });
  const twice = read.find((address, index) => read.indexOf(address) !== index);
  if (twice !== undefined) throw invalid(`The address ${twice} is given more than once`);
  return read;
}

function checkPlace(prefix: Ipv6Prefix, address: string): void {
  const wrong = misplaced(prefix, address);
  if (wrong === 'outside') throw invalid("Address does not fall within the subnet's address range");
  if (wrong === 'reserved') throw invalid(`Address ${address} is in subnet's reserved address range`);
}

/** As many as private IPv4 addresses: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssignIpv6Addresses.html */
function checkLimit(world: World, target: NetworkInterface, gained: number): void {
  const type = target.attachment && world.findInstance(target.attachment.instanceId)?.type;
  const limit = type === undefined ? undefined : networkLimits.get(type)?.addressesPerInterface;
  if (limit !== undefined && target.ipv6Addresses.length + gained > limit)
    throw new AwsError('PrivateIpAddressLimitExceeded', 'Number of IPv6 addresses will exceed limit.');
}

function pickFree(
  world: World,
  { base }: Ipv6Prefix,
  { addresses, count = 0 }: Ipv6Assignment,
): readonly string[] {
  if (addresses !== undefined)
    throw new AwsError(
      'InvalidParameterCombination',
      'The parameters ipv6Addresses and ipv6AddressCount may not be used together',
    );
  if (!Number.isInteger(count) || count < 1) throw invalid(`Invalid value '${count}' for ipv6AddressCount`);
  const free: string[] = [];
  for (let offset = reservedAtStart; free.length < count; offset++) {
    const address = formatIpv6(base + offset);
    if (world.holder(address) === undefined) free.push(address);
  }
  return free;
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValue', message);
}
