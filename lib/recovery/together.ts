/**
 * Waits for all of them, then throws the first failure. `Promise.all` would throw at once, and a Lambda sandbox freezes
 * when its handler throws: one resource's fault would leave another's recovery standing in the middle of a move.
 */
export async function together<T>(running: readonly Promise<T>[]): Promise<readonly T[]> {
  const ended = await Promise.allSettled(running);
  return ended.map((each) => {
    if (each.status === 'rejected') throw each.reason;
    return each.value;
  });
}
