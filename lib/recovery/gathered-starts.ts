/**
 * Recoveries of one event, side by side. Those that come to the ladder's last rung become one incident: all resources of
 * a dead server fail over together. Whoever is slow is not waited for long: it becomes an incident of its own.
 */
import { type Escalation, incidentOf } from './escalation.ts';
import { gatheredLooks } from './gathered-ports.ts';
import type { Failovers } from './ports.ts';
import type { RecoverPorts, Run } from './run.ts';
import { together } from './together.ts';

const longestWaitMs = 2_000;

interface Waiting {
  readonly members: readonly Escalation[];
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export async function recoverTogether(
  ports: RecoverPorts,
  runs: readonly ((ports: RecoverPorts) => Promise<Run>)[],
): Promise<readonly Run[]> {
  const [only] = runs;
  if (runs.length === 1 && only !== undefined) return [await only(ports)];
  let unfinished = runs.length;
  const waiting: Waiting[] = [];

  function flush(): void {
    const all = waiting.splice(0);
    const [first, ...others] = all.flatMap(({ members }) => members);
    if (first === undefined) return;
    ports.failovers.start(incidentOf([first, ...others])).then(
      () => all.forEach(({ done }) => void done()),
      (error: unknown) => all.forEach(({ failed }) => void failed(error)),
    );
  }

  function flushWhenComplete(): void {
    if (waiting.length === unfinished) flush();
  }

  const failovers: Failovers = {
    start: ({ members }) =>
      new Promise((done, failed) => {
        waiting.push({ members, done, failed });
        flushWhenComplete();
        if (waiting.length === 1) ports.clock.sleep(longestWaitMs).then(flush, failed);
      }),
  };
  // Fifty of a dead server that each look for themselves empty EC2's token bucket, and some of them see nothing.
  const shared = { ...ports, ...gatheredLooks(ports), failovers };
  return together(
    runs.map((run) =>
      run(shared).finally(() => {
        unfinished -= 1;
        flushWhenComplete();
      }),
    ),
  );
}
