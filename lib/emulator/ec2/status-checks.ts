/**
 * Status checks of running instances once a minute, and their metrics; between two checks the last result stands:
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-system-instance-status-check.html
 */
import type { Account } from '../account.ts';
import { later } from '../background.ts';
import type { Timer } from '../clock.ts';
import type { LifeCycle } from './life-cycle.ts';
import type { Instance } from './records.ts';
import type { World } from './world.ts';

const checkEveryMs = 60_000;

export type CheckResult =
  | { readonly status: 'ok' | 'initializing' | 'not-applicable' }
  | { readonly status: 'impaired'; readonly sinceMs: number };

export interface StatusResult {
  readonly system: CheckResult;
  readonly instance: CheckResult;
}

export type Check = 'system' | 'instance';

interface Checked {
  /** The start that the result belongs to. */
  readonly launchedAtMs: number;
  readonly result: StatusResult;
}

export class StatusChecks {
  readonly #account: Account;
  readonly #world: World;
  readonly #lifeCycle: LifeCycle;
  readonly #impaired = new Map<string, ReadonlySet<Check>>();
  readonly #last = new Map<string, Checked>();
  #timer: Timer | undefined;

  constructor(account: Account, world: World, lifeCycle: LifeCycle) {
    this.#account = account;
    this.#world = world;
    this.#lifeCycle = lifeCycle;
  }

  /** Begins to check; an instance that is running already has passed before. */
  watch(instance: Instance): void {
    const { launchedAtMs } = instance;
    this.#last.set(instance.id, {
      launchedAtMs,
      result: { system: { status: 'ok' }, instance: { status: 'ok' } },
    });
    if (this.#timer === undefined) this.#schedule();
  }

  /** Fault: these checks fail from now on whatever the guest does; none to let them pass again. */
  impair(instanceId: string, checks: readonly Check[]): void {
    this.#impaired.set(instanceId, new Set(checks));
  }

  resultOf(instance: Instance): StatusResult {
    if (instance.state !== 'running')
      return { system: { status: 'not-applicable' }, instance: { status: 'not-applicable' } };
    const last = this.#last.get(instance.id);
    if (last?.launchedAtMs === instance.launchedAtMs) return last.result;
    return { system: { status: 'initializing' }, instance: { status: 'initializing' } };
  }

  cancelAll(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(): void {
    this.#timer = later(this.#account.clock, checkEveryMs, () => {
      this.#schedule();
      for (const instance of this.#world.instances()) if (instance.state === 'running') this.#check(instance);
    });
  }

  #check(instance: Instance): void {
    const { id, launchedAtMs } = instance;
    const before = this.resultOf(instance);
    const forced = this.#impaired.get(id);
    const systemFails = this.#lifeCycle.hardwareFailed(id) || forced?.has('system') === true;
    const instanceFails =
      this.#lifeCycle.hardwareFailed(id) || forced?.has('instance') === true || !instance.host.isUp();
    const result = {
      system: this.#judge(systemFails, before.system),
      instance: this.#judge(instanceFails, before.instance),
    };
    this.#last.set(id, { launchedAtMs, result });
    this.#publish(id, 'StatusCheckFailed', systemFails || instanceFails);
    this.#publish(id, 'StatusCheckFailed_Instance', instanceFails);
    this.#publish(id, 'StatusCheckFailed_System', systemFails);
  }

  #judge(fails: boolean, before: CheckResult): CheckResult {
    if (!fails) return { status: 'ok' };
    return before.status === 'impaired' ? before : { status: 'impaired', sinceMs: this.#account.clock.now() };
  }

  /** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html */
  #publish(instanceId: string, name: string, failed: boolean): void {
    this.#account.putMetric({
      namespace: 'AWS/EC2',
      name,
      dimensions: { InstanceId: instanceId },
      value: failed ? 1 : 0,
      unit: 'Count',
      storageResolution: 60,
      timestampMs: this.#account.clock.now(),
    });
  }
}
