/**
 * The time of the embedded AWS: a parameter, never the machine's clock read in passing.
 *
 * `WallClock` follows real time, `speed` times faster while nothing is running and at real speed while a function, a
 * command or a request is: waits shrink, measured milliseconds stay true. `VirtualClock` stands still until a test
 * advances it, and never overtakes work that is still running.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  after(delayMs: number, run: () => void): Timer;
  sleep(delayMs: number): Promise<void>;
  /** Runs work that time must not run away from; sleeping on this clock inside it is allowed. */
  work<T>(run: () => Promise<T>): Promise<T>;
}

interface Entry {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Pending timers, earliest first; equal times fire in the order they were set, so a seed repeats a run. */
class Timetable {
  #entries: Entry[] = [];
  #order = 0;

  add(dueMs: number, run: () => void): Entry {
    const entry: Entry = { dueMs, order: this.#order++, run };
    const index = this.#entries.findIndex((other) => other.dueMs > dueMs);
    if (index === -1) this.#entries.push(entry);
    else this.#entries.splice(index, 0, entry);
    return entry;
  }

  remove(entry: Entry): void {
    const index = this.#entries.indexOf(entry);
    if (index !== -1) this.#entries.splice(index, 1);
  }

  next(): Entry | undefined {
    return this.#entries[0];
  }

  takeDue(nowMs: number): Entry | undefined {
    const first = this.#entries[0];
    return first !== undefined && first.dueMs <= nowMs ? this.#entries.shift() : undefined;
  }
}

export class WallClock implements Clock {
  #speed: number;
  readonly #timetable = new Timetable();
  #anchorRealMs = performance.now();
  #anchorMs: number;
  #working = 0;
  #alarm: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: { readonly speed?: number; readonly startMs?: number } = {}) {
    this.#speed = options.speed ?? 1;
    this.#anchorMs = options.startMs ?? Date.now();
  }

  now(): number {
    return Math.floor(this.#exactNow());
  }

  after(delayMs: number, run: () => void): Timer {
    const entry = this.#timetable.add(this.#exactNow() + Math.max(0, delayMs), run);
    this.#arm();
    return { cancel: () => this.#timetable.remove(entry) };
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve));
  }

  async work<T>(run: () => Promise<T>): Promise<T> {
    this.#changeWorking(+1);
    try {
      return await run();
    } finally {
      this.#changeWorking(-1);
    }
  }

  /** From now on `speed` times faster than real time while nothing is running. */
  runAt(speed: number): void {
    this.#reanchor();
    this.#speed = speed;
    this.#arm();
  }

  /** No timer fires after this; lets the process end. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#alarm);
  }

  #rate(): number {
    return this.#working > 0 ? 1 : this.#speed;
  }

  #exactNow(): number {
    return this.#anchorMs + (performance.now() - this.#anchorRealMs) * this.#rate();
  }

  #changeWorking(by: 1 | -1): void {
    this.#reanchor();
    this.#working += by;
    this.#arm();
  }

  #reanchor(): void {
    this.#anchorMs = this.#exactNow();
    this.#anchorRealMs = performance.now();
  }

  #arm(): void {
    clearTimeout(this.#alarm);
    const next = this.#timetable.next();
    if (next === undefined || this.#stopped) return;
    this.#alarm = setTimeout(() => this.#fire(), Math.max(0, (next.dueMs - this.#exactNow()) / this.#rate()));
  }

  #fire(): void {
    for (
      let due = this.#timetable.takeDue(this.#exactNow());
      due;
      due = this.#timetable.takeDue(this.#exactNow())
    )
      due.run();
    this.#arm();
  }
}

/** One piece of running work. It holds time back as long as nothing inside it sleeps on the clock. */
interface Work {
  readonly parent: Work | undefined;
  sleepers: number;
}

/** Turns of the event loop without any work before time may jump: lets chains of promises finish first. */
const settleTurns = 12;
/** Real time in which what the clock does not see has to come back to it: 5 s. */
const idleTurnMs = 5;
const mostIdleTurns = 1_000;

export class VirtualClock implements Clock {
  readonly #timetable = new Timetable();
  readonly #current = new AsyncLocalStorage<Work>();
  #nowMs: number;
  #holds = 0;

  constructor(startMs: number = Date.UTC(2026, 0, 5, 10, 0, 0)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const entry = this.#timetable.add(this.#nowMs + Math.max(0, delayMs), run);
    return { cancel: () => this.#timetable.remove(entry) };
  }

  async sleep(delayMs: number): Promise<void> {
    const sleeping = ancestry(this.#current.getStore());
    for (const work of sleeping) if (work.sleepers++ === 0) this.#holds -= 1;
    await new Promise<void>((resolve) => {
      this.after(delayMs, () => {
        for (const work of sleeping) if (--work.sleepers === 0) this.#holds += 1;
        resolve();
      });
    });
  }

  async work<T>(run: () => Promise<T>): Promise<T> {
    const work: Work = { parent: this.#current.getStore(), sleepers: 0 };
    this.#holds += 1;
    try {
      return await this.#current.run(work, run);
    } finally {
      if (work.sleepers === 0) this.#holds -= 1;
      // A sleep that outlives its work (a timeout that lost a race) must not hold time back when it wakes.
      work.sleepers = Number.POSITIVE_INFINITY;
    }
  }

  /** Moves time forward by `ms`, firing what is due on the way and letting its work finish before time goes on. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await this.#settle();
    for (let next = this.#timetable.next(); next && next.dueMs <= untilMs; next = this.#timetable.next()) {
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      this.#timetable.takeDue(this.#nowMs)?.run();
      await this.#settle();
    }
    this.#nowMs = untilMs;
  }

  /**
   * Moves time forward, timer by timer, until `reached()` holds.
   * @throws Error when `limitMs` of virtual time have gone by first
   */
  async advanceUntil(reached: () => boolean | Promise<boolean>, limitMs: number): Promise<void> {
    const untilMs = this.#nowMs + limitMs;
    await this.#settle();
    for (let idleTurns = 0; !(await reached()); ) {
      const next = this.#timetable.next();
      // Nothing is due at all: somebody is at work outside of the clock, such as a client that is being loaded.
      if (next === undefined && idleTurns < mostIdleTurns) {
        idleTurns += 1;
        await new Promise((resolve) => setTimeout(resolve, idleTurnMs));
        continue;
      }
      idleTurns = 0;
      if (next === undefined || next.dueMs > untilMs)
        throw new Error(`not reached within ${limitMs} ms of virtual time`);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      this.#timetable.takeDue(this.#nowMs)?.run();
      await this.#settle();
    }
  }

  /** Waits for `promise` while moving time forward as far as it needs. */
  async run<T>(promise: Promise<T>, limitMs = 3_600_000): Promise<T> {
    let done = false;
    const settled = promise.finally(() => {
      done = true;
    });
    settled.catch(() => undefined);
    await this.advanceUntil(() => done, limitMs);
    return settled;
  }

  async #settle(): Promise<void> {
    for (let quietTurns = 0; quietTurns < settleTurns; quietTurns = this.#holds > 0 ? 0 : quietTurns + 1)
      await new Promise((resolve) => setImmediate(resolve));
  }
}

function ancestry(work: Work | undefined): Work[] {
  const chain: Work[] = [];
  for (let each = work; each !== undefined; each = each.parent) chain.push(each);
  return chain;
}
