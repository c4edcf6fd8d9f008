/**
 * The life of an instance:
 *
 *   stopped ─start─▶ pending ─▶ running ─stop─▶ stopping ─▶ stopped
 *        └──────────────────────┴─terminate─▶ shutting-down ─▶ terminated
 *
 * States and who may go where: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
 * Every state is told to EventBridge. The guest is up from `running` until its shutdown is done or its power is cut.
 */
import type { Account } from '../account.ts';
import { later } from '../background.ts';
import type { Timer } from '../clock.ts';
import { AwsError } from '../errors.ts';
import type { Instance, InstanceState, StateReason } from './records.ts';
import type { World } from './world.ts';

/** AWS promises no times; these are of the order that is seen. */
const pendingMs = 5_000;
const guestShutdownMs = 3_000;
const stoppingMs = 8_000;
const forcedStoppingMs = 4_000;
const shuttingDownMs = 5_000;

/** Reason codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html */
const userShutdown: StateReason = {
  code: 'Client.UserInitiatedShutdown',
  message: 'Client.UserInitiatedShutdown: User initiated shutdown',
};
const guestShutdown: StateReason = {
  code: 'Client.InstanceInitiatedShutdown',
  message: 'Client.InstanceInitiatedShutdown: Instance initiated shutdown',
};
/** Why EC2 stops an instance on its own account. That it says the second of a running instance is not documented. */
const ownReasons = {
  'Server.ScheduledStop': 'Server.ScheduledStop: Stopped due to scheduled retirement',
  'Server.InternalError': 'Server.InternalError: Internal error',
} as const;

export interface HostFailure {
  /** EC2 notices and stops the instance so long afterwards; never when absent. */
  readonly stopsAfterMs?: number;
  /** The state reason of that stop; retirement when absent. */
  readonly stopReason?: keyof typeof ownReasons;
  /** A stop without force hangs so much longer. */
  readonly stopHangsMs?: number;
}

export interface StateChange {
  readonly instanceId: string;
  readonly previous: InstanceState;
  readonly current: InstanceState;
}

export class LifeCycle {
  /** How often each state-change event is delivered: EventBridge promises at least once. */
  eventCopies = 1;
  readonly #account: Account;
  readonly #world: World;
  readonly #timers = new Map<string, Timer[]>();
  /** Instances whose hardware is dead, with how long a stop without force then hangs. */
  readonly #dead = new Map<string, { readonly stopHangsMs: number }>();
  readonly #stateListeners: ((instanceId: string, state: InstanceState) => void)[] = [];

  constructor(account: Account, world: World) {
    this.#account = account;
    this.#world = world;
  }

  hardwareFailed(instanceId: string): boolean {
    return this.#dead.has(instanceId);
  }

  onState(listener: (instanceId: string, state: InstanceState) => void): void {
    this.#stateListeners.push(listener);
  }

  start(instance: Instance): StateChange {
    if (instance.state !== 'stopped') return unchanged(instance);
    this.#cancel(instance.id);
    this.#dead.delete(instance.id); // a start puts it on other hardware
    this.#enter(instance.id, 'pending', undefined, '', { launchedAtMs: this.#account.clock.now() });
    this.#later(instance.id, pendingMs, () => {
      if (!this.#dead.has(instance.id)) instance.host.boot();
      this.#enter(instance.id, 'running', undefined, '');
    });
    return { instanceId: instance.id, previous: 'stopped', current: 'pending' };
  }

  /** Without `shutdown` the guest's power is cut at once. */
  stop(
    instance: Instance,
    { force, shutdown }: { readonly force: boolean; readonly shutdown: boolean },
  ): StateChange {
    if (instance.state !== 'running' && !(instance.state === 'stopping' && force)) return unchanged(instance);
    this.#cancel(instance.id);
    if (instance.state === 'running')
      this.#enter(instance.id, 'stopping', userShutdown, this.#userInitiated());
    this.#powerDown(instance, shutdown ? guestShutdownMs : 0);
    const hangsMs = force ? 0 : (this.#dead.get(instance.id)?.stopHangsMs ?? 0);
    this.#stopAfter(instance.id, hangsMs + (force ? forcedStoppingMs : stoppingMs), userShutdown);
    return { instanceId: instance.id, previous: instance.state, current: 'stopping' };
  }

  terminate(instance: Instance): StateChange {
    if (instance.state === 'shutting-down' || instance.state === 'terminated') return unchanged(instance);
    this.#cancel(instance.id);
    this.#enter(instance.id, 'shutting-down', userShutdown, this.#userInitiated());
    this.#powerDown(instance, Math.min(guestShutdownMs, shuttingDownMs));
    this.#later(instance.id, shuttingDownMs, () => {
      this.#releaseInterfaces(instance.id);
      this.#enter(instance.id, 'terminated', userShutdown, this.#userInitiated());
    });
    return { instanceId: instance.id, previous: instance.state, current: 'shutting-down' };
  }

  /** Somebody on the guest shuts it down: EC2 stops the instance, as is the default of an instance with a root volume. */
  shutDownFromWithin(instance: Instance): void {
    if (instance.state !== 'running' || this.#dead.has(instance.id)) return;
    this.#cancel(instance.id);
    instance.host.halt();
    this.#enter(instance.id, 'stopping', guestShutdown, guestShutdown.message);
    this.#stopAfter(instance.id, forcedStoppingMs, guestShutdown);
  }

  /** Fault: the hardware dies under the instance. */
  failHost(instance: Instance, { stopsAfterMs, stopHangsMs, stopReason }: HostFailure): void {
    this.#dead.set(instance.id, { stopHangsMs: stopHangsMs ?? 0 });
    instance.host.halt();
    if (stopsAfterMs === undefined) return;
    const code = stopReason ?? 'Server.ScheduledStop';
    const reason = { code, message: ownReasons[code] };
    this.#later(instance.id, stopsAfterMs, () => {
      if (this.#world.findInstance(instance.id)?.state !== 'running') return;
      this.#enter(instance.id, 'stopping', reason, reason.message);
      this.#stopAfter(instance.id, forcedStoppingMs, reason);
    });
  }

  /** No change of state fires after this. */
  cancelAll(): void {
    for (const id of [...this.#timers.keys()]) this.#cancel(id);
  }

  #stopAfter(instanceId: string, delayMs: number, reason: StateReason): void {
    this.#later(instanceId, delayMs, () => {
      const instance = this.#world.findInstance(instanceId);
      instance?.host.halt();
      this.#enter(instanceId, 'stopped', reason, instance?.transitionReason ?? '');
    });
  }

  #powerDown(instance: Instance, afterMs: number): void {
    if (afterMs === 0 || this.#dead.has(instance.id)) instance.host.halt();
    else this.#later(instance.id, afterMs, () => instance.host.halt());
  }

  /** A terminated instance gives its interfaces back: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html */
  #releaseInterfaces(instanceId: string): void {
    for (const eni of this.#world.interfacesOf(instanceId)) {
      if (eni.attachment?.deleteOnTermination) this.#world.removeInterface(eni.id);
      else this.#world.putInterface({ ...eni, attachment: undefined });
    }
  }

  #enter(
    instanceId: string,
    state: InstanceState,
    stateReason: StateReason | undefined,
    transitionReason: string,
    also: Pick<Partial<Instance>, 'launchedAtMs'> = {},
  ): void {
    const instance = this.#world.findInstance(instanceId);
    if (instance === undefined) return;
    const stateSinceMs = this.#account.clock.now();
    this.#world.putInstance({ ...instance, ...also, state, stateSinceMs, stateReason, transitionReason });
    for (const listener of this.#stateListeners) listener(instanceId, state);
    for (let copy = 0; copy < this.eventCopies; copy++) this.#announce(instanceId, state);
  }

  /** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html */
  #announce(instanceId: string, state: InstanceState): void {
    this.#account.emitEvent({
      source: 'aws.ec2',
      detailType: 'EC2 Instance State-change Notification',
      resources: [this.#account.arn('ec2', `instance/${instanceId}`)],
      detail: { 'instance-id': instanceId, state },
    });
  }

  #userInitiated(): string {
    const iso = new Date(this.#account.clock.now()).toISOString();
    return `User initiated (${iso.slice(0, 10)} ${iso.slice(11, 19)} GMT)`;
  }

  #later(instanceId: string, delayMs: number, run: () => void): void {
    const timer = later(this.#account.clock, delayMs, run);
    this.#timers.set(instanceId, [...(this.#timers.get(instanceId) ?? []), timer]);
  }

  #cancel(instanceId: string): void {
    for (const timer of this.#timers.get(instanceId) ?? []) timer.cancel();
    this.#timers.delete(instanceId);
  }
}

function unchanged({ id, state }: Instance): StateChange {
  return { instanceId: id, previous: state, current: state };
}

/** @throws AwsError IncorrectInstanceState */
export function requireStartable({ id, state }: Instance): void {
  if (state === 'pending' || state === 'running' || state === 'stopped') return;
  throw new AwsError(
    'IncorrectInstanceState',
    `The instance '${id}' is not in a state from which it can be started.`,
  );
}

/** @throws AwsError IncorrectInstanceState */
export function requireStoppable({ id, state }: Instance): void {
  if (state === 'running' || state === 'stopping' || state === 'stopped') return;
  throw new AwsError(
    'IncorrectInstanceState',
    `The instance '${id}' is not in a state from which it can be stopped.`,
  );
}
