/** Parts of replies that several operations share, named as EC2's XML names them. */
import { createHash } from 'node:crypto';
import type { Account } from '../account.ts';
import { AwsError } from '../errors.ts';
import type { Reply } from '../service.ts';
import type { Ec2 } from './model.ts';
import {
  type ElasticIp,
  type InstanceState,
  type NetworkInterface,
  stateCodes,
  type Tags,
} from './records.ts';

export function tagSet(tags: Tags): readonly Reply[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

export function groupSet({ securityGroups }: Ec2, ids: readonly string[]): readonly Reply[] {
  return ids.map((groupId) => ({ groupId, groupName: securityGroups.find(groupId)?.name ?? groupId }));
}

export function stateItem(name: InstanceState): Reply {
  return { code: stateCodes[name], name };
}

/** https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html */
export function privateDnsName(account: Account, address: string): string {
  const domain = account.region === 'us-east-1' ? 'ec2.internal' : `${account.region}.compute.internal`;
  return `ip-${address.replaceAll('.', '-')}.${domain}`;
}

/** Named after the role in it, as the console makes it. Ids: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html */
export function instanceProfile(account: Account, role: string | undefined): Reply | undefined {
  if (role === undefined) return undefined;
  const unique = createHash('sha256').update(role).digest('hex').slice(0, 17).toUpperCase();
  return { arn: `arn:aws:iam::${account.id}:instance-profile/${role}`, id: `AIPA${unique}` };
}

/** Primary first. */
export function addressSet(ec2: Ec2, eni: NetworkInterface): readonly Reply[] {
  return [eni.primaryAddress, ...eni.secondaryAddresses].map((address, index) => ({
    privateIpAddress: address,
    privateDnsName: privateDnsName(ec2.account, address),
    primary: index === 0,
    association: associationItem(ec2, address),
  }));
}

/** Of the Elastic IP address that a Describe shows for this private one. */
export function associationItem(ec2: Ec2, privateAddress: string): Reply | undefined {
  const address = elasticIpOf(ec2, privateAddress);
  if (address?.association === undefined) return undefined;
  return {
    publicIp: address.publicIp,
    publicDnsName: publicDnsName(ec2.account, address.publicIp),
    ipOwnerId: ec2.account.id,
    allocationId: address.allocationId,
    associationId: address.association.id,
  };
}

export function elasticIpOf({ elasticIps }: Ec2, privateAddress: string): ElasticIp | undefined {
  return elasticIps
    .all()
    .map((address) => elasticIps.shown(address))
    .find(({ association }) => association?.privateAddress === privateAddress);
}

export function ipv6Set({ ipv6Addresses }: NetworkInterface): readonly Reply[] {
  return ipv6Addresses.map((ipv6Address) => ({ ipv6Address, isPrimaryIpv6: false }));
}

/** https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html */
export function publicDnsName(account: Account, address: string): string {
  const domain =
    account.region === 'us-east-1' ? 'compute-1.amazonaws.com' : `${account.region}.compute.amazonaws.com`;
  return `ec2-${address.replaceAll('.', '-')}.${domain}`;
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html: a dry run that may go ahead is an error. */
export function refuseDryRun(dryRun: boolean | undefined): void {
  if (dryRun)
    throw new AwsError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
}

/** @throws AwsError MissingParameter, when it is absent or empty */
export function required(value: string | undefined, name: string): string {
  if (value !== undefined && value !== '') return value;
  throw new AwsError('MissingParameter', `The request must contain the parameter ${name}`);
}
