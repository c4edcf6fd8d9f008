/**
 * The service manager of a model guest: units, and how far each is.
 *
 *   inactive ─start─▶ activating ─▶ active ─stop─▶ deactivating ─▶ inactive
 *                          └──────────▶ failed ◀────────┘
 *
 * A unit comes up only when it is started, or at a boot when it is enabled; at a power cut all of them are gone at once.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html
 */
import type { Clock, Timer } from '../clock.ts';

export interface UnitFile {
  /** `postgresql.service`, `var-lib-data.mount`, or the template `app@.service`. */
  readonly name: string;
  /** Started at every boot. */
  readonly enabled?: boolean;
  readonly startMs?: number;
  readonly stopMs?: number;
  /** TimeoutStartSec and TimeoutStopSec; Infinity for none. */
  readonly startTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
  /** Asked when it is about to be active: whether what it needs is there. */
  readonly canStart?: () => boolean;
}

/** Holds for every start and stop from now on. */
export type UnitFault =
  | 'fails-to-start'
  | 'hangs-on-start'
  /** It is active, and a moment later it has failed. */
  | 'fails-after-start'
  | 'hangs-on-stop'
  /** It is stopped, and a process of it is still there: KillMode=process. */
  | 'leaves-a-process';

export type ActiveState = 'inactive' | 'activating' | 'active' | 'deactivating' | 'failed';

export interface UnitEvent {
  readonly atMs: number;
  readonly unit: string;
  /** `died`: by itself; `lost`: with the power. */
  readonly what: 'starting' | 'started' | 'stopping' | 'stopped' | 'failed' | 'died' | 'lost';
}

type Result = 'success' | 'exit-code' | 'timeout';

/** What `systemctl start` and `stop` wait for. */
export interface Job {
  outcome: 'waiting' | 'done' | 'failed' | 'timeout' | 'canceled';
  /** When it ends at the latest, as things stand. */
  dueMs: number;
}

interface Unit {
  readonly file: UnitFile;
  state: ActiveState;
  result: Result;
  tasks: number;
  job: Job | undefined;
  timer: Timer | undefined;
  /** A start that waits for the stop to end. */
  next: Job | undefined;
}

const ordinaryMs = 200;
const timeoutMs = 90_000;
const failsAfterMs = 300;

export class Units {
  /** Oldest first. */
  readonly history: UnitEvent[] = [];
  readonly #clock: Clock;
  readonly #files = new Map<string, UnitFile>();
  readonly #faults = new Map<string, ReadonlySet<UnitFault>>();
  #units = new Map<string, Unit>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  // ---- For whoever builds the guest, and breaks it

  install(file: UnitFile): void {
    this.#files.set(file.name, file);
  }

  /** No faults: it is mended. */
  fault(name: string, ...faults: readonly UnitFault[]): void {
    this.#faults.set(name, new Set(faults));
  }

  /** It fails by itself, now. */
  die(name: string): void {
    const unit = this.find(name);
    if (unit?.state !== 'active') throw new Error(`${name} is ${unit?.state ?? 'not installed'}, not active`);
    this.#fail(name, unit, 'died');
  }

  stateOf(name: string): ActiveState {
    return this.find(name)?.state ?? 'inactive';
  }

  // ---- Power

  boot(): void {
    for (const { name, enabled } of this.#files.values()) if (enabled === true) this.start(name);
  }

  halt(): void {
    for (const [name, { state, timer }] of this.#units) {
      timer?.cancel();
      if (state !== 'inactive' && state !== 'failed') this.#tell(name, 'lost');
    }
    this.#units = new Map();
  }

  // ---- As systemctl sees it

  /** `undefined` when there is no such file, and no template for it. */
  find(name: string): Unit | undefined {
    const known = this.#units.get(name);
    if (known !== undefined) return known;
    const file = this.#files.get(name) ?? this.#files.get(name.replace(/@.+(\.[a-z]+)$/, '@$1'));
    if (file === undefined || name.includes('@.')) return undefined;
    const unit: Unit = {
      file,
      state: 'inactive',
      result: 'success',
      tasks: 0,
      job: undefined,
      timer: undefined,
      next: undefined,
    };
    this.#units.set(name, unit);
    return unit;
  }

  /** @throws Error when there is no such unit */
  start(name: string): Job {
    const unit = this.#get(name);
    if (unit.state === 'active') return doneJob();
    if (unit.state === 'activating' && unit.job !== undefined) return unit.job;
    if (unit.state === 'deactivating') {
      unit.next ??= { outcome: 'waiting', dueMs: unit.job?.dueMs ?? 0 };
      return unit.next;
    }
    const job: Job = { outcome: 'waiting', dueMs: 0 };
    this.#begin(name, unit, job);
    return job;
  }

  /** @throws Error when there is no such unit */
  stop(name: string): Job {
    const unit = this.#get(name);
    cancel(unit.next);
    unit.next = undefined;
    if (unit.state === 'inactive' || unit.state === 'failed') return doneJob();
    if (unit.state === 'deactivating' && unit.job !== undefined) return unit.job;
    cancel(unit.job);
    const job: Job = { outcome: 'waiting', dueMs: 0 };
    const { stopMs = ordinaryMs, stopTimeoutMs = timeoutMs } = unit.file;
    const hangs = this.#has(name, 'hangs-on-stop') || stopMs >= stopTimeoutMs;
    this.#enter(name, unit, 'deactivating', 'stopping');
    this.#after(unit, job, hangs ? stopTimeoutMs : stopMs, () => {
      unit.tasks = this.#has(name, 'leaves-a-process') ? 1 : 0;
      unit.result = hangs ? 'timeout' : 'success';
      this.#enter(name, unit, hangs ? 'failed' : 'inactive', hangs ? 'failed' : 'stopped');
      job.outcome = 'done'; // to be killed in the end is to be stopped
      const { next } = unit;
      unit.next = undefined;
      if (next !== undefined) this.#begin(name, unit, next);
    });
    return job;
  }

  /** @returns whether there was anything to forget */
  resetFailed(name: string): boolean {
    const unit = this.find(name);
    if (unit?.state !== 'failed') return false;
    unit.state = 'inactive';
    unit.result = 'success';
    return true;
  }

  #begin(name: string, unit: Unit, job: Job): void {
    const { startMs = ordinaryMs, startTimeoutMs = timeoutMs } = unit.file;
    const hangs = this.#has(name, 'hangs-on-start') || startMs >= startTimeoutMs;
    unit.tasks = 1;
    this.#enter(name, unit, 'activating', 'starting');
    this.#after(unit, job, hangs ? startTimeoutMs : startMs, () => {
      const broken = this.#has(name, 'fails-to-start') || unit.file.canStart?.() === false;
      if (hangs || broken) {
        job.outcome = hangs ? 'timeout' : 'failed';
        this.#fail(name, unit, 'failed', hangs ? 'timeout' : 'exit-code');
        return;
      }
      unit.result = 'success';
      this.#enter(name, unit, 'active', 'started');
      job.outcome = 'done';
      if (this.#has(name, 'fails-after-start'))
        unit.timer = this.#clock.after(failsAfterMs, () => this.#fail(name, unit, 'died'));
    });
  }

  #fail(name: string, unit: Unit, what: 'failed' | 'died', result: Result = 'exit-code'): void {
    unit.tasks = 0;
    unit.result = result;
    this.#enter(name, unit, 'failed', what);
  }

  #enter(name: string, unit: Unit, state: ActiveState, what: UnitEvent['what']): void {
    unit.timer?.cancel();
    unit.timer = undefined;
    unit.job = undefined;
    unit.state = state;
    this.#tell(name, what);
  }

  #after(unit: Unit, job: Job, delayMs: number, then: () => void): void {
    unit.job = job;
    job.dueMs = this.#clock.now() + delayMs;
    if (unit.next !== undefined) unit.next.dueMs = job.dueMs;
    unit.timer = Number.isFinite(delayMs) ? this.#clock.after(delayMs, then) : undefined;
  }

  #tell(unit: string, what: UnitEvent['what']): void {
    this.history.push({ atMs: this.#clock.now(), unit, what });
  }

  #has(name: string, fault: UnitFault): boolean {
    return this.#faults.get(name)?.has(fault) ?? false;
  }

  #get(name: string): Unit {
    const unit = this.find(name);
    if (unit === undefined) throw new Error(`no unit ${name}`);
    return unit;
  }
}

function doneJob(): Job {
  return { outcome: 'done', dueMs: 0 };
}

function cancel(job: Job | undefined): void {
  if (job !== undefined) job.outcome = 'canceled';
}
