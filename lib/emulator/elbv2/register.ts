/**
 * Which targets a group takes, and AWS's words for the others.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html
 */
import type { Ec2 } from '../ec2/model.ts';
import { AwsError } from '../errors.ts';
import { contains, parseAddress, parsePrefix } from '../host/ipv4.ts';
import type { Target, TargetGroup, TargetName } from './records.ts';

const highestPort = 65_535;
const instanceId = /^i-([0-9a-f]{8}|[0-9a-f]{17})$/;

/** What an address outside of the VPC has to be in: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html */
const privateRanges = ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16'];

/** All or none. @throws AwsError ValidationError, InvalidTarget */
export function readTargets(ec2: Ec2, group: TargetGroup, names: readonly TargetName[]): readonly Target[] {
  const targets = names.map((name) => {
    const port = portOf(group, name);
    return group.targetType === 'ip' ? addressTarget(ec2, group, name, port) : instanceTarget(name, port);
  });
  if (group.targetType === 'instance') checkInstances(ec2, group, targets);
  return targets;
}

/** @throws AwsError ValidationError */
export function portOf({ port }: TargetGroup, name: TargetName): number {
  if (name.port === undefined) return port;
  // Unconfirmed words.
  if (!Number.isInteger(name.port) || name.port < 1 || name.port > highestPort)
    throw invalid(`Port '${name.port}' is not between 1 and ${highestPort}`);
  return name.port;
}

function instanceTarget({ id, availabilityZone }: TargetName, port: number): Target {
  if (id === '') throw invalid('An instance ID must be specified');
  if (!instanceId.test(id)) throw invalid(`Instance ID '${id}' is not valid`);
  // That it is not supported is documented, the words are unconfirmed.
  if (availabilityZone !== undefined)
    throw invalid('You cannot specify an Availability Zone for a target of type instance');
  return { id, port, availabilityZone: undefined };
}

function checkInstances(ec2: Ec2, { vpcId }: TargetGroup, targets: readonly Target[]): void {
  const ids = [...new Set(targets.map(({ id }) => id))];
  refuse(
    'The following instances do not exist',
    ids.filter((id) => ec2.world.findInstance(id) === undefined),
  );
  refuse(
    `The following targets are not in the target group VPC '${vpcId}'`,
    ids.filter((id) => !isInVpc(ec2, id, vpcId)),
  );
  refuse(
    'The following targets are not in a running state and cannot be registered',
    ids.filter((id) => ec2.world.findInstance(id)?.state !== 'running'),
  );
}

function isInVpc(ec2: Ec2, instanceId: string, vpcId: string): boolean {
  const [first] = ec2.world.interfacesOf(instanceId);
  return first !== undefined && ec2.world.subnet(first.subnetId).vpcId === vpcId;
}

function refuse(what: string, ids: readonly string[]): void {
  if (ids.length > 0)
    throw new AwsError('InvalidTarget', `${what}: ${ids.map((id) => `'${id}'`).join(', ')}`);
}

/** The zone of an address inside the VPC is found by itself; for any other it has to be given. */
function addressTarget(ec2: Ec2, { vpcId }: TargetGroup, name: TargetName, port: number): Target {
  const { id, availabilityZone: given } = name;
  const address = parseAddress(id);
  if (address === undefined) throw invalid(`The IP address '${id}' is not a valid IPv4 address`);
  const home = ec2.world
    .subnets()
    .find((subnet) => subnet.vpcId === vpcId && contains(subnet.prefix, address));
  if (home !== undefined) {
    if (given !== undefined && given !== home.availabilityZone)
      throw invalid(
        `The IP address '${id}' is within the VPC, and cannot have its Availability Zone overridden to '${given}' from '${home.availabilityZone}'`,
      );
    return { id, port, availabilityZone: home.availabilityZone };
  }
  if (!isPrivate(address))
    // Unconfirmed words.
    throw invalid(`The IP address '${id}' is publicly routable and cannot be a target`);
  if (given === undefined)
    throw invalid(`The Availability Zone is required for IP address '${id}' because it is not in the VPC`);
  const { region } = ec2.account;
  if (given !== 'all' && !new RegExp(`^${region}[a-z]$`).test(given))
    throw invalid(
      `You must specify a valid Availability Zone or select 'all' for all enabled Availability zones, since the IP address '${id}' is outside the VPC`,
    );
  return { id, port, availabilityZone: given };
}

function isPrivate(address: number): boolean {
  return privateRanges.some((range) => {
    const prefix = parsePrefix(range);
    return prefix !== undefined && contains(prefix, address);
  });
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message);
}
