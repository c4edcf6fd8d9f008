/**
 * How many AWS answers lie one behind the other until packets flow on another server: an address without dependents,
 * whose instance EC2 stops, on the bundles that ship, in an embedded AWS that takes the same long time for every answer.
 * The packets flow by the command that reaches the target's host, or by the move itself where the agent follows it.
 */
import { criticalPath, isBeside } from './critical-path.ts';
import { onStage, reached } from './staged.ts';
import { type Figure, inMs } from './table.ts';
import { requireSlow, slowAnswers, type WatchedCall, watchCalls } from './watched-calls.ts';

const answerMs = 500;
const limitMs = 30_000;

export function failoverTrips(): Promise<readonly Figure[]> {
  return onStage('fleet.yaml', async ({ aws, fleet, record }) => {
    const [resource] = fleet.resources;
    const server = resource?.candidates[0]?.server ?? '';
    const instanceId = fleet.servers[server]?.instanceId;
    if (resource === undefined || instanceId === undefined) throw new Error('the fleet has no resource');
    const calls = watchCalls(aws.account);
    slowAnswers(aws.account, answerMs);
    aws.ec2.failHost(instanceId, { stopsAfterMs: 0 });
    await reached('the target is sent its command', async () => calls.some(bringsUp), limitMs);
    aws.account.faults.clear();
    requireSlow(calls, answerMs);
    const hasMoved = async () => (await record(resource.tag))?.activeServer !== server;
    await reached('the address is in service elsewhere', hasMoved, limitMs);
    return figuresOf(calls);
  });
}

function bringsUp({ by, operation, input }: WatchedCall): boolean {
  return by === 'failover' && operation === 'SendCommand' && JSON.stringify(input).includes('"restore"');
}

function figuresOf(calls: readonly WatchedCall[]): readonly Figure[] {
  const handover = pathTo(calls, ({ by, operation }) => by === 'recover' && operation === 'Invoke');
  const failover = pathTo(calls, bringsUp);
  const move = pathTo(calls, ({ operation }) => operation === 'AssignPrivateIpAddresses');
  return [
    {
      what: 'round trips of a failover until packets flow, one address without dependents',
      figure: String(failover.length),
      aim: '≤ 8',
      note: `${wordsOf(calls, failover)}; ${move.length} where the agent follows the move`,
    },
    {
      what: 'the same from the event on, the recovery included',
      figure: String(handover.length + failover.length),
      note: `${wordsOf(calls, handover)}; then those of the failover`,
    },
  ];
}

function pathTo(
  calls: readonly WatchedCall[],
  isLast: (call: WatchedCall) => boolean,
): readonly WatchedCall[] {
  const last = calls.find(isLast);
  if (last === undefined) throw new Error(`not among ${calls.map(({ operation }) => operation).join(', ')}`);
  return criticalPath(calls, last);
}

function wordsOf(calls: readonly WatchedCall[], path: readonly WatchedCall[]): string {
  const tookMs = (path.at(-1)?.endMs ?? 0) - (path[0]?.atMs ?? 0);
  const trips = path.map((trip) => (trip === path.at(-1) ? trip.operation : tripOf(calls, trip)));
  return `${trips.join(' → ')}: ${inMs(tookMs)} when an answer takes ${answerMs} ms`;
}

/** Of what is asked at the same time it is chance whose answer comes last. */
function tripOf(calls: readonly WatchedCall[], { by, atMs, operation }: WatchedCall): string {
  const together = calls.filter(
    (each) => each.by === by && !isBeside(each) && Math.abs(each.atMs - atMs) < answerMs / 2,
  );
  return together.length === 1 ? operation : `${together.length} at once`;
}
