/**
 * The state behind EC2: subnets, interfaces, instances, and what a lagging Describe still shows of them.
 * Only whole records are put; whoever puts an interface has made sure that no address gets a second owner.
 */
import { AwsError } from '../errors.ts';
import { contains, formatAddress, parseAddress } from '../host/ipv4.ts';
import { canonicalIpv6 } from './ipv6.ts';
import type { Instance, NetworkInterface, Subnet } from './records.ts';
import { Versions } from './versions.ts';

/** A terminated instance stays visible for about an hour: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html */
const terminatedShownMs = 3_600_000;

/** What of an interface a lagging Describe is late to show: not its attachment. */
const lagging = ['secondaryAddresses', 'ipv6Addresses', 'securityGroupIds', 'sourceDestCheck'] as const;

export class World {
  /** A Describe shows a change of addresses, routes or volumes only this long after it. */
  describeLagMs = 0;
  readonly #now: () => number;
  readonly #subnets = new Map<string, Subnet>();
  readonly #interfaces = new Map<string, NetworkInterface>();
  readonly #instances = new Map<string, Instance>();
  readonly #past: Versions<NetworkInterface>;
  readonly #ownershipListeners: (() => void)[] = [];
  readonly #removalListeners: ((eni: NetworkInterface) => void)[] = [];

  constructor(now: () => number) {
    this.#now = now;
    this.#past = new Versions(now);
  }

  subnets(): readonly Subnet[] {
    return [...this.#subnets.values()];
  }

  interfaces(): readonly NetworkInterface[] {
    return [...this.#interfaces.values()];
  }

  instances(): readonly Instance[] {
    return [...this.#instances.values()].filter(
      ({ state, stateSinceMs }) => state !== 'terminated' || this.#now() - stateSinceMs < terminatedShownMs,
    );
  }

  findInterface(id: string): NetworkInterface | undefined {
    return this.#interfaces.get(id);
  }

  findInstance(id: string): Instance | undefined {
    return this.#instances.get(id);
  }

  /** @throws AwsError InvalidSubnetID.NotFound */
  subnet(id: string): Subnet {
    const subnet = this.#subnets.get(id);
    if (subnet === undefined)
      throw new AwsError('InvalidSubnetID.NotFound', `The subnet ID '${id}' does not exist`);
    return subnet;
  }

  /**
   * Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
   * @throws AwsError InvalidNetworkInterfaceId.Malformed, InvalidNetworkInterfaceID.NotFound
   */
  interface(id: string): NetworkInterface {
    const eni = this.#interfaces.get(id);
    if (eni !== undefined) return eni;
    if (!isId('eni', id)) throw new AwsError('InvalidNetworkInterfaceId.Malformed', `Invalid id: "${id}"`);
    throw new AwsError(
      'InvalidNetworkInterfaceID.NotFound',
      `The networkInterface ID '${id}' does not exist`,
    );
  }

  /** All or none. @throws AwsError InvalidInstanceID.Malformed, InvalidInstanceID.NotFound */
  instancesById(ids: readonly string[]): readonly Instance[] {
    const malformed = ids.find((id) => !isId('i', id));
    if (malformed !== undefined)
      throw new AwsError('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`);
    const visible = new Map(this.instances().map((instance) => [instance.id, instance]));
    const missing = ids.filter((id) => !visible.has(id));
    if (missing.length > 0)
      throw new AwsError(
        'InvalidInstanceID.NotFound',
        missing.length === 1
          ? `The instance ID '${missing[0]}' does not exist`
          : `The instance IDs '${missing.join(', ')}' do not exist`,
      );
    const wanted = new Set(ids);
    return [...visible.values()].filter(({ id }) => wanted.has(id));
  }

  /** The interfaces of an instance by device index. */
  interfacesOf(instanceId: string): readonly NetworkInterface[] {
    return this.interfaces()
      .filter(({ attachment }) => attachment?.instanceId === instanceId)
      .sort((a, b) => (a.attachment?.deviceIndex ?? 0) - (b.attachment?.deviceIndex ?? 0));
  }

  /** Who holds an address, whether primary, secondary or IPv6. One CIDR stands for one subnet, so there is at most one. */
  holder(address: string): NetworkInterface | undefined {
    if (address.includes(':')) {
      const wanted = canonicalIpv6(address);
      return this.interfaces().find((eni) => eni.ipv6Addresses.includes(wanted));
    }
    return this.interfaces().find(
      (eni) => eni.primaryAddress === address || eni.secondaryAddresses.includes(address),
    );
  }

  /** The interface as a Describe shows it now. */
  shown(eni: NetworkInterface): NetworkInterface {
    const past = this.#past.shown(eni.id, this.describeLagMs);
    if (past === undefined) return eni;
    const { secondaryAddresses, ipv6Addresses, securityGroupIds, sourceDestCheck } = past;
    return { ...eni, secondaryAddresses, ipv6Addresses, securityGroupIds, sourceDestCheck };
  }

  putSubnet(subnet: Subnet): void {
    this.#subnets.set(subnet.id, subnet);
  }

  putInterface(eni: NetworkInterface): void {
    const before = this.#interfaces.get(eni.id);
    if (before !== undefined && lagging.some((part) => before[part] !== eni[part]))
      this.#past.keep(eni.id, before);
    this.#interfaces.set(eni.id, eni);
    this.ownershipChanged();
  }

  removeInterface(id: string): void {
    const eni = this.#interfaces.get(id);
    this.#interfaces.delete(id);
    this.#past.forget(id);
    if (eni !== undefined) for (const listener of this.#removalListeners) listener(eni);
    this.ownershipChanged();
  }

  onRemoval(listener: (eni: NetworkInterface) => void): void {
    this.#removalListeners.push(listener);
  }

  /** Called after any interface or route has changed; a move of an address is two changes in one turn. */
  onOwnership(listener: () => void): void {
    this.#ownershipListeners.push(listener);
  }

  ownershipChanged(): void {
    for (const listener of this.#ownershipListeners) listener();
  }

  putInstance(instance: Instance): void {
    this.#instances.set(instance.id, instance);
  }
}

/** seen: https://github.com/aws/aws-k8s-tester, which meets it in CreateRoute. An address or a route needs one. @throws AwsError InvalidInstanceID */
export function onlyInterfaceOf(world: World, instanceId: string): NetworkInterface {
  const [instance] = world.instancesById([instanceId]);
  const [eni, ...others] = world.interfacesOf(instance?.id ?? '');
  if (eni === undefined || others.length > 0)
    throw new AwsError(
      'InvalidInstanceID',
      `There are multiple interfaces attached to instance '${instanceId}'. Please specify an interface ID for the operation instead.`,
    );
  return eni;
}

export type IdPrefix =
  | ('eni' | 'i' | 'igw' | 'rtb' | 'rtbassoc' | 'sg' | 'subnet' | 'vol' | 'vpc')
  | ('eipalloc' | 'eipassoc');

export function isId(prefix: IdPrefix, id: string): boolean {
  return new RegExp(`^${prefix}-([0-9a-f]{8}|[0-9a-f]{17})$`).test(id);
}

export type Place = 'inside' | 'outside' | 'reserved' | 'not an address';

/** Reserved: network, router, DNS, future use, last: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html */
export function placeIn(subnet: Subnet, text: string): Place {
  const address = parseAddress(text);
  if (address === undefined) return 'not an address';
  if (!contains(subnet.prefix, address)) return 'outside';
  const offset = address - subnet.prefix.base;
  return offset <= 3 || offset === sizeOf(subnet) - 1 ? 'reserved' : 'inside';
}

export function routerOf(subnet: Subnet): string {
  return formatAddress(subnet.prefix.base + 1);
}

function sizeOf(subnet: Subnet): number {
  return 2 ** (32 - subnet.prefix.length);
}

/** Addresses that nobody holds, lowest first. */
export function* freeAddresses(world: World, subnet: Subnet): Generator<string> {
  const held = new Set(
    world
      .interfaces()
      .filter(({ subnetId }) => subnetId === subnet.id)
      .flatMap((eni) => [eni.primaryAddress, ...eni.secondaryAddresses]),
  );
  for (let offset = 4; offset < sizeOf(subnet) - 1; offset++) {
    const address = formatAddress(subnet.prefix.base + offset);
    if (!held.has(address)) yield address;
  }
}
