/** AWS::SSM::Association: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-association.html */
import { type Created, provider, type ResourceProvider } from '../cloudformation/provider.ts';
import { AwsError } from '../errors.ts';
import { list, structure } from '../shapes.ts';
import { associationMembers, readAssociation } from './association-plan.ts';
import { overviewOf } from './associations.ts';
import type { Ssm } from './model.ts';

// Tags are taken and not kept: nothing here reads them back.
const associationProperties = structure({
  ...associationMembers,
  WaitForSuccessTimeoutSeconds: 'integer',
  Tags: list(structure({ Key: 'string', Value: 'string' })),
});

/** https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-ssm: aws-ssm-association.json */
const leastWaitSeconds = 15;
const mostWaitSeconds = 172_800;
const lookEveryMs = 1_000;

/** No property replaces the association: each change makes a version of it. */
export function associationProvider(ssm: Ssm): ResourceProvider {
  const { associations } = ssm;
  return provider('AWS::SSM::Association', associationProperties, {
    create: async ({ WaitForSuccessTimeoutSeconds, Tags: _, ...properties }) => {
      requireWait(WaitForSuccessTimeoutSeconds);
      const { id } = associations.create(readAssociation(properties));
      await untilSuccess(ssm, id, WaitForSuccessTimeoutSeconds, () => associations.remove(id));
      return created(id);
    },
    update: async (id, { WaitForSuccessTimeoutSeconds, Tags: _, ...properties }) => {
      requireWait(WaitForSuccessTimeoutSeconds);
      const { plan } = associations.get(id);
      associations.update(id, readAssociation(properties));
      await untilSuccess(ssm, id, WaitForSuccessTimeoutSeconds, () => associations.update(id, plan));
      return created(id);
    },
    remove: (id) => associations.remove(id),
  });
}

function created(id: string): Created {
  return { physicalId: id, attributes: { AssociationId: id } };
}

function requireWait(seconds: number | undefined): void {
  if (seconds !== undefined && (seconds < leastWaitSeconds || seconds > mostWaitSeconds))
    throw new AwsError(
      'ValidationError',
      `WaitForSuccessTimeoutSeconds ${seconds} is not between ${leastWaitSeconds} and ${mostWaitSeconds}`,
    );
}

/** A failure ends the wait at once. @throws AwsError NotStabilized, after undoing */
async function untilSuccess(
  { account, associations }: Ssm,
  id: string,
  seconds: number | undefined,
  undo: () => unknown,
): Promise<void> {
  if (seconds === undefined) return;
  const untilMs = account.clock.now() + seconds * 1_000;
  for (;;) {
    const { status } = overviewOf(associations.statuses(id));
    if (status === 'Success') return;
    if (status === 'Failed' || account.clock.now() >= untilMs) break;
    await account.clock.sleep(lookEveryMs);
  }
  undo();
  throw new AwsError(
    'NotStabilized',
    `Resource of type 'AWS::SSM::Association' with identifier '${id}' did not stabilize.`,
  );
}
