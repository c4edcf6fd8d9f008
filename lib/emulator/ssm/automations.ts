/** Automation of one account: starts runbooks, keeps their runs. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartAutomationExecution.html */
import type { Account } from '../account.ts';
import { AwsError } from '../errors.ts';
import type { Caller } from '../iam.ts';
import { type FrontDoor, noFrontDoor } from './automation-calls.ts';
import { type Runbook, roleArn } from './automation-document.ts';
import { type AutomationExecution, hasEnded } from './automation-execution.ts';
import { bindParameters, type Given } from './automation-parameters.ts';
import { type Json, resolve } from './automation-references.ts';
import { AutomationRun } from './automation-run.ts';
import type { Documents } from './documents.ts';

interface Start {
  readonly documentName: string;
  readonly documentVersion: string | undefined;
  readonly parameters: Given;
  readonly clientToken: string | undefined;
}

/** https://docs.aws.amazon.com/general/latest/gr/ssm.html: at once; AWS queues more, here there is no queue. */
const mostAtOnce = 100;
/** Oldest forgotten first; AWS keeps an execution 30 days. */
const keptRuns = 1_000;

export class Automations {
  /** From a start to the first step, and from one step to the next. */
  stepDelayMs = 300;
  readonly #account: Account;
  readonly #documents: Documents;
  readonly #door: FrontDoor;
  readonly #runs = new Map<string, AutomationRun>();

  constructor(account: Account, documents: Documents, door: FrontDoor = noFrontDoor) {
    this.#account = account;
    this.#documents = documents;
    this.#door = door;
  }

  /**
   * A token that was used before gives the run that it started.
   * @throws AwsError AutomationDefinitionNotFoundException, AutomationDefinitionVersionNotFoundException,
   * InvalidAutomationExecutionParametersException, IdempotentParameterMismatch, AutomationExecutionLimitExceededException
   */
  start(caller: Caller, start: Start): AutomationExecution {
    const before = this.#startedBy(start);
    if (before !== undefined) return before;
    const version = this.#documents.runbook(start.documentName, start.documentVersion);
    const { runbook } = version;
    const parameters = bindParameters(runbook.parameters, start.parameters);
    const actsAs = this.#assume(runbook, parameters) ?? caller;
    if (this.executions().filter((each) => !hasEnded(each)).length >= mostAtOnce)
      throw new AwsError(
        'AutomationExecutionLimitExceededException',
        `${mostAtOnce} automation executions run at once, and here nothing queues.`,
      );
    const { random, clock } = this.#account;
    const around = { account: this.#account, door: this.#door, stepDelayMs: this.stepDelayMs };
    const run = new AutomationRun(around, {
      id: random.uuid(),
      documentName: start.documentName,
      documentVersion: String(version.number),
      runbook,
      given: start.parameters,
      parameters,
      clientToken: start.clientToken,
      executedBy: caller.arn,
      actsAs,
      startedAtMs: clock.now(),
      endedAtMs: undefined,
      status: 'Pending',
      failureMessage: undefined,
      currentStep: undefined,
      steps: runbook.steps.map((step) => ({
        id: random.uuid(),
        step,
        status: 'Pending',
        startedAtMs: undefined,
        endedAtMs: undefined,
        inputs: new Map(),
        outputs: new Map(),
        failureMessage: undefined,
      })),
    });
    this.#runs.set(run.execution.id, run);
    this.#forgetOldest();
    return run.execution;
  }

  /** Newest first. */
  executions(): readonly AutomationExecution[] {
    return [...this.#runs.values()].map(({ execution }) => execution).reverse();
  }

  /** @throws AwsError AutomationExecutionNotFoundException */
  run(id: string): AutomationRun {
    const run = this.#runs.get(id);
    if (run === undefined)
      throw new AwsError(
        'AutomationExecutionNotFoundException',
        `There is no automation execution with the id ${id}.`,
      );
    return run;
  }

  /** No step begins and no timeout strikes after this. */
  cancelAll(): void {
    for (const run of this.#runs.values()) run.stop();
  }

  #startedBy({
    clientToken,
    documentName,
    documentVersion,
    parameters,
  }: Start): AutomationExecution | undefined {
    if (clientToken === undefined) return undefined;
    const token = clientToken.toLowerCase();
    const before = this.executions().find((each) => each.clientToken?.toLowerCase() === token);
    if (before === undefined) return undefined;
    const same =
      before.documentName === documentName &&
      (documentVersion === undefined || before.documentVersion === documentVersion) &&
      JSON.stringify(sorted(before.given)) === JSON.stringify(sorted(parameters));
    if (same) return before;
    throw new AwsError(
      'IdempotentParameterMismatch',
      `The client token ${clientToken} was used with other parameters.`,
    );
  }

  /** Nothing when the runbook names no role, or its parameter is empty: then the run acts as who started it. */
  #assume({ assumeRole = '' }: Runbook, parameters: ReadonlyMap<string, Json>): Caller | undefined {
    const arn = String(resolve(assumeRole, (name) => parameters.get(name)));
    if (arn === '') return undefined;
    const roleName = roleArn.exec(arn)?.[1];
    if (roleName === undefined)
      throw invalidParameters('The format of the supplied assume role ARN is invalid.');
    const { iam } = this.#account;
    if (!iam.hasRole(roleName) || !arn.includes(`:${this.#account.id}:`))
      throw invalidParameters('The defined assume role is unable to be assumed.');
    return iam.caller(iam.credentialsOf(roleName).accessKeyId);
  }

  #forgetOldest(): void {
    for (const [id, { execution }] of this.#runs) {
      if (this.#runs.size <= keptRuns) return;
      if (hasEnded(execution)) this.#runs.delete(id);
    }
  }
}

function sorted(given: Given): readonly unknown[] {
  return Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1));
}

function invalidParameters(message: string): AwsError {
  return new AwsError('InvalidAutomationExecutionParametersException', message);
}
