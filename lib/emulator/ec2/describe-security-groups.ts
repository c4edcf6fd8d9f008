import { type Operation, operation, type Reply } from '../service.ts';
import { list, structure } from '../shapes.ts';
import { type FilterTable, filterShape, select, tagFilters } from './filters.ts';
import type { Ec2 } from './model.ts';
import { page } from './pages.ts';
import type { SecurityGroup } from './records.ts';
import { refuseDryRun, tagSet } from './reply-items.ts';

const input = structure({
  GroupId: list('string'),
  Filter: filterShape,
  MaxResults: 'integer',
  NextToken: 'string',
  DryRun: 'boolean',
});

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroups.html */
export function describeSecurityGroups({ account, securityGroups }: Ec2): Operation {
  return operation(input, ({ GroupId: ids, Filter, MaxResults, NextToken, DryRun }) => {
    refuseDryRun(DryRun);
    const named = ids?.map((id) => securityGroups.get(id)) ?? securityGroups.all();
    const { items, nextToken } = page(select(named, Filter, filters), {
      ids,
      maxResults: MaxResults,
      nextToken: NextToken,
    });
    return { securityGroupInfo: items.map((group) => groupItem(account.id, group)), nextToken };
  });
}

const filters: FilterTable<SecurityGroup> = {
  ...tagFilters((group: SecurityGroup) => group.tags),
  'group-id': ({ id }) => [id],
  'group-name': ({ name }) => [name],
  'vpc-id': ({ vpcId }) => [vpcId],
};

/** A group with rules lets everything through here, so that is what its rules say. */
function groupItem(ownerId: string, { id, name, vpcId, hasRules, tags }: SecurityGroup): Reply {
  const everything = {
    ipProtocol: '-1',
    ipRanges: [{ cidrIp: '0.0.0.0/0' }],
    ipv6Ranges: [{ cidrIpv6: '::/0' }],
  };
  const rules = hasRules ? [everything] : [];
  return {
    ownerId,
    groupId: id,
    groupName: name,
    groupDescription: name,
    vpcId,
    ipPermissions: rules,
    ipPermissionsEgress: rules,
    tagSet: tagSet(tags),
  };
}
