import { expect, test } from 'vitest';
import { answeredInVain, refusedThreeTimes } from './bad-luck.ts';
import { expectTheEndOf, failover, play } from './courses.ts';

/** Every operation that the functions call on the way. */
const operations = [
  'AssignPrivateIpAddresses',
  'DescribeAlarms',
  'DescribeInstanceStatus',
  'DescribeNetworkInterfaces',
  'GetCommandInvocation',
  'GetItem',
  'Invoke',
  'PutItem',
  'SendCommand',
  'UpdateItem',
];

test('the list of calls of a failover is complete', async () => {
  const incident = await play(failover, () => undefined);
  await expectTheEndOf(failover, incident);
  const calls = [...incident.callsBy('recover'), ...incident.callsBy('failover')];
  expect([...new Set(calls.map(({ operation }) => operation))].sort()).toEqual(operations);
});

for (const operation of operations) {
  test(`${failover.name}, and every ${operation} is throttled, fails and gets lost before it is served: the same end`, async () => {
    const incident = await play(failover, ({ misfortune }) =>
      refusedThreeTimes(operation).forEach(misfortune),
    );
    await expectTheEndOf(failover, incident);
    expect(await incident.acted()).toEqual(failover.recoveries);
  });

  test(`${failover.name}, and every other answer of ${operation} is lost: the same end`, async () => {
    const incident = await play(failover, ({ misfortune }) => answeredInVain(operation).forEach(misfortune));
    await expectTheEndOf(failover, incident);
    expect(await incident.acted()).toEqual(failover.recoveries);
  });
}
