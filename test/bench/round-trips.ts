/**
 * How many AWS answers the recover function waits for, one after the other, before it moves the address away from an
 * interface that was pulled out: on the bundle that ships, in an embedded AWS that takes the same long time for every
 * answer, so that the time until the move is a number of answers.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallRecord } from '../../lib/emulator/account.ts';
import { healthAlarmName, liveAlias } from '../../lib/recovery/names.ts';
import { type Stage, setStage } from '../../lib/story/stage.ts';
import { type Figure, inMs } from './table.ts';

const answerMs = 500;
const armLimitMs = 60_000;
const patience = { pollMs: 100, speed: 20 } as const;
const move = 'AssignPrivateIpAddresses';
/** What the function may call before the move. */
const operations = [
  ...['GetItem', 'PutItem', 'Query', 'UpdateItem', 'DescribeAlarms', 'PutMetricData', 'Publish', 'Invoke'],
  ...['DescribeInstances', 'DescribeInstanceStatus', 'DescribeNetworkInterfaces', 'DescribeSubnets'],
  ...['SendCommand', 'GetCommandInvocation'],
];

export async function roundTrips(): Promise<readonly Figure[]> {
  const options = { fleetFile: 'fleet.yaml', port: 0, speed: patience.speed, seed: 'bench' };
  const stage = await setStage(options, () => undefined);
  try {
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
  } finally {
    await stage.stop();
  }
}

/** What the recover function calls once its alarm says that the address is gone. */
async function callsOfMove({ aws, clock, fleet, record }: Stage): Promise<readonly CallRecord[]> {
  const [resource] = fleet.resources;
  const [first] = resource?.candidates ?? [];
  const eniId = first && fleet.servers[first.server]?.interfaces[first.interface]?.eniId;
  const functionName = aws.lambda.functions.names().find((name) => /recover/i.test(name));
  if (resource === undefined || eniId === undefined || functionName === undefined)
    throw new Error('the fleet has no resource on an interface, or the stack no recover function');
  await reached(async () => (await record(resource.tag))?.armed === true);
  clock.runAt(1);
  await reached(async () => aws.lambda.pendingAsync === 0);

  aws.ec2.detachInterface(eniId);
  for (const operation of operations)
    aws.account.faults.add({
      operation,
      effect: { kind: 'delay', ms: answerMs },
      times: Number.POSITIVE_INFINITY,
    });
  const calls: CallRecord[] = [];
  aws.account.onCall((call) => {
    if (byRecover(call)) calls.push(call);
  });
  const alarmData = {
    alarmName: healthAlarmName(fleet.name, resource.tag),
    state: { value: 'ALARM', timestamp: new Date(clock.now()).toISOString() },
  };
  const event = JSON.stringify({ source: 'aws.cloudwatch', alarmData });
  await aws.lambda.invoke({ functionName, qualifier: liveAlias }, event, 'bench');
  aws.account.faults.clear();
  return calls;
}

function byRecover({ callerArn }: CallRecord): boolean {
  return /:assumed-role\/.*recover/i.test(callerArn);
}

async function reached(condition: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; !(await condition()); waitedMs += patience.pollMs) {
    if (waitedMs > armLimitMs) throw new Error('the address was not seen healthy in time');
    await sleep(patience.pollMs);
  }
}
