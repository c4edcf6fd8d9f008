import { type Operation, operation, type Reply } from '../service.ts';
import { list, structure } from '../shapes.ts';
import { type FilterTable, filterShape, select } from './filters.ts';
import type { Ec2 } from './model.ts';
import { page } from './pages.ts';
import type { Subnet } from './records.ts';
import { refuseDryRun } from './reply-items.ts';
import { freeAddresses } from './world.ts';

const input = structure({
  SubnetId: list('string'),
  Filter: filterShape,
  MaxResults: 'integer',
  NextToken: 'string',
  DryRun: 'boolean',
});

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSubnets.html */
export function describeSubnets(ec2: Ec2): Operation {
  return operation(input, ({ SubnetId: ids, Filter, MaxResults, NextToken, DryRun }) => {
    refuseDryRun(DryRun);
    const named = ids?.map((id) => ec2.world.subnet(id)) ?? ec2.world.subnets();
    const { items, nextToken } = page(select(named, Filter, filters), {
      ids,
      maxResults: MaxResults,
      nextToken: NextToken,
    });
    return { subnetSet: items.map((subnet) => subnetItem(ec2, subnet)), nextToken };
  });
}

const filters: FilterTable<Subnet> = {
  'subnet-id': ({ id }) => [id],
  'vpc-id': ({ vpcId }) => [vpcId],
  'cidr-block': ({ cidr }) => [cidr],
  'ipv6-cidr-block-association.ipv6-cidr-block': ({ ipv6 }) => [ipv6?.cidr],
  'availability-zone': ({ availabilityZone }) => [availabilityZone],
  state: () => ['available'],
};

function subnetItem({ account, world }: Ec2, subnet: Subnet): Reply {
  let availableIpAddressCount = 0;
  for (const _ of freeAddresses(world, subnet)) availableIpAddressCount += 1;
  return {
    subnetId: subnet.id,
    subnetArn: account.arn('ec2', `subnet/${subnet.id}`),
    state: 'available',
    ownerId: account.id,
    vpcId: subnet.vpcId,
    cidrBlock: subnet.cidr,
    ipv6CidrBlockAssociationSet: ipv6Associations(subnet),
    assignIpv6AddressOnCreation: false,
    availableIpAddressCount,
    availabilityZone: subnet.availabilityZone,
    defaultForAz: false,
    mapPublicIpOnLaunch: false,
    tagSet: [],
  };
}

function ipv6Associations({ id, ipv6 }: Subnet): readonly Reply[] {
  if (ipv6 === undefined) return [];
  const associationId = id.replace('subnet-', 'subnet-cidr-assoc-');
  return [{ associationId, ipv6CidrBlock: ipv6.cidr, ipv6CidrBlockState: { state: 'associated' } }];
}
