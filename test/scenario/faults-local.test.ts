import { expect, test } from 'vitest';
import { answeredInVain, refusedThreeTimes } from './bad-luck.ts';
import { expectTheEndOf, localMove, play } from './courses.ts';

/** Every operation that the functions call on the way. */
const operations = [
  'AssignPrivateIpAddresses',
  'DescribeAlarms',
  'DescribeInstanceStatus',
  'DescribeNetworkInterfaces',
  'GetCommandInvocation',
  'GetItem',
  'PutItem',
  'SendCommand',
  'UpdateItem',
];

test('the list of calls of a local move is complete', async () => {
  const incident = await play(localMove, () => undefined);
  await expectTheEndOf(localMove, incident);
  const calls = [...incident.callsBy('recover'), ...incident.callsBy('failover')];
  expect([...new Set(calls.map(({ operation }) => operation))].sort()).toEqual(operations);
});

for (const operation of operations) {
  test(`${localMove.name}, and every ${operation} is throttled, fails and gets lost before it is served: the same end`, async () => {
    const incident = await play(localMove, ({ misfortune }) =>
      refusedThreeTimes(operation).forEach(misfortune),
    );
    await expectTheEndOf(localMove, incident);
    expect(await incident.acted()).toEqual(localMove.recoveries);
  });

  test(`${localMove.name}, and every other answer of ${operation} is lost: the same end`, async () => {
    const incident = await play(localMove, ({ misfortune }) => answeredInVain(operation).forEach(misfortune));
    await expectTheEndOf(localMove, incident);
    expect(await incident.acted()).toEqual(localMove.recoveries);
  });
}
