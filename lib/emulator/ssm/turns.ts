/**
 * An agent runs one association after the other, however many wait for it: https://github.com/aws/amazon-ssm-agent,
 * agent/association/processor (documentWorkersLimit = 1).
 */
export class Turns {
  readonly #queues = new Map<string, { readonly who: object; readonly go: () => void }[]>();

  /** Calls `go` when it is the turn of `who`, at once when nobody is before it. */
  wait(instanceId: string, who: object, go: () => void): void {
    const queue = this.#queues.get(instanceId) ?? [];
    this.#queues.set(instanceId, queue);
    queue.push({ who, go });
    if (queue.length === 1) go();
  }

  /** Ends the turn of `who`, or its waiting for one. Nothing happens when it is not there. */
  leave(instanceId: string, who: object): void {
    const queue = this.#queues.get(instanceId) ?? [];
    const at = queue.findIndex((each) => each.who === who);
    if (at === -1) return;
    queue.splice(at, 1);
    if (at === 0) queue[0]?.go();
  }
}
