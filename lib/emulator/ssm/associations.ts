/**
 * State Manager: what is to run on which instances, and when. An association runs when it is made, when it or the
 * document behind it changes, by its schedule, when somebody starts it, and on an instance that registers for the first
 * time: https://docs.aws.amazon.com/systems-manager/latest/userguide/state-manager-about.html#state-manager-about-scheduling
 */
import type { Account } from '../account.ts';
import { later } from '../background.ts';
import type { Timer } from '../clock.ts';
import { AwsError } from '../errors.ts';
import type { Agents, Instances } from './agents.ts';
import type { AssociationPlan } from './association-plan.ts';
import {
  type Association,
  AssociationRun,
  type RunSurroundings,
  type TargetStatus,
} from './association-run.ts';
import { bind } from './command-document.ts';
import type { Commands } from './commands.ts';
import type { Documents } from './documents.ts';
import { Turns } from './turns.ts';

interface Kept {
  association: Association;
  /** Newest last. */
  readonly runs: AssociationRun[];
  /** The last run of each instance. */
  readonly latest: Map<string, AssociationRun>;
  timer: Timer | undefined;
}

export interface Overview {
  readonly status: TargetStatus['status'];
  readonly detailedStatus: TargetStatus['detailedStatus'];
  readonly counts: { readonly [status: string]: number };
}

/** https://docs.aws.amazon.com/general/latest/gr/ssm.html */
const mostAssociations = 2_000;
/** Oldest forgotten first. */
const keptRuns = 100;

export class Associations {
  readonly #account: Account;
  readonly #agents: Agents;
  readonly #instances: Instances;
  readonly #documents: Documents;
  readonly #around: RunSurroundings;
  readonly #associations = new Map<string, Kept>();

  constructor(
    account: Account,
    parts: {
      readonly instances: Instances;
      readonly agents: Agents;
      readonly commands: Commands;
      readonly documents: Documents;
    },
  ) {
    this.#account = account;
    this.#agents = parts.agents;
    this.#instances = parts.instances;
    this.#documents = parts.documents;
    this.#around = { account, ...parts, turns: new Turns() };
    parts.agents.onRegistration((instanceId) => this.#registered(instanceId));
    parts.documents.onChange((name, change) => {
      for (const kept of this.#associations.values()) {
        const { documentName, documentVersion } = kept.association.plan;
        if (documentName === name && (change === 'deleted' || change === documentVersion)) this.#run(kept);
      }
    });
  }

  /** @throws AwsError InvalidDocument, InvalidDocumentVersion, InvalidParameters, AssociationLimitExceeded */
  create(plan: AssociationPlan): Association {
    this.#check(plan);
    if (this.#associations.size >= mostAssociations)
      throw new AwsError(
        'AssociationLimitExceeded',
        `You can have at most ${mostAssociations} active associations.`,
      );
    const nowMs = this.#account.clock.now();
    const id = this.#account.random.uuid();
    const association = { id, version: 1, plan, createdAtMs: nowMs, updatedAtMs: nowMs };
    const kept: Kept = { association, runs: [], latest: new Map(), timer: undefined };
    this.#agents.watch();
    this.#associations.set(id, kept);
    this.#schedule(kept);
    this.#run(kept);
    return association;
  }

  /** "When you update an association, the association immediately runs" (API_UpdateAssociation). @throws as `create` */
  update(id: string, plan: AssociationPlan): Association {
    const kept = this.#kept(id);
    this.#check(plan);
    const { version } = kept.association;
    const updatedAtMs = this.#account.clock.now();
    kept.association = { ...kept.association, version: version + 1, plan, updatedAtMs };
    this.#giveUp(kept);
    this.#schedule(kept);
    this.#run(kept);
    return kept.association;
  }

  remove(id: string): void {
    const kept = this.#associations.get(id);
    if (kept === undefined) return;
    kept.timer?.cancel();
    this.#giveUp(kept);
    this.#associations.delete(id);
  }

  /** @throws AwsError AssociationDoesNotExist */
  runOnce(id: string): void {
    this.#run(this.#kept(id));
  }

  all(): readonly Association[] {
    return [...this.#associations.values()].map(({ association }) => association);
  }

  /** @throws AwsError AssociationDoesNotExist */
  get(id: string): Association {
    return this.#kept(id).association;
  }

  /** Newest first. @throws AwsError AssociationDoesNotExist */
  runs(id: string): readonly AssociationRun[] {
    return this.#kept(id).runs.toReversed();
  }

  /** Of the instances that it targets now, each by its last run. @throws AwsError AssociationDoesNotExist */
  statuses(id: string): readonly TargetStatus[] {
    const kept = this.#kept(id);
    return this.#targetsOf(kept.association.plan).flatMap(
      (instanceId) => kept.latest.get(instanceId)?.statusOf(instanceId) ?? [],
    );
  }

  cancelAll(): void {
    for (const { timer } of this.#associations.values()) timer?.cancel();
  }

  #kept(id: string): Kept {
    const kept = this.#associations.get(id);
    if (kept === undefined)
      throw new AwsError('AssociationDoesNotExist', 'The specified association does not exist.');
    return kept;
  }

  #check({ documentName, documentVersion, parameters }: AssociationPlan): void {
    bind(this.#documents.version(documentName, documentVersion).command, parameters);
  }

  #schedule(kept: Kept): void {
    kept.timer?.cancel();
    kept.timer = undefined;
    const { schedule } = kept.association.plan;
    if (schedule === undefined) return;
    kept.timer = later(this.#account.clock, schedule.everyMs, () => {
      this.#schedule(kept);
      this.#run(kept);
    });
  }

  #registered(instanceId: string): void {
    for (const kept of this.#associations.values())
      if (!kept.latest.has(instanceId) && this.#targetsOf(kept.association.plan).includes(instanceId))
        this.#run(kept, [instanceId]);
  }

  #run(kept: Kept, instanceIds = this.#targetsOf(kept.association.plan)): void {
    for (const id of instanceIds) kept.latest.get(id)?.giveUp(id);
    const run = new AssociationRun(this.#around, kept.association, instanceIds);
    kept.runs.push(run);
    if (kept.runs.length > keptRuns) kept.runs.shift();
    for (const id of instanceIds) kept.latest.set(id, run);
    run.start();
  }

  #giveUp({ latest }: Kept): void {
    for (const [instanceId, run] of latest) run.giveUp(instanceId);
  }

  /** An instance that is named need not exist yet; one on its way out is no target any more. */
  #targetsOf({ target: { key, values } }: AssociationPlan): readonly string[] {
    const there = this.#instances.instanceIds().filter((id) => this.#agents.mayReturn(id));
    if (key !== 'InstanceIds') {
      const tag = key.slice('tag:'.length);
      return there.filter((id) => values.includes(this.#instances.tagsOf(id)[tag] ?? ''));
    }
    return values.includes('*') ? there : there.filter((id) => values.includes(id));
  }
}

/** Of several targets: failed when one is, else pending when one is. */
export function overviewOf(statuses: readonly TargetStatus[]): Overview {
  const counts: Record<string, number> = {};
  for (const { status } of statuses) counts[status] = (counts[status] ?? 0) + 1;
  const worst =
    statuses.find(({ status }) => status === 'Failed') ??
    statuses.find(({ detailedStatus }) => detailedStatus === 'InProgress') ??
    statuses.find(({ status }) => status === 'Pending') ??
    statuses[0];
  return {
    status: worst?.status ?? 'Pending',
    detailedStatus: worst?.detailedStatus ?? 'Associated',
    counts,
  };
}
