/** StartInstances, StopInstances and TerminateInstances on the wire. All instances are checked before any changes. */
import { AwsError } from '../errors.ts';
import { type Operation, operation, type Reply } from '../service.ts';
import { list, structure } from '../shapes.ts';
import { instanceTarget } from './iam-targets.ts';
import { requireStartable, requireStoppable, type StateChange } from './life-cycle.ts';
import type { Ec2 } from './model.ts';
import type { Instance } from './records.ts';
import { refuseDryRun, stateItem } from './reply-items.ts';

const input = structure({ InstanceId: list('string'), DryRun: 'boolean' });
const stopInput = structure({
  InstanceId: list('string'),
  Force: 'boolean',
  Hibernate: 'boolean',
  SkipOsShutdown: 'boolean',
  DryRun: 'boolean',
});

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StartInstances.html */
export function startInstances(ec2: Ec2): Operation {
  return operation(
    input,
    ({ InstanceId, DryRun }) => {
      const instances = named(ec2, InstanceId, DryRun);
      instances.forEach(requireStartable);
      return reply(instances.map((instance) => ec2.lifeCycle.start(instance)));
    },
    ({ InstanceId = [] }) => InstanceId.map((id) => instanceTarget(ec2, id)),
  );
}

/**
 * No instance here is enabled for hibernation. AWS lets a forced stop try a shutdown first; here it does not, which is
 * the worst case for the guest: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StopInstances.html
 */
export function stopInstances(ec2: Ec2): Operation {
  return operation(
    stopInput,
    ({ InstanceId, Force: force = false, Hibernate, SkipOsShutdown, DryRun }) => {
      const instances = named(ec2, InstanceId, DryRun);
      // The code is documented, the wording is not.
      if (Hibernate)
        throw new AwsError(
          'UnsupportedHibernationConfiguration',
          `The instance '${instances[0]?.id}' is not enabled for hibernation.`,
        );
      instances.forEach(requireStoppable);
      const how = { force, shutdown: !force && !SkipOsShutdown };
      return reply(instances.map((instance) => ec2.lifeCycle.stop(instance, how)));
    },
    ({ InstanceId = [] }) => InstanceId.map((id) => instanceTarget(ec2, id)),
  );
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html */
export function terminateInstances(ec2: Ec2): Operation {
  return operation(
    input,
    ({ InstanceId, DryRun }) =>
      reply(named(ec2, InstanceId, DryRun).map((instance) => ec2.lifeCycle.terminate(instance))),
    ({ InstanceId = [] }) => InstanceId.map((id) => instanceTarget(ec2, id)),
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
