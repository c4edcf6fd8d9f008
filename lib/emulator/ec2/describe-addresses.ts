import { type Operation, operation, type Reply } from '../service.ts';
import { list, structure } from '../shapes.ts';
import { type FilterTable, filterShape, select, tagFilters } from './filters.ts';
import type { Ec2 } from './model.ts';
import type { ElasticIp, NetworkInterface } from './records.ts';
import { refuseDryRun, tagSet } from './reply-items.ts';

const input = structure({
  AllocationId: list('string'),
  PublicIp: list('string'),
  Filter: filterShape,
  DryRun: 'boolean',
});

/** Without pages: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAddresses.html */
export function describeAddresses(ec2: Ec2): Operation {
  const filters = filterTable(ec2);
  return operation(input, ({ AllocationId = [], PublicIp = [], Filter, DryRun }) => {
    refuseDryRun(DryRun);
    const { elasticIps } = ec2;
    const byId = new Set(AllocationId.map((id) => elasticIps.get(id)));
    const byIp = new Set(PublicIp.map((publicIp) => elasticIps.byPublicIp(publicIp)));
    const named = elasticIps
      .all()
      .filter((each) => byId.size === 0 || byId.has(each))
      .filter((each) => byIp.size === 0 || byIp.has(each));
    const shown = named.map((address) => elasticIps.shown(address));
    return { addressesSet: select(shown, Filter, filters).map((address) => addressItem(ec2, address)) };
  });
}

function filterTable(ec2: Ec2): FilterTable<ElasticIp> {
  return {
    ...tagFilters((address: ElasticIp) => address.tags),
    'allocation-id': ({ allocationId }) => [allocationId],
    'association-id': ({ association }) => [association?.id],
    domain: () => ['vpc'],
    'instance-id': (address) => [holderOf(ec2, address)?.attachment?.instanceId],
    'network-border-group': () => [ec2.account.region],
    'network-interface-id': (address) => [holderOf(ec2, address)?.id],
    'network-interface-owner-id': (address) => [holderOf(ec2, address) && ec2.account.id],
    'private-ip-address': ({ association }) => [association?.privateAddress],
    'public-ip': ({ publicIp }) => [publicIp],
  };
}

function addressItem(ec2: Ec2, address: ElasticIp): Reply {
  const eni = holderOf(ec2, address);
  return {
    publicIp: address.publicIp,
    allocationId: address.allocationId,
    domain: 'vpc',
    associationId: address.association?.id,
    instanceId: eni?.attachment?.instanceId,
    networkInterfaceId: eni?.id,
    networkInterfaceOwnerId: eni && ec2.account.id,
    privateIpAddress: address.association?.privateAddress,
    publicIpv4Pool: 'amazon',
    networkBorderGroup: ec2.account.region,
    tagSet: tagSet(address.tags),
  };
}

/** Who has the private address, as a Describe shows it now. */
function holderOf({ world }: Ec2, { association }: ElasticIp): NetworkInterface | undefined {
  if (association === undefined) return undefined;
  const { privateAddress } = association;
  return world
    .interfaces()
    .map((eni) => world.shown(eni))
    .find((eni) => [eni.primaryAddress, ...eni.secondaryAddresses].includes(privateAddress));
}
