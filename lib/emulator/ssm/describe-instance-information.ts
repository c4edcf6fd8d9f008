import { AwsError, notModelled } from '../errors.ts';
import { type Operation, operation } from '../service.ts';
import { list, structure } from '../shapes.ts';
import type { Registration } from './agents.ts';
import type { Ssm } from './model.ts';
import { page } from './pages.ts';

const input = structure({
  Filters: list(structure({ Key: 'string', Values: list('string') })),
  InstanceInformationFilterList: list(structure({ key: 'string', valueSet: list('string') })),
  MaxResults: 'integer',
  NextToken: 'string',
});

/** Both forms of filter: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeInstanceInformation.html */
export function describeInstanceInformation(ssm: Ssm): Operation {
  return operation(
    input,
    ({ Filters = [], InstanceInformationFilterList: older = [], MaxResults, NextToken }) => {
      if (Filters.length > 0 && older.length > 0)
        throw new AwsError(
          'ValidationException',
          'Filters and InstanceInformationFilterList exclude each other.',
        );
      const tests = [
        ...Filters.map(({ Key = '', Values = [] }) => test(ssm, Key, Values)),
        ...older.map(({ key = '', valueSet = [] }) => test(ssm, key, valueSet)),
      ];
      const chosen = ssm.agents.registered().filter((each) => tests.every((passes) => passes(each)));
      const { items, nextToken } = page(chosen, MaxResults, NextToken);
      return {
        InstanceInformationList: items.map(({ instanceId, lastPingMs, pingStatus }) => ({
          InstanceId: instanceId,
          PingStatus: pingStatus,
          LastPingDateTime: new Date(lastPingMs),
          PlatformType: 'Linux',
          ResourceType: 'EC2Instance',
          IPAddress: ssm.instances.primaryAddressOf(instanceId),
        })),
        NextToken: nextToken,
      };
    },
  );
}

function test(ssm: Ssm, key: string, values: readonly string[]): (each: Registration) => boolean {
  if (key === 'InstanceIds') return ({ instanceId }) => values.includes(instanceId);
  if (key === 'PingStatus') return ({ pingStatus }) => values.includes(pingStatus);
  if (key === 'PlatformTypes') return () => values.includes('Linux');
  if (key.startsWith('tag:'))
    return ({ instanceId }) =>
      values.includes(ssm.instances.tagsOf(instanceId)[key.slice('tag:'.length)] ?? '');
  throw notModelled(`the filter ${key}`, 'InvalidInstanceInformationFilterValue');
}
