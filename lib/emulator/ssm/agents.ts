/**
 * Who is registered, and since when nobody has heard of them. An agent says hello when its guest is up and every five
 * minutes after, so a dead host stays `Online` for minutes: https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-setting-up-messageAPIs.html
 */
import type { Account } from '../account.ts';
import { later } from '../background.ts';
import type { Timer } from '../clock.ts';
import type { HostDriver } from '../host/driver.ts';

/** What Systems Manager knows of EC2. */
export interface Instances {
  instanceIds(): readonly string[];
  /** Undefined when there is no such instance, or it is shutting down or terminated. */
  host(instanceId: string): HostDriver | undefined;
  tagsOf(instanceId: string): { readonly [key: string]: string };
  primaryAddressOf(instanceId: string): string | undefined;
}

export interface Registration {
  readonly instanceId: string;
  readonly lastPingMs: number;
  readonly pingStatus: 'Online' | 'ConnectionLost';
}

const heartbeatMs = 300_000;
/** How late a heartbeat may be; AWS does not publish it. */
const heartbeatGraceMs = 60_000;

export class Agents {
  readonly #account: Account;
  readonly #instances: Instances;
  readonly #lastPings = new Map<string, number>();
  readonly #cutOff = new Set<string>();
  readonly #registrationListeners: ((instanceId: string) => void)[] = [];
  #timer: Timer | undefined;
  #stopped = false;

  constructor(account: Account, instances: Instances) {
    this.#account = account;
    this.#instances = instances;
    account.onEvent(({ source, detail }) => {
      if (source !== 'aws.ec2') return;
      const { 'instance-id': id, state } = detail as { 'instance-id'?: string; state?: string };
      if (id !== undefined && state === 'running') this.#ping(id);
    });
  }

  /** Called when an agent says hello for the first time. */
  onRegistration(listener: (instanceId: string) => void): void {
    this.#registrationListeners.push(listener);
  }

  /** From now on an instance that is new is heard of by itself, at the next heartbeat at the latest. */
  watch(): void {
    this.#greet();
    if (this.#timer === undefined && !this.#stopped) this.#schedule();
  }

  /** Everyone who has ever said hello and is not on the way out. */
  registered(): readonly Registration[] {
    this.#greet();
    return [...this.#lastPings]
      .filter(([instanceId]) => this.#instances.host(instanceId) !== undefined)
      .map(([instanceId, lastPingMs]) => ({
        instanceId,
        lastPingMs,
        pingStatus:
          this.#account.clock.now() - lastPingMs <= heartbeatMs + heartbeatGraceMs
            ? 'Online'
            : 'ConnectionLost',
      }));
  }

  /** The guest whose agent takes a command now. */
  reachable(instanceId: string): HostDriver | undefined {
    const host = this.#instances.host(instanceId);
    return host?.isUp() && !this.#cutOff.has(instanceId) ? host : undefined;
  }

  /** False once the instance is on its way out. */
  mayReturn(instanceId: string): boolean {
    return this.#instances.host(instanceId) !== undefined;
  }

  cutOff(instanceId: string): void {
    this.#cutOff.add(instanceId);
  }

  reconnect(instanceId: string): void {
    this.#cutOff.delete(instanceId);
    this.#ping(instanceId);
  }

  cancelAll(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #greet(): void {
    for (const id of this.#instances.instanceIds()) if (!this.#lastPings.has(id)) this.#ping(id);
  }

  #ping(instanceId: string): void {
    if (this.reachable(instanceId) === undefined) return;
    const isNew = !this.#lastPings.has(instanceId);
    this.#lastPings.set(instanceId, this.#account.clock.now());
    if (this.#timer === undefined && !this.#stopped) this.#schedule();
    if (isNew) for (const listener of this.#registrationListeners) listener(instanceId);
  }

  #schedule(): void {
    this.#timer = later(this.#account.clock, heartbeatMs, () => {
      this.#schedule();
      for (const id of this.#lastPings.keys()) this.#ping(id);
      this.#greet();
    });
  }
}
