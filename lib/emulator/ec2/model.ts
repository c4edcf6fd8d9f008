/**
 * EC2 of one account: the world that tests and the demo build, the faults they plant, and what the operations work on.
 * What AWS offers over the wire is in the files named after its operations.
 */
import type { Account } from '../account.ts';
import type { HostDriver, Nic } from '../host/driver.ts';
import { contains, formatAddress, parsePrefix } from '../host/ipv4.ts';
import { ElasticIps } from './elastic-ips.ts';
import { Ids } from './ids.ts';
import { networkLimits } from './instance-types.ts';
import { canonicalIpv6, type Ipv6Prefix, parseIpv6Prefix } from './ipv6.ts';
import { misplaced } from './ipv6-addresses.ts';
import { type HostFailure, LifeCycle } from './life-cycle.ts';
import { VpcNetwork } from './network.ts';
import { Networks } from './networks.ts';
import type { InstancePlan, InterfacePlan, SubnetPlan } from './plans.ts';
import type { Attachment, Instance, NetworkInterface, Subnet, Tags } from './records.ts';
import { SecurityGroups } from './security-groups.ts';
import { type Check, StatusChecks } from './status-checks.ts';
import { Throttle } from './throttle.ts';
import { Volumes } from './volumes.ts';
import { isId, placeIn, routerOf, World } from './world.ts';

const idDigits = 17;
const shortestPrefix = 16;
const longestPrefix = 28;
const ipv6PrefixLength = 64;

export class Ec2 {
  readonly account: Account;
  readonly world: World;
  readonly lifeCycle: LifeCycle;
  readonly statusChecks: StatusChecks;
  readonly throttle: Throttle;
  /** Each is a part of the world with its own `add`. */
  readonly networks: Networks;
  readonly securityGroups: SecurityGroups;
  readonly elasticIps: ElasticIps;
  readonly volumes: Volumes;
  /** What becomes of packets beyond who owns an address. */
  readonly network: VpcNetwork;

  constructor(account: Account) {
    this.account = account;
    this.world = new World(() => account.clock.now());
    this.lifeCycle = new LifeCycle(account, this.world);
    this.statusChecks = new StatusChecks(account, this.world, this.lifeCycle);
    this.throttle = new Throttle(account.clock);
    const now = () => account.clock.now();
    const ids = new Ids();
    const defaultVpcId = `vpc-${account.random.hex(idDigits)}`;
    this.networks = new Networks(this.world, ids, { now, defaultVpcId });
    this.securityGroups = new SecurityGroups(ids);
    this.elasticIps = new ElasticIps(this.world, this.networks, ids, now);
    this.volumes = new Volumes(account, this.world, ids);
    this.network = new VpcNetwork(this.world, this.networks, this.securityGroups, this.elasticIps);
    this.lifeCycle.onState((instanceId, state) => {
      if (state === 'stopped') this.volumes.instanceStopped(instanceId);
      if (state === 'terminated') this.volumes.instanceTerminated(instanceId);
    });
  }

  /** Nothing happens here by itself after this: no status check, no change of state. */
  stop(): void {
    this.lifeCycle.cancelAll();
    this.statusChecks.cancelAll();
    this.volumes.cancelAll();
  }

  // ---- Building the world. A plan that AWS could not have is refused with a plain error.

  /** Between /16 and /28, clear of every other: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html */
  addSubnet(plan: SubnetPlan): Subnet {
    const prefix = parsePrefix(plan.cidr);
    if (prefix === undefined || prefix.length < shortestPrefix || prefix.length > longestPrefix)
      throw new Error(`${plan.cidr} is not a subnet between /${shortestPrefix} and /${longestPrefix}`);
    if (prefix.base !== prefix.address) throw new Error(`${plan.cidr} is not the start of its block`);
    const other = this.world
      .subnets()
      .find((subnet) => contains(subnet.prefix, prefix.base) || contains(prefix, subnet.prefix.base));
    if (other !== undefined) throw new Error(`${plan.cidr} overlaps ${other.id} (${other.cidr})`);
    const subnet: Subnet = {
      id: this.#id('subnet', plan.id),
      vpcId: this.networks.admit(plan.vpcId, prefix).id,
      availabilityZone: plan.availabilityZone ?? `${this.account.region}a`,
      cidr: plan.cidr,
      prefix,
      ipv6: plan.ipv6Cidr === undefined ? undefined : ipv6Of(plan.ipv6Cidr),
    };
    this.world.putSubnet(subnet);
    return subnet;
  }

  addNetworkInterface(plan: InterfacePlan): NetworkInterface {
    const subnet = this.world.subnet(plan.subnetId);
    const secondaryAddresses = plan.secondaryAddresses ?? [];
    for (const address of [plan.privateAddress, ...secondaryAddresses]) {
      if (placeIn(subnet, address) !== 'inside')
        throw new Error(`${address} is not free to use in ${subnet.cidr}`);
      const holder = this.world.holder(address);
      if (holder !== undefined) throw new Error(`${address} is held by ${holder.id}`);
    }
    const ipv6Addresses = (plan.ipv6Addresses ?? []).map(canonicalIpv6);
    for (const address of ipv6Addresses)
      if (
        subnet.ipv6 === undefined ||
        misplaced(subnet.ipv6, address) !== undefined ||
        this.world.holder(address)
      )
        throw new Error(`${address} is not free to use in ${subnet.ipv6?.cidr ?? subnet.id}`);
    const securityGroupIds = plan.securityGroupIds ?? ['sg-0123456789abcdef0'];
    for (const id of securityGroupIds) this.securityGroups.admit(id, subnet.vpcId);
    const eni: NetworkInterface = {
      id: this.#id('eni', plan.id),
      subnetId: subnet.id,
      macAddress: plan.macAddress?.toLowerCase() ?? this.#mac(),
      primaryAddress: plan.privateAddress,
      secondaryAddresses,
      ipv6Addresses,
      securityGroupIds,
      sourceDestCheck: plan.sourceDestCheck ?? true,
      tags: plan.tags ?? {},
      attachment: undefined,
    };
    this.world.putInterface(eni);
    return eni;
  }

  /** Adds an instance that is running and has been for a while; its guest is up when this returns. */
  addInstance(plan: InstancePlan): Instance {
    if (plan.interfaces.length === 0) throw new Error('an instance has at least one network interface');
    if (!networkLimits.has(plan.type)) throw new Error(`the instance type ${plan.type} is not modelled`);
    if (plan.role !== undefined && !this.account.iam.hasRole(plan.role))
      throw new Error(`there is no role ${plan.role}`);
    const id = this.#id('i', plan.id);
    const nowMs = this.account.clock.now();
    const first = this.world.interface(plan.interfaces[0]?.eniId ?? '');
    const instance: Instance = {
      id,
      type: plan.type,
      tags: { ...plan.tags, ...(plan.name === undefined ? {} : { Name: plan.name }) },
      host: plan.host({ instanceId: id, name: plan.name ?? id }),
      availabilityZone: this.world.subnet(first.subnetId).availabilityZone,
      state: 'running',
      stateSinceMs: nowMs,
      launchedAtMs: nowMs,
      role: plan.role,
      stateReason: undefined,
      transitionReason: '',
    };
    this.world.putInstance(instance);
    for (const [deviceIndex, { eniId, device }] of plan.interfaces.entries())
      this.attachInterface(eniId, id, { deviceIndex, device });
    instance.host.boot();
    this.statusChecks.watch(instance);
    return instance;
  }

  /** Same Availability Zone only, within the limit of the type: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html */
  attachInterface(
    eniId: string,
    instanceId: string,
    { deviceIndex, device }: { readonly deviceIndex: number; readonly device: string },
  ): void {
    const instance = this.#instance(instanceId);
    const eni = this.world.interface(eniId);
    const subnet = this.world.subnet(eni.subnetId);
    const attached = this.world.interfacesOf(instanceId);
    if (eni.attachment !== undefined) throw new Error(`${eniId} is attached to ${eni.attachment.instanceId}`);
    if (subnet.availabilityZone !== instance.availabilityZone)
      throw new Error(
        `${eniId} is in ${subnet.availabilityZone}, ${instanceId} in ${instance.availabilityZone}`,
      );
    if (attached.some(({ attachment }) => attachment?.deviceIndex === deviceIndex))
      throw new Error(`${instanceId} has an interface at device index ${deviceIndex}`);
    if (attached.length >= (networkLimits.get(instance.type)?.interfaces ?? 0))
      throw new Error(`an ${instance.type} takes no more than ${attached.length} network interfaces`);
    const attachment: Attachment = {
      id: `eni-attach-${this.account.random.hex(idDigits)}`,
      instanceId,
      deviceIndex,
      device,
      attachedAtMs: this.account.clock.now(),
      deleteOnTermination: deviceIndex === 0,
    };
    this.world.putInterface({ ...eni, attachment });
    instance.host.attach(nicOf(eni, attachment, subnet));
  }

  // ---- What others ask

  instanceIds(): readonly string[] {
    return this.world.instances().map(({ id }) => id);
  }

  /** The guest of an instance in any state but on its way out. */
  host(instanceId: string): HostDriver | undefined {
    const instance = this.world.findInstance(instanceId);
    return instance?.state === 'shutting-down' || instance?.state === 'terminated'
      ? undefined
      : instance?.host;
  }

  tagsOf(instanceId: string): Tags {
    return this.world.findInstance(instanceId)?.tags ?? {};
  }

  roleOf(instanceId: string): string | undefined {
    return this.world.findInstance(instanceId)?.role;
  }

  primaryAddressOf(instanceId: string): string | undefined {
    return this.world.interfacesOf(instanceId)[0]?.primaryAddress;
  }

  /** The truth behind every Describe: who holds an address. Overlay and Elastic IP addresses are the network's. */
  eniOwning(address: string): { readonly mac: string; readonly hostId: string | undefined } | undefined {
    const eni = this.world.holder(address);
    return eni && { mac: eni.macAddress, hostId: eni.attachment?.instanceId };
  }

  /**
   * Where IPv4 packets for every address go: what a network that forwards for EC2 follows. An isolated interface gets
   * none; an overlay address is where a route table sends it.
   */
  owned(): readonly { readonly address: string; readonly mac: string }[] {
    const held = this.world
      .interfaces()
      .filter(({ macAddress }) => !this.network.isIsolated(macAddress))
      .flatMap(({ macAddress: mac, primaryAddress, secondaryAddresses }) =>
        [primaryAddress, ...secondaryAddresses].map((address) => ({ address, mac })),
      );
    const routed = this.network
      .overlays()
      .map(({ address, mac }) => ({ address: formatAddress(address), mac }))
      .filter(
        ({ address, mac }) => this.world.holder(address) === undefined && !this.network.isIsolated(mac),
      );
    return [...held, ...new Map(routed.toReversed().map((each) => [each.address, each])).values()];
  }

  /** Called after any of that has changed. */
  onOwnership(listener: () => void): void {
    this.world.onOwnership(listener);
  }

  // ---- Faults

  /**
   * The hardware under an instance dies: its guest is gone at once, both status checks fail from the next one on:
   * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/TroubleshootingInstancesStopping.html
   */
  failHost(instanceId: string, failure: HostFailure = {}): void {
    this.lifeCycle.failHost(this.#instance(instanceId), failure);
  }

  /** Somebody on the guest says `shutdown`: EC2 stops the instance and says so in its state reason. */
  shutDownFromWithin(instanceId: string): void {
    this.lifeCycle.shutDownFromWithin(this.#instance(instanceId));
  }

  /** These status checks fail while the guest goes on as before; an empty list mends them. */
  impairInstance(instanceId: string, checks: readonly Check[] = ['instance']): void {
    this.statusChecks.impair(this.#instance(instanceId).id, checks);
  }

  /** Each state-change event comes this often from now on. */
  duplicateEvents(copies: number): void {
    this.lifeCycle.eventCopies = copies;
  }

  /** A Describe shows addresses, routes, groups and volumes only so long after they have changed. */
  set describeLagMs(ms: number) {
    this.world.describeLagMs = ms;
  }

  /** Pulls an interface out of its instance; it keeps its addresses. */
  detachInterface(eniId: string): void {
    const eni = this.world.interface(eniId);
    if (eni.attachment === undefined) throw new Error(`${eniId} is not attached`);
    this.world.putInterface({ ...eni, attachment: undefined });
    this.host(eni.attachment.instanceId)?.detach(eni.macAddress);
  }

  #instance(id: string): Instance {
    const instance = this.world.findInstance(id);
    if (instance === undefined) throw new Error(`no instance ${id}`);
    return instance;
  }

  #id(prefix: 'eni' | 'i' | 'subnet', given: string | undefined): string {
    const id = given ?? `${prefix}-${this.account.random.hex(idDigits)}`;
    if (!isId(prefix, id))
      throw new Error(`${id} does not look like ${prefix}- and 8 or 17 hexadecimal digits`);
    const taken = [...this.world.subnets(), ...this.world.interfaces(), ...this.world.instances()];
    if (taken.some((other) => other.id === id)) throw new Error(`${id} is taken`);
    return id;
  }

  #mac(): string {
    const digits = this.account.random.hex(10).match(/../g) ?? [];
    return ['02', ...digits].join(':');
  }
}

function ipv6Of(cidr: string): Ipv6Prefix {
  const prefix = parseIpv6Prefix(cidr);
  if (prefix?.length !== ipv6PrefixLength) throw new Error(`${cidr} is not a /${ipv6PrefixLength}`);
  return prefix;
}

function nicOf(eni: NetworkInterface, { deviceIndex, device }: Attachment, subnet: Subnet): Nic {
  return {
    mac: eni.macAddress,
    deviceIndex,
    device,
    primaryAddress: eni.primaryAddress,
    prefixLength: subnet.prefix.length,
    gateway: routerOf(subnet),
  };
}
