/**
 * Runs one runbook: a step at a time, each behind its own timer, none waiting inside another's work. A step's outcome
 * counts once; what comes after its timeout or after a cancellation is lost, as the function it invoked goes on.
 */
import type { Account } from '../account.ts';
import { later } from '../background.ts';
import type { Timer } from '../clock.ts';
import { AwsError } from '../errors.ts';
import type { Caller } from '../iam.ts';
import {
  type Approval,
  approvalOutputs,
  BadApproval,
  mayDecide,
  readApproval,
  statusOf,
  withDecision,
} from './automation-approval.ts';
import { decide } from './automation-branch.ts';
import { CallFailed, type FrontDoor, invokeFunction, publish, responseOf } from './automation-calls.ts';
import type { Step } from './automation-document.ts';
import { type AutomationExecution, endingOf, hasEnded, type StepRun } from './automation-execution.ts';
import { stepBehind } from './automation-flow.ts';
import { asText, type Json, resolve, Unresolved } from './automation-references.ts';
import { hasType, select } from './automation-selector.ts';

interface Around {
  readonly account: Account;
  readonly door: FrontDoor;
  /** From one step's end to the next one's start. */
  readonly stepDelayMs: number;
}

type Outcome =
  | { readonly kind: 'succeeded'; readonly outputs: ReadonlyMap<string, Json>; readonly next?: Step }
  | {
      readonly kind: 'failed' | 'timed-out' | 'rejected';
      readonly message: string;
      readonly outputs?: ReadonlyMap<string, Json>;
    };

/** https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-lamb.html */
const longestInvocationSeconds = 300;
const longestPayloadBytes = 200 * 1024;

export class AutomationRun {
  readonly #around: Around;
  #execution: AutomationExecution;
  /** Of the attempt whose outcome counts. */
  #attempt: { readonly step: Step; readonly number: number; readonly timer: Timer } | undefined;
  #approval: Approval | undefined;
  #pause: Timer | undefined;

  constructor(around: Around, execution: AutomationExecution) {
    this.#around = around;
    this.#execution = execution;
    this.#goOn(execution.runbook.steps[0], 1);
  }

  get execution(): AutomationExecution {
    return this.#execution;
  }

  /** @throws AwsError InvalidAutomationSignalException */
  decide(caller: Caller, decision: 'Approve' | 'Reject', comment: string): void {
    const approval = this.#approval;
    if (approval === undefined)
      throw invalidSignal(`Automation execution ${this.#execution.id} does not wait for an approval.`);
    if (!mayDecide(this.#around.account, approval, caller))
      throw invalidSignal(`${caller.arn} is none of the approvers of this step.`);
    const atMs = this.#around.account.clock.now();
    const decided = withDecision(approval, { approver: caller.arn, decision, comment, atMs });
    this.#approval = decided;
    const outputs = approvalOutputs(decided);
    const step = this.#attempt?.step;
    if (step !== undefined) this.#changeStep(step, { outputs });
    const status = statusOf(decided);
    if (status === 'Approved') this.#over({ kind: 'succeeded', outputs });
    if (status === 'Rejected')
      this.#over({ kind: 'rejected', outputs, message: `Rejected by ${caller.arn}: ${comment}` });
  }

  /** @throws AwsError InvalidAutomationStatusUpdateException */
  cancel(): void {
    if (hasEnded(this.#execution))
      throw new AwsError(
        'InvalidAutomationStatusUpdateException',
        `Automation execution ${this.#execution.id} has ended: ${this.#execution.status}.`,
      );
    const endedAtMs = this.#around.account.clock.now();
    const step = this.#attempt?.step;
    if (step !== undefined) this.#changeStep(step, { status: 'Cancelled', endedAtMs });
    this.stop();
    this.#execution = { ...this.#execution, status: 'Cancelled', endedAtMs, currentStep: undefined };
  }

  /** Nothing happens after this. */
  stop(): void {
    this.#pause?.cancel();
    this.#attempt?.timer.cancel();
    this.#attempt = undefined;
    this.#approval = undefined;
  }

  #goOn(step: Step, number: number): void {
    const { account, stepDelayMs } = this.#around;
    this.#pause = later(account.clock, stepDelayMs, () => this.#begin(step, number));
  }

  async #begin(step: Step, number: number): Promise<void> {
    const { clock } = this.#around.account;
    const seconds =
      step.action === 'aws:invokeLambdaFunction'
        ? Math.min(step.timeoutSeconds, longestInvocationSeconds)
        : step.timeoutSeconds;
    const message = `Step timed out after ${seconds} seconds.`;
    const timer = later(clock, seconds * 1000, () => this.#over({ kind: 'timed-out', message }));
    const attempt = { step, number, timer };
    this.#attempt = attempt;
    this.#execution = { ...this.#execution, status: 'InProgress', currentStep: step };
    const { startedAtMs = clock.now() } = this.#runOf(step);
    this.#changeStep(step, { status: 'InProgress', startedAtMs });
    const outcome = await this.#act(step);
    if (outcome !== undefined && this.#attempt === attempt) this.#over(outcome);
  }

  /** Nothing when the step waits for somebody. */
  async #act(step: Step): Promise<Outcome | undefined> {
    try {
      if (step.branch !== undefined) return this.#branch(decide(step.branch, this.#lookup));
      const inputs = new Map<string, Json>();
      for (const [name, template] of Object.entries(step.inputs))
        if (template !== undefined) inputs.set(name, resolve(template, this.#lookup));
      this.#changeStep(step, { inputs });
      return step.action === 'aws:approve'
        ? await this.#askApprovers(step, Object.fromEntries(inputs))
        : await this.#invoke(step, Object.fromEntries(inputs));
    } catch (error) {
      if (error instanceof CallFailed) return failed('Execute/Cancelling action', error.message);
      if (error instanceof BadApproval || error instanceof Unresolved)
        return failed('validating and resolving the step inputs', error.message);
      throw error;
    }
  }

  #branch(name: string | undefined): Outcome {
    const next = this.#execution.runbook.steps.find((each) => each.name === name);
    return { kind: 'succeeded', outputs: new Map(), ...(next === undefined ? {} : { next }) };
  }

  async #askApprovers(step: Step, inputs: { readonly [name: string]: Json }): Promise<Outcome | undefined> {
    const { account, door } = this.#around;
    const { id, actsAs } = this.#execution;
    const approval = readApproval(inputs);
    const attempt = this.#attempt;
    if (approval.topicArn !== undefined)
      await publish(account, door, actsAs, {
        topicArn: approval.topicArn,
        subject: 'Automation approval request',
        text: `${approval.message}\n\nAutomation execution ${id} waits at step ${step.name} for ${approval.required} of: ${approval.approvers.join(', ')}`,
      });
    // Cancelled while the message was on its way.
    if (this.#attempt !== attempt) return undefined;
    this.#approval = approval;
    this.#execution = { ...this.#execution, status: 'Waiting' };
    this.#changeStep(step, { status: 'Waiting', outputs: approvalOutputs(approval) });
    return undefined;
  }

  async #invoke(step: Step, inputs: { readonly [name: string]: Json }): Promise<Outcome> {
    const { account, door } = this.#around;
    const answer = await invokeFunction(account, door, this.#execution.actsAs, inputs);
    const response = responseOf(answer);
    const outputs = new Map<string, Json>([['StatusCode', answer.statusCode]]);
    if (answer.functionError !== undefined) outputs.set('FunctionError', answer.functionError);
    if (answer.logResult !== undefined) outputs.set('LogResult', answer.logResult);
    // A text comes without its quotes: AWS's own example passes `{{ step.Payload }}` on as a volume's id.
    if (answer.payload !== '')
      outputs.set('Payload', typeof response['Payload'] === 'string' ? response['Payload'] : answer.payload);
    const failure = 'Poll action status for completion';
    if (Buffer.byteLength(answer.payload) > longestPayloadBytes)
      return failed(failure, `The payload has more than ${longestPayloadBytes} bytes`);
    if (answer.functionError !== undefined) {
      const said = `The function ended with ${answer.functionError}: ${answer.payload}`;
      return { ...failed(failure, said), outputs };
    }
    for (const { name, selector, type } of step.outputs) {
      const value = select(response, selector);
      if (value === undefined || value === null) continue;
      if (!hasType(value, type))
        return { ...failed(failure, `The output ${name} is not of type ${type}: ${asText(value)}`), outputs };
      outputs.set(name, value);
    }
    return { kind: 'succeeded', outputs };
  }

  #over(outcome: Outcome): void {
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    this.stop();
    const { step, number } = attempt;
    // Nobody is asked again after a no.
    const mayRetry = outcome.kind === 'failed' || outcome.kind === 'timed-out';
    if (mayRetry && number < step.maxAttempts) {
      this.#goOn(step, number + 1);
      return;
    }
    this.#changeStep(step, {
      status: statusAfter(outcome),
      endedAtMs: this.#around.account.clock.now(),
      failureMessage: outcome.kind === 'succeeded' ? undefined : outcome.message,
      ...(outcome.outputs === undefined ? {} : { outputs: outcome.outputs }),
    });
    const next = this.#nextOf(step, outcome);
    if (next === undefined) this.#end();
    else {
      this.#execution = { ...this.#execution, status: 'InProgress' };
      this.#goOn(next, 1);
    }
  }

  #nextOf(step: Step, outcome: Outcome): Step | undefined {
    const { steps } = this.#execution.runbook;
    if (outcome.kind === 'succeeded') return outcome.next ?? stepBehind(steps, step);
    // "The automation stops if the step failed or succeeded."
    if (step.isEnd || step.onFailure === 'Abort') return undefined;
    if (step.onFailure === 'Continue') return stepBehind(steps, step);
    const { step: name } = step.onFailure;
    return steps.find((each) => each.name === name);
  }

  #end(): void {
    this.#execution = {
      ...this.#execution,
      ...endingOf(this.#execution.steps),
      endedAtMs: this.#around.account.clock.now(),
      currentStep: undefined,
    };
  }

  readonly #lookup = (name: string): Json | undefined => {
    const { account } = this.#around;
    const now = new Date(account.clock.now()).toISOString();
    const system: { readonly [name: string]: string } = {
      'automation:EXECUTION_ID': this.#execution.id,
      'global:ACCOUNT_ID': account.id,
      'global:DATE': now.slice(0, 10),
      'global:DATE_TIME': now.slice(0, 19).replace('T', '_').replaceAll(':', '.'),
      'global:REGION': account.region,
    };
    const [stepName, output = ''] = name.split('.');
    const ofStep = this.#execution.steps.find(({ step }) => step.name === stepName)?.outputs.get(output);
    return this.#execution.parameters.get(name) ?? ofStep ?? system[name];
  };

  #runOf(step: Step): StepRun {
    const found = this.#execution.steps.find((each) => each.step === step);
    if (found === undefined) throw new Error(`step ${step.name} is not of this runbook`);
    return found;
  }

  #changeStep(step: Step, change: Partial<Omit<StepRun, 'id' | 'step'>>): void {
    const steps = this.#execution.steps.map((each) => (each.step === step ? { ...each, ...change } : each));
    this.#execution = { ...this.#execution, steps };
  }
}

function statusAfter({ kind }: Outcome): 'Success' | 'Failed' | 'TimedOut' | 'Rejected' {
  if (kind === 'succeeded') return 'Success';
  if (kind === 'failed') return 'Failed';
  return kind === 'timed-out' ? 'TimedOut' : 'Rejected';
}

/** The frame of AWS's failure messages, seen in many reports; what stands between is ours. */
function failed(during: string, message: string): { readonly kind: 'failed'; readonly message: string } {
  return {
    kind: 'failed',
    message: `Step fails when it is ${during}. ${message.replace(/\.$/, '')}. Please refer to Automation Service Troubleshooting Guide for more diagnosis details.`,
  };
}

function invalidSignal(message: string): AwsError {
  return new AwsError('InvalidAutomationSignalException', message);
}
