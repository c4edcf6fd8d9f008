/** Automation on the wire: API_StartAutomationExecution.html and its neighbours in https://docs.aws.amazon.com/systems-manager/latest/APIReference/. */
import { AwsError, notModelled } from '../errors.ts';
import type { IamTarget } from '../iam.ts';
import { type Operation, operation } from '../service.ts';
import { list, map, structure } from '../shapes.ts';
import type { AutomationExecution, StepRun } from './automation-execution.ts';
import { executionReply, metadataReply, stepReply } from './automation-replies.ts';
import { documentTarget } from './document-operations.ts';
import { latestOf } from './documents.ts';
import type { Ssm } from './model.ts';
import { page } from './pages.ts';

const filters = list(structure({ Key: 'string', Values: list('string') }));
const ofExecution = structure({ AutomationExecutionId: 'string' });
const token = /^[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}$/i;

export function automationOperations(ssm: Ssm): { readonly [name: string]: Operation } {
  const { automations } = ssm;
  const onExecution = ({ AutomationExecutionId: id = '' }: { readonly AutomationExecutionId?: string }) => [
    executionTarget(ssm, id),
  ];
  return {
    StartAutomationExecution: operation(
      structure({
        DocumentName: 'string',
        DocumentVersion: 'string',
        Parameters: map(list('string')),
        ClientToken: 'string',
        Mode: 'string',
      }),
      ({ DocumentName = '', DocumentVersion, Parameters = {}, ClientToken, Mode = 'Auto' }, { caller }) => {
        if (Mode !== 'Auto') throw notModelled(`the mode ${Mode}`, 'ValidationException');
        if (ClientToken !== undefined && !token.test(ClientToken))
          throw new AwsError('ValidationException', `the client token '${ClientToken}' is not a UUID`);
        const { id } = automations.start(caller, {
          documentName: DocumentName,
          documentVersion: DocumentVersion,
          parameters: Parameters,
          clientToken: ClientToken,
        });
        return { AutomationExecutionId: id };
      },
      ({ DocumentName, DocumentVersion }) => startTargets(ssm, DocumentName, DocumentVersion),
    ),
    GetAutomationExecution: operation(
      ofExecution,
      ({ AutomationExecutionId = '' }) => ({
        AutomationExecution: executionReply(automations.run(AutomationExecutionId).execution),
      }),
      onExecution,
    ),
    DescribeAutomationExecutions: operation(
      structure({ Filters: filters, MaxResults: 'integer', NextToken: 'string' }),
      ({ Filters = [], MaxResults, NextToken }) => {
        const tests = Filters.map(({ Key = '', Values = [] }) => executionTest(Key, Values));
        const chosen = automations.executions().filter((each) => tests.every((passes) => passes(each)));
        const { items, nextToken } = page(chosen, MaxResults, NextToken);
        return { AutomationExecutionMetadataList: items.map(metadataReply), NextToken: nextToken };
      },
    ),
    DescribeAutomationStepExecutions: operation(
      structure({
        AutomationExecutionId: 'string',
        Filters: filters,
        MaxResults: 'integer',
        NextToken: 'string',
        ReverseOrder: 'boolean',
      }),
      ({ AutomationExecutionId = '', Filters = [], MaxResults, NextToken, ReverseOrder = false }) => {
        const { execution } = automations.run(AutomationExecutionId);
        const tests = Filters.map(({ Key = '', Values = [] }) => stepTest(Key, Values));
        const chosen = execution.steps.filter((each) => tests.every((passes) => passes(each)));
        const { items, nextToken } = page(ReverseOrder ? chosen.toReversed() : chosen, MaxResults, NextToken);
        return { StepExecutions: items.map((each) => stepReply(execution, each)), NextToken: nextToken };
      },
      onExecution,
    ),
    StopAutomationExecution: operation(
      structure({ AutomationExecutionId: 'string', Type: 'string' }),
      ({ AutomationExecutionId = '', Type = 'Cancel' }) => {
        if (Type !== 'Cancel')
          throw notModelled(`the stop type ${Type}`, 'InvalidAutomationStatusUpdateException');
        automations.run(AutomationExecutionId).cancel();
        return {};
      },
      onExecution,
    ),
    SendAutomationSignal: operation(
      structure({ AutomationExecutionId: 'string', SignalType: 'string', Payload: map(list('string')) }),
      ({ AutomationExecutionId = '', SignalType = '', Payload = {} }, { caller }) => {
        if (SignalType !== 'Approve' && SignalType !== 'Reject')
          throw notModelled(`the signal ${SignalType}`, 'InvalidAutomationSignalException');
        const { Comment: comment = [], ...others } = Payload;
        const [unknown] = Object.keys(others);
        if (unknown !== undefined)
          throw new AwsError('InvalidAutomationSignalException', `${SignalType} has no payload ${unknown}.`);
        automations.run(AutomationExecutionId).decide(caller, SignalType, comment.join(' '));
        return {};
      },
      onExecution,
    ),
  };
}

/**
 * Both the document and the execution to be, as AWS's own examples allow them; the older `automation-definition` ARN is
 * not asked about: https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-setup-identity-based-policies.html
 */
function startTargets(ssm: Ssm, name: string | undefined, version: string | undefined): readonly IamTarget[] {
  const document = ssm.documents.find(name ?? '');
  const named = { $DEFAULT: document?.defaultVersion, $LATEST: document && latestOf(document).number };
  const documentVersion =
    version === '$LATEST' || version === '$DEFAULT' ? named[version] : (version ?? named.$DEFAULT);
  return [
    { ...documentTarget(ssm, name), keys: { 'ssm:DocumentVersion': String(documentVersion ?? '') } },
    executionTarget(ssm, '*'),
  ];
}

function executionTarget({ account }: Ssm, id: string): IamTarget {
  return { arn: account.arn('ssm', `automation-execution/${id}`) };
}

function executionTest(key: string, values: readonly string[]): (execution: AutomationExecution) => boolean {
  switch (key) {
    case 'ExecutionId':
      return ({ id }) => values.includes(id);
    case 'ExecutionStatus':
      return ({ status }) => values.includes(status);
    case 'DocumentNamePrefix':
      return ({ documentName }) => values.some((prefix) => documentName.startsWith(prefix));
    case 'CurrentAction':
      return ({ currentStep }) => values.includes(currentStep?.action ?? '');
    default:
      throw notModelled(`the filter key ${key}`, 'InvalidFilterKey');
  }
}

function stepTest(key: string, values: readonly string[]): (run: StepRun) => boolean {
  switch (key) {
    case 'StepName':
      return ({ step }) => values.includes(step.name);
    case 'StepExecutionId':
      return ({ id }) => values.includes(id);
    case 'StepExecutionStatus':
      return ({ status }) => values.includes(status);
    case 'Action':
      return ({ step }) => values.includes(step.action);
    default:
      throw notModelled(`the filter key ${key}`, 'InvalidFilterKey');
  }
}
