/**
 * What a workflow is made of, so that it goes on where it was when its function dies: the result of a step that has
 * ended is remembered, everything between steps runs again and must come to the same. A step that was interrupted runs
 * again as a whole, so its body looks before it changes anything and asks for its epoch first.
 *
 * Only `lib/aws/durable-steps.ts` knows Lambda's durable functions; tests interrupt a workflow behind every step.
 */
import type { Confirmation } from './confirmation.ts';

export interface Steps {
  /** Of the execution: the same however often it is replayed, another one for every start. */
  readonly id: string;
  /**
   * @param name unique among its siblings
   * @param body gives what JSON can hold. A Fault with `retry: later` is tried again, a few times and a little later
   * @throws what the body threw last
   */
  step<T>(name: string, body: () => Promise<T>): Promise<T>;
  /** At least `ms`, in whole seconds. Nothing that was seen before it may be believed after it. */
  sleep(name: string, ms: number): Promise<void>;
  /** Asks a person and waits without cost. @param ask is told the id by which the answer comes; may run twice */
  confirm(
    name: string,
    withinMs: number,
    ask: (callbackId: string) => Promise<void>,
  ): Promise<Confirmation | null>;
  /** Branches side by side, at most `width` at a time; the results in their order. */
  together<T>(
    name: string,
    branches: readonly { readonly name: string; readonly run: (steps: Steps) => Promise<T> }[],
    width: number,
  ): Promise<readonly T[]>;
}
