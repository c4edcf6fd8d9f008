/** GetCommandInvocation and ListCommandInvocations. */
import { AwsError } from '../errors.ts';
import { type Operation, operation, type Reply } from '../service.ts';
import { structure } from '../shapes.ts';
import type { Invocation } from './commands.ts';
import type { Ssm } from './model.ts';
import { page } from './pages.ts';

/** Of a plugin's output in ListCommandInvocations. */
const longestPluginOutput = 2_500;

/** Unknown for a moment after SendCommand: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html */
export function getCommandInvocation(ssm: Ssm): Operation {
  return operation(
    structure({ CommandId: 'string', InstanceId: 'string', PluginName: 'string' }),
    ({ CommandId, InstanceId, PluginName }) => {
      const invocation = ssm.commands
        .visible()
        .find(({ commandId, instanceId }) => commandId === CommandId && instanceId === InstanceId);
      if (invocation === undefined)
        throw new AwsError('InvocationDoesNotExist', 'The invocation does not exist.');
      if (PluginName !== undefined && PluginName !== invocation.pluginName)
        throw new AwsError('InvalidPluginName', `The document has no plugin ${PluginName}.`);
      return detail(invocation);
    },
  );
}

/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListCommandInvocations.html */
export function listCommandInvocations(ssm: Ssm): Operation {
  return operation(
    structure({
      CommandId: 'string',
      InstanceId: 'string',
      Details: 'boolean',
      MaxResults: 'integer',
      NextToken: 'string',
    }),
    ({ CommandId, InstanceId, Details, MaxResults, NextToken }) => {
      const chosen = ssm.commands
        .visible()
        .filter(({ commandId }) => CommandId === undefined || commandId === CommandId)
        .filter(({ instanceId }) => InstanceId === undefined || instanceId === InstanceId);
      const { items, nextToken } = page(chosen, MaxResults, NextToken);
      return {
        CommandInvocations: items.map((each) => summary(ssm, each, Details ?? false)),
        NextToken: nextToken,
      };
    },
  );
}

function detail(invocation: Invocation): Reply {
  const { startedAtMs, endedAtMs } = invocation;
  return {
    CommandId: invocation.commandId,
    InstanceId: invocation.instanceId,
    Comment: invocation.comment,
    DocumentName: invocation.documentName,
    DocumentVersion: invocation.documentVersion,
    PluginName: invocation.pluginName,
    ResponseCode: invocation.responseCode,
    ExecutionStartDateTime: isoOrEmpty(startedAtMs),
    ExecutionElapsedTime:
      startedAtMs === undefined || endedAtMs === undefined ? '' : `PT${(endedAtMs - startedAtMs) / 1000}S`,
    ExecutionEndDateTime: isoOrEmpty(endedAtMs),
    Status: invocation.outcome.status,
    StatusDetails: invocation.outcome.details,
    StandardOutputContent: invocation.stdout,
    StandardOutputUrl: '',
    StandardErrorContent: invocation.stderr,
    StandardErrorUrl: '',
  };
}

function summary(ssm: Ssm, invocation: Invocation, details: boolean): Reply {
  const { status, details: statusDetails } = invocation.outcome;
  return {
    CommandId: invocation.commandId,
    InstanceId: invocation.instanceId,
    InstanceName: ssm.instances.tagsOf(invocation.instanceId)['Name'] ?? '',
    Comment: invocation.comment,
    DocumentName: invocation.documentName,
    DocumentVersion: invocation.documentVersion,
    RequestedDateTime: new Date(invocation.requestedAtMs),
    Status: status,
    StatusDetails: statusDetails,
    StandardOutputUrl: '',
    StandardErrorUrl: '',
    CommandPlugins: details ? [plugin(invocation)] : [],
  };
}

function plugin(invocation: Invocation): Reply {
  return {
    Name: invocation.pluginName,
    Status: invocation.outcome.status,
    StatusDetails: invocation.outcome.details,
    ResponseCode: invocation.responseCode,
    ResponseStartDateTime: dateOf(invocation.startedAtMs),
    ResponseFinishDateTime: dateOf(invocation.endedAtMs),
    Output: invocation.stdout.slice(0, longestPluginOutput),
    StandardOutputUrl: '',
    StandardErrorUrl: '',
  };
}

function isoOrEmpty(ms: number | undefined): string {
  return ms === undefined ? '' : new Date(ms).toISOString();
}

function dateOf(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : new Date(ms);
}
