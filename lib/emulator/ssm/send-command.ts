import { AwsError } from '../errors.ts';
import type { IamTarget } from '../iam.ts';
import { type Operation, operation, type Reply } from '../service.ts';
import { list, map, structure, type Value } from '../shapes.ts';
import { bind, scriptOf } from './command-document.ts';
import { documentTarget } from './document-operations.ts';
import type { Ssm } from './model.ts';

/** Targets and everything about S3, SNS and CloudWatch output are left out: the shape refuses them by name. */
const input = structure({
  InstanceIds: list('string'),
  DocumentName: 'string',
  DocumentVersion: 'string',
  Parameters: map(list('string')),
  TimeoutSeconds: 'integer',
  Comment: 'string',
});

const mostInstances = 50;
const longestComment = 100;
const defaultTimeoutSeconds = 3600;
const leastTimeoutSeconds = 30;
const mostTimeoutSeconds = 2_592_000;

/** Not idempotent, there is no token: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html */
export function sendCommand(ssm: Ssm): Operation {
  return operation(
    input,
    (request) => send(ssm, request),
    ({ DocumentName, InstanceIds = [] }) => [
      documentTarget(ssm, DocumentName),
      ...InstanceIds.map((id) => instanceTarget(ssm, id)),
    ],
  );
}

/** Takes everything or refuses everything. */
function send(ssm: Ssm, request: Value<typeof input>): Reply {
  const { DocumentName = '', InstanceIds = [], Parameters = {}, Comment = '' } = request;
  const timeoutSeconds = request.TimeoutSeconds ?? defaultTimeoutSeconds;
  checkLimits(InstanceIds, timeoutSeconds, Comment);
  const version = ssm.documents.version(DocumentName, request.DocumentVersion);
  const bound = bind(version.command, Parameters);
  const script = version.command.step && scriptOf(version.command.step, bound);
  checkInstances(ssm, InstanceIds);
  const commandId = ssm.account.random.uuid();
  const requestedAtMs = ssm.account.clock.now();
  for (const instanceId of InstanceIds)
    ssm.commands.send({
      commandId,
      instanceId,
      comment: Comment,
      documentName: DocumentName,
      documentVersion: String(version.number),
      pluginName: version.command.pluginName,
      requestedAtMs,
      timeoutMs: timeoutSeconds * 1000,
      script,
    });
  return {
    Command: {
      CommandId: commandId,
      DocumentName,
      DocumentVersion: request.DocumentVersion ?? '$DEFAULT',
      Comment,
      ExpiresAfter: new Date(requestedAtMs + timeoutSeconds * 1000 + (script?.timeoutMs ?? 0)),
      Parameters,
      InstanceIds,
      Targets: [],
      RequestedDateTime: new Date(requestedAtMs),
      Status: 'Pending',
      StatusDetails: 'Pending',
      OutputS3BucketName: '',
      OutputS3KeyPrefix: '',
      MaxConcurrency: '50',
      MaxErrors: '0',
      TargetCount: InstanceIds.length,
      CompletedCount: 0,
      ErrorCount: 0,
      DeliveryTimedOutCount: 0,
      TimeoutSeconds: timeoutSeconds,
    },
  };
}

function checkLimits(instanceIds: readonly string[], timeoutSeconds: number, comment: string): void {
  if (instanceIds.length === 0 || instanceIds.length > mostInstances)
    throw new AwsError('ValidationException', `instanceIds has between 1 and ${mostInstances} members`);
  if (new Set(instanceIds).size < instanceIds.length)
    throw new AwsError('DuplicateInstanceId', 'You cannot specify an instance ID in more than one place.');
  if (timeoutSeconds < leastTimeoutSeconds || timeoutSeconds > mostTimeoutSeconds)
    throw new AwsError(
      'ValidationException',
      `timeoutSeconds ${timeoutSeconds} is not between ${leastTimeoutSeconds} and ${mostTimeoutSeconds}`,
    );
  if (comment.length > longestComment)
    throw new AwsError('ValidationException', `comment has more than ${longestComment} characters`);
}

/**
 * A stopped instance is a valid target, one that never registered or is terminated is not.
 * Wording seen: https://github.com/peterkimzz/aws-ssm-send-command/issues/23
 */
function checkInstances(ssm: Ssm, instanceIds: readonly string[]): void {
  const registered = new Set(ssm.agents.registered().map(({ instanceId }) => instanceId));
  const invalid = instanceIds.filter((id) => !registered.has(id));
  if (invalid.length > 0)
    throw new AwsError(
      'InvalidInstanceId',
      `Instances [[${invalid.join(', ')}]] not in a valid state for account ${ssm.account.id}`,
    );
}

/** SendCommand is authorised on the document and on every instance, keys by tag of the instance. */
function instanceTarget({ account, instances }: Ssm, id: string): IamTarget {
  const keys = Object.entries(instances.tagsOf(id)).flatMap(([key, value]) => [
    [`aws:ResourceTag/${key}`, value],
    [`ssm:resourceTag/${key}`, value],
  ]);
  return { arn: account.arn('ec2', `instance/${id}`), keys: Object.fromEntries(keys) };
}
