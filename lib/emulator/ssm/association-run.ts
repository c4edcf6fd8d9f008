/**
 * One execution of an association: its document on every target, so many at a time.
 *
 *   Associated ─the agent's turn─▶ InProgress ─▶ Success | Failed | TimedOut
 *       └─ a target whose agent is away stays here until it is back ─┘
 *
 * A later execution takes over the targets that this one has not finished.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/state-manager-about.html
 */
import type { Account } from '../account.ts';
import { AwsError } from '../errors.ts';
import type { Agents } from './agents.ts';
import { type AssociationPlan, shareOf } from './association-plan.ts';
import { bind, type Script, scriptOf } from './command-document.ts';
import type { Commands, Invocation, Order } from './commands.ts';
import type { Documents, DocumentVersion } from './documents.ts';
import type { Turns } from './turns.ts';

export interface TargetStatus {
  readonly instanceId: string;
  readonly associationVersion: number;
  readonly documentVersion: string;
  readonly status: 'Pending' | 'Success' | 'Failed';
  readonly detailedStatus: 'Associated' | 'InProgress' | 'Success' | 'Failed' | 'TimedOut';
  /** Of the agent, or AWS's code for what was wrong with the document or its parameters; empty when nothing was. */
  readonly errorCode: string;
  readonly summary: string;
  /** When the agent last began or ended. */
  readonly executedAtMs: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Association {
  readonly id: string;
  readonly version: number;
  readonly plan: AssociationPlan;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface RunSurroundings {
  readonly account: Account;
  readonly agents: Agents;
  readonly commands: Commands;
  readonly documents: Documents;
  readonly turns: Turns;
}

interface Prepared {
  readonly version: DocumentVersion;
  readonly script: Script | undefined;
}

export class AssociationRun {
  readonly id: string;
  readonly association: Association;
  readonly createdAtMs: number;
  readonly #around: RunSurroundings;
  readonly #targets = new Map<string, TargetStatus>();
  readonly #orders = new Map<string, Order>();
  readonly #givenUp = new Set<string>();
  readonly #waiting: string[];
  readonly #atOnce: number;
  readonly #errorsAllowed: number;
  #underWay = 0;
  #errors = 0;

  constructor(around: RunSurroundings, association: Association, instanceIds: readonly string[]) {
    const { account } = around;
    this.id = account.random.uuid();
    this.association = association;
    this.createdAtMs = account.clock.now();
    this.#around = around;
    this.#waiting = [...instanceIds];
    this.#atOnce = shareOf(association.plan.maxConcurrency, instanceIds.length, 1);
    this.#errorsAllowed = shareOf(association.plan.maxErrors, instanceIds.length, 0);
    for (const instanceId of instanceIds)
      this.#targets.set(instanceId, {
        instanceId,
        associationVersion: association.version,
        documentVersion: association.plan.documentVersion,
        status: 'Pending',
        detailedStatus: 'Associated',
        errorCode: '',
        summary: 'Association is pending',
        executedAtMs: undefined,
        stdout: '',
        stderr: '',
      });
  }

  statuses(): readonly TargetStatus[] {
    return [...this.#targets.values()];
  }

  statusOf(instanceId: string): TargetStatus | undefined {
    return this.#targets.get(instanceId);
  }

  /** A document or parameters that no longer fit fail every target, and nothing is sent. */
  start(): void {
    const prepared = this.#prepare();
    if (prepared instanceof AwsError) this.#fail(prepared);
    else this.#go(prepared);
  }

  /** "The earlier association is timed out and the new association runs": a target that is not finished ends here. */
  giveUp(instanceId: string): void {
    if (this.#targets.get(instanceId)?.status !== 'Pending') return;
    this.#givenUp.add(instanceId);
    const at = this.#waiting.indexOf(instanceId);
    if (at !== -1) this.#waiting.splice(at, 1);
    const summary = 'A later execution of the association has taken over';
    this.#set(instanceId, { status: 'Failed', detailedStatus: 'TimedOut', summary });
    this.#takeBack(instanceId);
  }

  #fail({ code: errorCode, message: summary }: AwsError): void {
    for (const instanceId of this.#waiting.splice(0))
      this.#set(instanceId, { status: 'Failed', detailedStatus: 'Failed', errorCode, summary });
  }

  /** What runs already keeps the agent busy to its end. */
  #takeBack(instanceId: string): void {
    const order = this.#orders.get(instanceId);
    if (order === undefined || this.#around.commands.withdraw(order))
      this.#around.turns.leave(instanceId, this);
  }

  #prepare(): Prepared | AwsError {
    const { documentName, documentVersion, parameters } = this.association.plan;
    try {
      const version = this.#around.documents.version(documentName, documentVersion);
      const bound = bind(version.command, parameters);
      return { version, script: version.command.step && scriptOf(version.command.step, bound) };
    } catch (error) {
      if (error instanceof AwsError) return error;
      throw error;
    }
  }

  /**
   * A target whose agent is away takes no place: it runs when it is back, whoever else runs then (API_CreateAssociation,
   * MaxConcurrency). After too many errors nothing more is sent: what is left stays pending until the next execution.
   */
  #go(prepared: Prepared): void {
    while (this.#underWay < this.#atOnce && this.#errors <= this.#errorsAllowed) {
      const instanceId = this.#waiting.shift();
      if (instanceId === undefined) return;
      const away = this.#around.agents.reachable(instanceId) === undefined;
      if (!away) this.#underWay += 1;
      const ended = (failed: boolean): void => {
        if (failed) this.#errors += 1;
        if (!away) this.#underWay -= 1;
        this.#go(prepared);
      };
      this.#around.turns.wait(instanceId, this, () => this.#send(instanceId, prepared, ended));
    }
  }

  #send(instanceId: string, { version, script }: Prepared, ended: (failed: boolean) => void): void {
    const { account, commands, turns } = this.#around;
    const order: Order = {
      commandId: account.random.uuid(),
      instanceId,
      comment: '',
      documentName: this.association.plan.documentName,
      documentVersion: String(version.number),
      pluginName: version.command.pluginName,
      requestedAtMs: account.clock.now(),
      timeoutMs: undefined,
      script,
      report: (invocation) => {
        const { status } = invocation.outcome;
        if (!this.#givenUp.has(instanceId)) this.#set(instanceId, statusFrom(invocation));
        else if (status === 'Pending') this.#takeBack(instanceId);
        if (status === 'Pending' || status === 'InProgress') return;
        turns.leave(instanceId, this);
        ended(status !== 'Success');
      },
    };
    this.#orders.set(instanceId, order);
    commands.send(order);
  }

  #set(instanceId: string, change: Partial<TargetStatus>): void {
    const before = this.#targets.get(instanceId);
    if (before !== undefined) this.#targets.set(instanceId, { ...before, ...change });
  }
}

function statusFrom(invocation: Invocation): Partial<TargetStatus> {
  const { outcome, stdout, stderr, startedAtMs, endedAtMs, documentVersion } = invocation;
  const common = { documentVersion, stdout, stderr, executedAtMs: endedAtMs ?? startedAtMs };
  switch (outcome.status) {
    case 'Pending':
      return { ...common, detailedStatus: 'Associated', summary: 'Association is pending' };
    case 'InProgress':
      return { ...common, detailedStatus: 'InProgress', summary: 'Executing association' };
    case 'Success':
      return { ...common, status: 'Success', detailedStatus: 'Success', summary: summary(1, 0, 0) };
    case 'Failed':
      return {
        ...common,
        status: 'Failed',
        detailedStatus: 'Failed',
        errorCode: 'ExecutionError',
        summary: summary(0, 1, 0),
      };
    case 'TimedOut':
      return { ...common, status: 'Failed', detailedStatus: 'TimedOut', summary: summary(0, 0, 1) };
  }
}

/** Wording: https://docs.aws.amazon.com/cli/latest/reference/ssm/describe-instance-associations-status.html */
function summary(success: number, failed: number, timedOut: number): string {
  return `1 out of 1 plugin processed, ${success} success, ${failed} failed, ${timedOut} timedout, 0 skipped. `;
}
