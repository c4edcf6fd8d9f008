/** StartInstances, StopInstances and TerminateInstances on the wire. All instances are checked before any changes. */
import { AwsError } from '../errors.ts';
import type { IamTarget } from '../iam.ts';
import { type Operation, operation, type Reply } from '../service.ts';
import { list, structure } from '../shapes.ts';
import { resourceTagKeys } from './change-private-addresses.ts';
import { requireStartable, requireStoppable, type StateChange } from './life-cycle.ts';
import type { Ec2 } from './model.ts';
import type { Instance } from './records.ts';
import { refuseDryRun, stateItem } from './reply-items.ts';

const input = structure({ InstanceId: list('string'), DryRun: 'boolean' });
const stopInput = structure({ InstanceId: list('string'), Force: 'boolean', DryRun: 'boolean' });

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StartInstances.html */
export function startInstances(ec2: Ec2): Operation {
  return operation(
    input,
    ({ InstanceId, DryRun }) => {
      const instances = named(ec2, InstanceId, DryRun);
      instances.forEach(requireStartable);
      return reply(instances.map((instance) => ec2.lifeCycle.start(instance)));
    },
    ({ InstanceId }) => instanceTargets(ec2, InstanceId),
  );
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StopInstances.html */
export function stopInstances(ec2: Ec2): Operation {
  return operation(
    stopInput,
    ({ InstanceId, Force, DryRun }) => {
      const instances = named(ec2, InstanceId, DryRun);
      instances.forEach(requireStoppable);
      return reply(instances.map((instance) => ec2.lifeCycle.stop(instance, Force ?? false)));
    },
    ({ InstanceId }) => instanceTargets(ec2, InstanceId),
  );
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html */
export function terminateInstances(ec2: Ec2): Operation {
  return operation(
    input,
    ({ InstanceId, DryRun }) =>
      reply(named(ec2, InstanceId, DryRun).map((instance) => ec2.lifeCycle.terminate(instance))),
    ({ InstanceId }) => instanceTargets(ec2, InstanceId),
  );
}

function named(
  ec2: Ec2,
  ids: readonly string[] | undefined,
  dryRun: boolean | undefined,
): readonly Instance[] {
  if (ids === undefined || ids.length === 0)
    throw new AwsError('MissingParameter', 'The request must contain the parameter InstanceId');
  refuseDryRun(dryRun);
  return ec2.world.instancesById(ids);
}

function reply(changes: readonly StateChange[]): Reply {
  return {
    instancesSet: changes.map(({ instanceId, previous, current }) => ({
      instanceId,
      currentState: stateItem(current),
      previousState: stateItem(previous),
    })),
  };
}

/** Keys: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html */
function instanceTargets(ec2: Ec2, ids: readonly string[] = []): readonly IamTarget[] {
  return ids.map((id) => {
    const instance = ec2.world.findInstance(id);
    const arn = ec2.account.arn('ec2', `instance/${id}`);
    if (instance === undefined) return { arn };
    const keys = {
      'ec2:InstanceID': id,
      'ec2:InstanceType': instance.type,
      'ec2:AvailabilityZone': instance.availabilityZone,
      'ec2:Region': ec2.account.region,
      ...resourceTagKeys(instance.tags),
    };
    return { arn, keys };
  });
}
