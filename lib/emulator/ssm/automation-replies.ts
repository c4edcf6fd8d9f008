/** Automation's replies: API_AutomationExecution.html, API_AutomationExecutionMetadata.html and API_StepExecution.html in https://docs.aws.amazon.com/systems-manager/latest/APIReference/. */
import type { Reply } from '../service.ts';
import type { Step } from './automation-document.ts';
import { type AutomationExecution, asTexts, type StepRun } from './automation-execution.ts';
import { nextOf } from './automation-flow.ts';
import type { Json } from './automation-references.ts';

/** What AWS shows for an output of the document until its step has given it. */
const noOutput = 'No output available yet because the step is not successfully executed';

export function executionReply(execution: AutomationExecution): Reply {
  return {
    ...common(execution),
    StepExecutions: execution.steps.map((each) => stepReply(execution, each)),
    StepExecutionsTruncated: false,
    Parameters: texts(execution.parameters),
    Variables: {},
  };
}

export function metadataReply(execution: AutomationExecution): Reply {
  return { ...common(execution), LogFile: '', AutomationType: 'Local' };
}

export function stepReply({ runbook }: AutomationExecution, run: StepRun): Reply {
  const { step } = run;
  return {
    StepName: step.name,
    Action: step.action,
    TimeoutSeconds: step.timeoutSeconds,
    OnFailure: onFailureText(step),
    MaxAttempts: step.maxAttempts,
    ExecutionStartTime: timeOf(run.startedAtMs),
    ExecutionEndTime: timeOf(run.endedAtMs),
    StepStatus: run.status,
    ResponseCode: run.status === 'Success' ? '0' : undefined,
    // Each value as JSON, a text in its quotes.
    Inputs: Object.fromEntries([...run.inputs].map(([name, value]) => [name, JSON.stringify(value)])),
    Outputs: texts(run.outputs),
    FailureMessage: run.failureMessage,
    StepExecutionId: run.id,
    OverriddenParameters: {},
    IsEnd: step.isEnd,
    NextStep: step.nextStep,
    IsCritical: step.isCritical,
    ValidNextSteps: nextOf(runbook.steps, step).map(({ name }) => name),
  };
}

function common(execution: AutomationExecution): Reply {
  const { currentStep } = execution;
  return {
    AutomationExecutionId: execution.id,
    DocumentName: execution.documentName,
    DocumentVersion: execution.documentVersion,
    AutomationExecutionStatus: execution.status,
    ExecutionStartTime: timeOf(execution.startedAtMs),
    ExecutionEndTime: timeOf(execution.endedAtMs),
    ExecutedBy: execution.executedBy,
    Mode: 'Auto',
    Outputs: documentOutputs(execution),
    CurrentStepName: currentStep?.name,
    CurrentAction: currentStep?.action,
    FailureMessage: execution.failureMessage,
    Targets: [],
    ResolvedTargets: { ParameterValues: [], Truncated: false },
  };
}

function documentOutputs({ runbook, steps }: AutomationExecution): Reply {
  return Object.fromEntries(
    runbook.outputs.map((reference) => {
      const [stepName, name = ''] = reference.split('.');
      const value = steps.find(({ step }) => step.name === stepName)?.outputs.get(name);
      return [reference, value === undefined ? [noOutput] : asTexts(value)];
    }),
  );
}

function texts(values: ReadonlyMap<string, Json>): { readonly [name: string]: readonly string[] } {
  return Object.fromEntries([...values].map(([name, value]) => [name, asTexts(value)]));
}

function onFailureText({ onFailure }: Step): string {
  return typeof onFailure === 'string' ? onFailure : `step:${onFailure.step}`;
}

function timeOf(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : new Date(ms);
}
