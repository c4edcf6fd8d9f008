/** What the functions call, from when until when, and answers that take as long as a measurement needs. */
import type { Account, CallRecord } from '../../lib/emulator/account.ts';

type FunctionOf = 'recover' | 'failover';

export interface WatchedCall extends CallRecord {
  readonly by: FunctionOf;
  readonly endMs: number;
}

/** From now on; each call is added when it has its answer. */
export function watchCalls(account: Account): readonly WatchedCall[] {
  const calls: WatchedCall[] = [];
  account.onCall((call) => {
    const by = functionOf(call);
    if (by !== undefined) calls.push({ ...call, by, endMs: account.clock.now() });
  });
  return calls;
}

/** What the two functions may call until an address has moved. */
const operations = [
  ...['GetItem', 'PutItem', 'Query', 'UpdateItem', 'DescribeAlarms', 'PutMetricData', 'PutEvents', 'Publish'],
  ...['DescribeInstances', 'DescribeInstanceStatus', 'DescribeNetworkInterfaces', 'DescribeSubnets'],
  ...['SendCommand', 'GetCommandInvocation', 'DescribeInstanceInformation', 'AssignPrivateIpAddresses'],
  ...['Invoke', 'CheckpointDurableExecution', 'GetDurableExecutionState'],
];

/** From now on, each answer to the two functions takes `ms`, with that chance. */
export function slowAnswers({ faults, random }: Account, ms: number, chance = 1): void {
  for (const operation of operations)
    faults.add({
      operation,
      effect: { kind: 'delay', ms },
      times: Number.POSITIVE_INFINITY,
      when: (call) => functionOf(call) !== undefined && random.float() < chance,
    });
}

/** @throws Error naming what was answered sooner: it was not slowed down */
export function requireSlow(calls: readonly WatchedCall[], ms: number): void {
  const quick = calls.filter((call) => call.endMs - call.atMs < ms).map(({ operation }) => operation);
  if (quick.length > 0) throw new Error(`answered in less than ${ms} ms: ${[...new Set(quick)].join(', ')}`);
}

function functionOf({ callerArn }: Pick<CallRecord, 'callerArn'>): FunctionOf | undefined {
  const [, name] = /:assumed-role\/.*(recover|failover)/i.exec(callerArn) ?? [];
  return name?.toLowerCase() as FunctionOf | undefined;
}
