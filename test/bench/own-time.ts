/**
 * The failover's own time, as a share of a failover with the whole hierarchy of the story: processor time of the thread
 * in which the bundle runs, from its first line on, against the time from the start of the execution to its end. AWS
 * answers at once here and takes its typical time only between its services, so with a real one the share is smaller.
 */
import type { Worker } from 'node:worker_threads';
import { setAwsLatency } from '../../lib/lab/aws-latency.ts';
import type { Stage } from '../../lib/story/stage.ts';
import { stories } from '../../lib/story/stories.ts';
import { onStage, reached } from './staged.ts';
import { type Figure, inMs } from './table.ts';
import { watchCalls } from './watched-calls.ts';

/** EC2 has a dead server's instance stopped after some seconds, and a volume moved after some more. */
const limitMs = 60_000;
/** AWS says "a few minutes"; whatever it takes belongs to AWS, and makes the share smaller. */
const registrationMs = 3_000;

export function ownTime(): Promise<readonly Figure[]> {
  return onStage(stories.hierarchy.fleetFile, measure);
}

async function measure({ aws, fleet }: Stage): Promise<readonly Figure[]> {
  const resource = fleet.resources.find(({ dependents = [] }) => dependents.length > 0);
  const instanceId = fleet.servers[resource?.candidates[0]?.server ?? '']?.instanceId;
  if (instanceId === undefined) throw new Error('the fleet has no resource with dependents');
  setAwsLatency(aws, 'typical');
  aws.elbv2.registrationMs = registrationMs;
  const execution = () => aws.lambda.executions.list()[0];
  const calls = watchCalls(aws.account);
  const ofFailover = () => calls.filter(({ by }) => by === 'failover');
  using threads = new Threads();
  aws.ec2.failHost(instanceId, { stopsAfterMs: 0 });
  await reached('the failover begins', async () => ofFailover().length > 0, limitMs);
  const thread = threads.single();
  const loadedMs = await processorMs(thread);
  await reached('the failover ends', async () => execution()?.endedMs !== undefined, limitMs);
  const ownMs = await processorMs(thread);
  const { status, startedMs = 0, endedMs = 0 } = execution()?.look() ?? {};
  if (status !== 'SUCCEEDED') throw new Error(`the failover has ${status}`);
  const tookMs = endedMs - startedMs;
  return [
    {
      what: "the failover's own time, of a failover with the hierarchy of the story",
      figure: `${((ownMs / tookMs) * 100).toFixed(1)} %`,
      aim: '≤ 5 %',
      note: `${inMs(ownMs)} of processor, ${inMs(loadedMs)} of them until the first answer, of ${inMs(tookMs)}; ${ofFailover().length} calls, ${resource?.dependents?.length} dependents`,
    },
  ];
}

async function processorMs(thread: Worker): Promise<number> {
  const { user, system } = await thread.cpuUsage();
  return (user + system) / 1_000;
}

/** Those that are started while it looks. */
class Threads implements Disposable {
  readonly #started: Worker[] = [];
  readonly #note = (worker: Worker): void => void this.#started.push(worker);

  constructor() {
    process.on('worker', this.#note);
  }

  /** @throws Error when it cannot be told which one is meant */
  single(): Worker {
    const [thread, ...others] = this.#started;
    if (thread === undefined || others.length > 0)
      throw new Error(`${this.#started.length} sandboxes were started, and one was meant`);
    return thread;
  }

  [Symbol.dispose](): void {
    process.off('worker', this.#note);
  }
}
