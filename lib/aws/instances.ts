/** Instances and EC2's own status checks. */
import { DescribeInstanceStatusCommand, type EC2Client, type InstanceStatus } from '@aws-sdk/client-ec2';
import type { InstanceView } from '../recovery/observation.ts';
import type { Instances } from '../recovery/ports.ts';
import { found } from '../recovery/reading.ts';
import { awsCode } from './errors.ts';
import { looking, type Retrying, withRetries } from './retry.ts';

const states: ReadonlySet<string> = new Set([
  'pending',
  'running',
  'stopping',
  'stopped',
  'shutting-down',
  'terminated',
]);

export function ec2Instances(ec2: EC2Client, retrying: Retrying): Instances {
  return {
    look: (instanceIds) =>
      looking(async () => {
        const statuses = await describeAll(ec2, retrying, instanceIds);
        return found(Object.fromEntries(statuses.map((status) => [status.InstanceId ?? '', viewOf(status)])));
      }),
  };
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
  const cause = error instanceof Error ? error.cause : undefined;
  return awsCode(cause)?.toLowerCase() === 'invalidinstanceid.notfound';
}

function viewOf(status: InstanceStatus): InstanceView {
  const state = status.InstanceState?.Name ?? 'pending';
  return {
    state: states.has(state) ? state : 'pending',
    systemStatus: status.SystemStatus?.Status ?? 'not-applicable',
    instanceStatus: status.InstanceStatus?.Status ?? 'not-applicable',
  };
}
