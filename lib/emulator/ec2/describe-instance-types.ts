import { AwsError } from '../errors.ts';
import { type Operation, operation } from '../service.ts';
import { list, structure } from '../shapes.ts';
import { type FilterTable, filterShape, select } from './filters.ts';
import { type NetworkLimits, networkLimits } from './instance-types.ts';
import { page } from './pages.ts';
import { refuseDryRun } from './reply-items.ts';

const input = structure({
  InstanceType: list('string'),
  Filter: filterShape,
  MaxResults: 'integer',
  NextToken: 'string',
  DryRun: 'boolean',
});

type Entry = readonly [type: string, limits: NetworkLimits];

/** Network limits only: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html */
export function describeInstanceTypes(): Operation {
  return operation(input, ({ InstanceType: types, Filter, MaxResults, NextToken, DryRun }) => {
    refuseDryRun(DryRun);
    const unknown = types?.filter((type) => !networkLimits.has(type)) ?? [];
    if (unknown.length > 0)
      throw new AwsError(
        'InvalidInstanceType',
        `The following supplied instance types do not exist: [${unknown.join(', ')}]`,
      );
    const named = [...networkLimits].filter(([type]) => types?.includes(type) ?? true);
    const { items, nextToken } = page<Entry>(select<Entry>(named, Filter, filters), {
      ids: types,
      maxResults: MaxResults,
      nextToken: NextToken,
    });
    return {
      instanceTypeSet: items.map(([instanceType, limits]) => ({
        instanceType,
        networkInfo: {
          maximumNetworkInterfaces: limits.interfaces,
          maximumNetworkCards: 1,
          ipv4AddressesPerInterface: limits.addressesPerInterface,
        },
      })),
      nextToken,
    };
  });
}

const filters: FilterTable<Entry> = { 'instance-type': ([type]) => [type] };
