/**
 * One command on one instance, from sent to ended:
 *
 *   Pending ─delivered─▶ InProgress ─▶ Success | Failed | TimedOut (Execution Timed Out)
 *      └─not within TimeoutSeconds─▶ TimedOut (Delivery Timed Out)
 *
 * A host that dies or is cut off while it runs the script leaves it InProgress until both timeouts are over:
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
 */
import type { Account } from '../account.ts';
import { later } from '../background.ts';
import type { Timer } from '../clock.ts';
import { type Execution, HostDown } from '../host/driver.ts';
import type { Agents } from './agents.ts';
import type { Script } from './command-document.ts';

export interface Order {
  readonly commandId: string;
  readonly instanceId: string;
  readonly comment: string;
  readonly documentName: string;
  readonly documentVersion: string;
  readonly pluginName: string;
  readonly requestedAtMs: number;
  /** Absent: it waits for its agent as long as it takes, and starts over when its host dies under it. */
  readonly timeoutMs: number | undefined;
  /** Absent when no step of the document applies to the host's platform. */
  readonly script: Script | undefined;
  /** Of a command that State Manager sends: told of every change, and in no list of commands. */
  readonly report?: (invocation: Invocation) => void;
}

type Outcome =
  | { readonly status: 'Pending'; readonly details: 'Pending' }
  | { readonly status: 'InProgress'; readonly details: 'InProgress' }
  | { readonly status: 'Success'; readonly details: 'Success' }
  | { readonly status: 'Failed'; readonly details: 'Failed' }
  | { readonly status: 'TimedOut'; readonly details: 'Delivery Timed Out' | 'Execution Timed Out' };

export interface Invocation extends Order {
  readonly outcome: Outcome;
  /** -1 until the script has ended. */
  readonly responseCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly startedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
}

/** How often the service offers a command to an agent that does not take it, or waits for a result held back. */
const offerEveryMs = 1_000;
/** Oldest forgotten first; AWS keeps a command 30 days. */
const keptInvocations = 5_000;
/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html */
const longestStdout = 24_000;
const longestStderr = 8_000;

const skipped: Execution = { exitCode: 0, stdout: '', stderr: '', timedOut: false };

export class Commands {
  /** From SendCommand to the moment an agent takes the command. */
  deliveryMs = 400;
  /** Until then GetCommandInvocation knows of nothing. */
  invocationAppearsAfterMs = 150;
  readonly #account: Account;
  readonly #agents: Agents;
  readonly #invocations = new Map<string, Invocation>();
  readonly #timers = new Set<Timer>();
  #stopped = false;

  constructor(account: Account, agents: Agents) {
    this.#account = account;
    this.#agents = agents;
  }

  send(order: Order): void {
    const key = keyOf(order);
    this.#invocations.set(key, {
      ...order,
      outcome: { status: 'Pending', details: 'Pending' },
      responseCode: -1,
      stdout: '',
      stderr: '',
      startedAtMs: undefined,
      endedAtMs: undefined,
    });
    this.#forgetOldest();
    this.#later(this.deliveryMs, () => this.#offer(key));
    if (order.timeoutMs === undefined) return;
    this.#later(order.timeoutMs, () => {
      if (this.#invocations.get(key)?.outcome.status === 'Pending') this.#giveUp(key, 'Delivery Timed Out');
    });
  }

  /** Takes back what no agent has taken yet. @returns whether that was so */
  withdraw(order: Order): boolean {
    const key = keyOf(order);
    return this.#invocations.get(key)?.outcome.status === 'Pending' && this.#invocations.delete(key);
  }

  /** What the service tells by now, newest first. */
  visible(): readonly Invocation[] {
    const sentBeforeMs = this.#account.clock.now() - this.invocationAppearsAfterMs;
    return [...this.#invocations.values()]
      .filter(({ requestedAtMs, report }) => requestedAtMs <= sentBeforeMs && report === undefined)
      .reverse();
  }

  cancelAll(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  async #offer(key: string): Promise<void> {
    const invocation = this.#invocations.get(key);
    if (invocation?.outcome.status !== 'Pending') return;
    const host = this.#agents.reachable(invocation.instanceId);
    if (host === undefined) return this.#offerLater(key, invocation);
    const startedAtMs = this.#account.clock.now();
    this.#change(key, { outcome: { status: 'InProgress', details: 'InProgress' }, startedAtMs });
    const { script, timeoutMs } = invocation;
    if (timeoutMs !== undefined) {
      const lastMs = timeoutMs + (script?.timeoutMs ?? 0);
      this.#later(invocation.requestedAtMs + lastMs - startedAtMs, () => {
        if (this.#invocations.get(key)?.outcome.status === 'InProgress')
          this.#giveUp(key, 'Execution Timed Out');
      });
    }
    try {
      const execution =
        script === undefined ? skipped : await host.exec(script.text, { timeoutMs: script.timeoutMs });
      this.#report(key, execution, this.#account.clock.now());
    } catch (error) {
      // The agent died with its host: nobody reports, and the command waits for those timeouts that it has.
      if (!(error instanceof HostDown)) throw error;
      if (timeoutMs === undefined) this.#startOver(key, invocation);
    }
  }

  /** An agent that comes up again goes on with what it had not finished: CommandRetryLimit in https://github.com/aws/amazon-ssm-agent. */
  #startOver(key: string, invocation: Invocation): void {
    this.#change(key, { outcome: { status: 'Pending', details: 'Pending' }, startedAtMs: undefined });
    this.#offerLater(key, invocation);
  }

  #offerLater(key: string, { instanceId, timeoutMs }: Order): void {
    // Without a timeout nothing else would end the offers to an instance that is no more.
    if (timeoutMs === undefined && !this.#agents.mayReturn(instanceId)) this.#invocations.delete(key);
    else this.#later(offerEveryMs, () => this.#offer(key));
  }

  /** A result that the agent cannot deliver waits until it can, or until the service has given up. */
  #report(key: string, execution: Execution, endedAtMs: number): void {
    const invocation = this.#invocations.get(key);
    if (invocation?.outcome.status !== 'InProgress') return;
    if (this.#agents.reachable(invocation.instanceId) === undefined) {
      this.#later(offerEveryMs, () => this.#report(key, execution, endedAtMs));
      return;
    }
    this.#change(key, {
      outcome: outcomeOf(execution),
      responseCode: execution.exitCode,
      stdout: execution.stdout.slice(0, longestStdout),
      stderr: execution.stderr.slice(0, longestStderr),
      endedAtMs,
    });
  }

  #giveUp(key: string, details: 'Delivery Timed Out' | 'Execution Timed Out'): void {
    this.#change(key, { outcome: { status: 'TimedOut', details }, endedAtMs: this.#account.clock.now() });
  }

  #change(key: string, change: Partial<Invocation>): void {
    const invocation = this.#invocations.get(key);
    if (invocation === undefined) return;
    const changed = { ...invocation, ...change };
    this.#invocations.set(key, changed);
    changed.report?.(changed);
  }

  #forgetOldest(): void {
    for (const [key, { report, endedAtMs }] of this.#invocations) {
      if (this.#invocations.size <= keptInvocations) return;
      // Somebody still waits for the end of a command that reports.
      if (report === undefined || endedAtMs !== undefined) this.#invocations.delete(key);
    }
  }

  #later(delayMs: number, run: () => void | Promise<void>): void {
    if (this.#stopped) return;
    const timer = later(this.#account.clock, delayMs, () => {
      this.#timers.delete(timer);
      return run();
    });
    this.#timers.add(timer);
  }
}

/** A killed script has the exit code 137 and the status TimedOut: https://github.com/aws/amazon-ssm-agent/tree/mainline/agent/appconfig */
function outcomeOf({ exitCode, timedOut }: Execution): Outcome {
  if (timedOut) return { status: 'TimedOut', details: 'Execution Timed Out' };
  if (exitCode !== 0) return { status: 'Failed', details: 'Failed' };
  return { status: 'Success', details: 'Success' };
}

function keyOf({ commandId, instanceId }: Order): string {
  return `${commandId} ${instanceId}`;
}
