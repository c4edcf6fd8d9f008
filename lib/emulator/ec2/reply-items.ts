/** Parts of replies that several operations share, named as EC2's XML names them. */
import { createHash } from 'node:crypto';
import type { Account } from '../account.ts';
import { AwsError } from '../errors.ts';
import type { Reply } from '../service.ts';
import { type InstanceState, type NetworkInterface, stateCodes, type Tags } from './records.ts';

export function tagSet(tags: Tags): readonly Reply[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

export function groupSet(ids: readonly string[]): readonly Reply[] {
  return ids.map((groupId) => ({ groupId, groupName: groupId }));
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
export function addressSet(account: Account, eni: NetworkInterface): readonly Reply[] {
  return [eni.primaryAddress, ...eni.secondaryAddresses].map((address, index) => ({
    privateIpAddress: address,
    privateDnsName: privateDnsName(account, address),
    primary: index === 0,
  }));
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html: a dry run that may go ahead is an error. */
export function refuseDryRun(dryRun: boolean | undefined): void {
  if (dryRun)
    throw new AwsError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
}
