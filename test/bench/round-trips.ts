/**
 * How many AWS answers the recover function waits for, one after the other, before it moves the address away from an
 * interface that was pulled out: on the bundle that ships, in an embedded AWS that takes the same long time for every
 * answer, so that the time until the move is a number of answers.
 */
import { healthAlarmName, liveAlias } from '../../lib/recovery/names.ts';
import type { Stage } from '../../lib/story/stage.ts';
import { onStage } from './staged.ts';
import { type Figure, inMs } from './table.ts';
import { slowAnswers, type WatchedCall, watchCalls } from './watched-calls.ts';

const answerMs = 500;
const move = 'AssignPrivateIpAddresses';

export function roundTrips(): Promise<readonly Figure[]> {
  return onStage('fleet.yaml', async (stage) => {
    const calls = await callsOfMove(stage);
    const moved = calls.find(({ operation }) => operation === move);
    if (moved === undefined) throw new Error(`no ${move} among ${calls.map(({ operation }) => operation)}`);
    const before = calls.filter(({ atMs }) => atMs < moved.atMs);
    const tookMs = moved.atMs - Math.min(...before.map(({ atMs }) => atMs));
    return [
      {
        what: `round trips before ${move}, primary interface detached`,
        figure: String(Math.round(tookMs / answerMs)),
        aim: '≤ 3',
        note: `${before.length} calls in ${inMs(tookMs)}, when an answer takes ${answerMs} ms`,
      },
    ];
  });
}

/** What the recover function calls once its alarm says that the address is gone. */
async function callsOfMove({ aws, clock, fleet }: Stage): Promise<readonly WatchedCall[]> {
  const [resource] = fleet.resources;
  const [first] = resource?.candidates ?? [];
  const eniId = first && fleet.servers[first.server]?.interfaces[first.interface]?.eniId;
  const functionName = aws.lambda.functions.names().find((name) => /recover/i.test(name));
  if (resource === undefined || eniId === undefined || functionName === undefined)
    throw new Error('the fleet has no resource on an interface, or the stack no recover function');
  aws.ec2.detachInterface(eniId);
  slowAnswers(aws.account, answerMs);
  const calls = watchCalls(aws.account);
  const alarmData = {
    alarmName: healthAlarmName(fleet.name, resource.tag),
    state: { value: 'ALARM', timestamp: new Date(clock.now()).toISOString() },
  };
  const event = JSON.stringify({ source: 'aws.cloudwatch', alarmData });
  await aws.lambda.invoke({ functionName, qualifier: liveAlias }, event, 'bench');
  aws.account.faults.clear();
  return calls;
}
