import { type Operation, operation, type Reply } from '../service.ts';
import { list, structure } from '../shapes.ts';
import { type FilterTable, filterShape, select } from './filters.ts';
import type { Ec2 } from './model.ts';
import { page } from './pages.ts';
import { type Instance, stateCodes } from './records.ts';
import { refuseDryRun, stateItem } from './reply-items.ts';
import type { CheckResult } from './status-checks.ts';

const input = structure({
  InstanceId: list('string'),
  Filter: filterShape,
  IncludeAllInstances: 'boolean',
  MaxResults: 'integer',
  NextToken: 'string',
  DryRun: 'boolean',
});

/** Running instances only, unless asked for all: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceStatus.html */
export function describeInstanceStatus(ec2: Ec2): Operation {
  const filters = filterTable(ec2);
  return operation(
    input,
    ({ InstanceId: ids, Filter, IncludeAllInstances, MaxResults, NextToken, DryRun }) => {
      refuseDryRun(DryRun);
      const named = ids === undefined ? ec2.world.instances() : ec2.world.instancesById(ids);
      const included = named.filter(({ state }) => IncludeAllInstances || state === 'running');
      const { items, nextToken } = page(select(included, Filter, filters), {
        ids,
        maxResults: MaxResults,
        nextToken: NextToken,
      });
      return { instanceStatusSet: items.map((instance) => statusItem(ec2, instance)), nextToken };
    },
  );
}

function filterTable({ statusChecks }: Ec2): FilterTable<Instance> {
  return {
    'instance-state-name': ({ state }) => [state],
    'instance-state-code': ({ state }) => [String(stateCodes[state])],
    'availability-zone': ({ availabilityZone }) => [availabilityZone],
    'instance-status.status': (instance) => [statusChecks.resultOf(instance).instance.status],
    'instance-status.reachability': (instance) => [reachability(statusChecks.resultOf(instance).instance)],
    'system-status.status': (instance) => [statusChecks.resultOf(instance).system.status],
    'system-status.reachability': (instance) => [reachability(statusChecks.resultOf(instance).system)],
  };
}

function statusItem({ statusChecks }: Ec2, instance: Instance): Reply {
  const result = statusChecks.resultOf(instance);
  return {
    instanceId: instance.id,
    availabilityZone: instance.availabilityZone,
    instanceState: stateItem(instance.state),
    systemStatus: summary(result.system),
    instanceStatus: summary(result.instance),
  };
}

function summary(result: CheckResult): Reply {
  const status = reachability(result);
  if (status === undefined) return { status: result.status };
  const impairedSince = result.status === 'impaired' ? new Date(result.sinceMs) : undefined;
  return { status: result.status, details: [{ name: 'reachability', status, impairedSince }] };
}

function reachability({ status }: CheckResult): 'passed' | 'failed' | 'initializing' | undefined {
  switch (status) {
    case 'ok':
      return 'passed';
    case 'impaired':
      return 'failed';
    case 'initializing':
      return 'initializing';
    case 'not-applicable':
      return undefined;
  }
}
