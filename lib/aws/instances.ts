/** Instances, EC2's own status checks, and what else is known of a server without asking it. */
import {
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  type EC2Client,
  type InstanceStatus,
} from '@aws-sdk/client-ec2';
import { DescribeInstanceInformationCommand, type SSMClient } from '@aws-sdk/client-ssm';
import type { InstanceView } from '../recovery/observation.ts';
import type { Instances } from '../recovery/ports.ts';
import { couldNotLook, found } from '../recovery/reading.ts';
import type { Clients } from './clients.ts';
import { codeBehind } from './errors.ts';
import { looking, type Retrying, withRetries } from './retry.ts';

const states: ReadonlySet<string> = new Set([
  'pending',
  'running',
  'stopping',
  'stopped',
  'shutting-down',
  'terminated',
]);

/**
 * Whoever stops an instance asks EC2 or its operating system; everything else is EC2's own doing.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html
 */
const askedFor: ReadonlySet<string> = new Set([
  'Client.UserInitiatedShutdown',
  'Client.InstanceInitiatedShutdown',
  'Client.UserInitiatedHibernate',
]);

/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeInstanceInformation.html */
const informationPage = 50;

export function ec2Instances({ ec2, ssm }: Pick<Clients, 'ec2' | 'ssm'>, retrying: Retrying): Instances {
  return {
    look: (instanceIds) =>
      looking(async () => {
        const statuses = await describeAll(ec2, retrying, instanceIds);
        return found(Object.fromEntries(statuses.map((status) => [status.InstanceId ?? '', viewOf(status)])));
      }),
    whyStopped: (instanceId) =>
      looking(async () => {
        const code = await stateReason(ec2, retrying, instanceId);
        if (code === undefined) return couldNotLook(`EC2 gives no reason for the state of ${instanceId}`);
        return found(askedFor.has(code) ? 'asked-for' : 'failed');
      }),
    reachable: (instanceIds) => looking(async () => found(await online(ssm, retrying, instanceIds))),
  };
}

async function stateReason(
  ec2: EC2Client,
  retrying: Retrying,
  instanceId: string,
): Promise<string | undefined> {
  const command = new DescribeInstancesCommand({ Filters: [{ Name: 'instance-id', Values: [instanceId] }] });
  const reply = await withRetries(retrying, 'ec2:DescribeInstances', () => ec2.send(command));
  const code = reply.Reservations?.[0]?.Instances?.[0]?.StateReason?.Code;
  return code === '' ? undefined : code;
}

async function online(
  ssm: SSMClient,
  retrying: Retrying,
  instanceIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const heard = new Set<string>();
  for (let from = 0; from < instanceIds.length; from += informationPage) {
    const command = new DescribeInstanceInformationCommand({
      Filters: [{ Key: 'InstanceIds', Values: instanceIds.slice(from, from + informationPage) }],
      MaxResults: informationPage,
    });
    const reply = await withRetries(retrying, 'ssm:DescribeInstanceInformation', () => ssm.send(command));
    for (const { InstanceId, PingStatus } of reply.InstanceInformationList ?? [])
      if (InstanceId !== undefined && PingStatus === 'Online') heard.add(InstanceId);
  }
  return heard;
}

/** One unknown id fails the whole call (InvalidInstanceID.NotFound), so then each is asked alone. */
async function describeAll(
  ec2: EC2Client,
  retrying: Retrying,
  instanceIds: readonly string[],
): Promise<readonly InstanceStatus[]> {
  try {
    return await describe(ec2, retrying, instanceIds);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    if (instanceIds.length === 1) return [];
    return (await Promise.all(instanceIds.map((id) => describeAll(ec2, retrying, [id])))).flat();
  }
}

async function describe(
  ec2: EC2Client,
  retrying: Retrying,
  instanceIds: readonly string[],
): Promise<readonly InstanceStatus[]> {
  const command = new DescribeInstanceStatusCommand({
    InstanceIds: [...instanceIds],
    IncludeAllInstances: true,
    // All of them: a filtered call draws on the larger token bucket
    // (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html).
    Filters: [{ Name: 'instance-state-name', Values: [...states] }],
  });
  const reply = await withRetries(retrying, 'ec2:DescribeInstanceStatus', () => ec2.send(command));
  return reply.InstanceStatuses ?? [];
}

function isNotFound(error: unknown): boolean {
  return codeBehind(error) === 'invalidinstanceid.notfound';
}

function viewOf(status: InstanceStatus): InstanceView {
  const state = status.InstanceState?.Name ?? 'pending';
  return {
    state: states.has(state) ? state : 'pending',
    systemStatus: status.SystemStatus?.Status ?? 'not-applicable',
    instanceStatus: status.InstanceStatus?.Status ?? 'not-applicable',
  };
}
