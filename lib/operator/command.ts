/** What a command of `holdfast` is: its words, from which help, completion and the manual's test are made, and its work. */
import type { Answer, AskedRequest } from '../recovery/order.ts';
import type { Clock } from '../recovery/ports.ts';

export interface Option {
  /** Without its dashes. */
  readonly name: string;
  readonly short?: string;
  /** What its value is called; without one it is a switch. */
  readonly value?: string;
  readonly help: string;
}

interface Argument {
  readonly name: string;
  readonly optional?: true;
}

export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  readonly takes: readonly Argument[];
  /** What it does, in sentences. */
  readonly about: string;
  readonly options: readonly Option[];
  readonly example: string;
  run(given: Given, context: Context): Promise<number>;
}

/** The command line as it was given, checked against the command's options. */
export interface Given {
  readonly words: readonly string[];
  text(option: string): string | undefined;
  flag(option: string): boolean;
}

export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether lines that were written on `err` can be written over. */
  readonly live: boolean;
  readonly colour: boolean;
  readonly columns: number;
}

/** What a command works with. */
export interface Context {
  readonly clock: Clock;
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal;
  /** @throws Fault, or Interrupted */
  ask(request: AskedRequest): Promise<Answer>;
  /** For `completion`. */
  commands(): Promise<readonly Command[]>;
}

/** Wrong use of the command line: nobody was asked. */
export class WrongUsage extends Error {}

/** Of a value: LifeKeeper tells the two apart. */
export class WrongValue extends WrongUsage {}

/** Ctrl-C. */
export class Interrupted extends Error {}

/** As a shell says it of a program that a signal has ended: 128 + SIGINT. */
export const interruptedExit = 130;

/** @throws Interrupted as soon as the signal is aborted, whatever the work does meanwhile */
export async function unlessInterrupted<T>(interrupted: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(new Interrupted());
  if (interrupted.aborted) stop();
  interrupted.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([promise, work]);
  } finally {
    interrupted.removeEventListener('abort', stop);
  }
}
