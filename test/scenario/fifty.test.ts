import { expect, test } from 'vitest';
import type { EmbeddedAws } from '../../lib/emulator/embedded-aws.ts';
import { addressCount, roomyType } from './fleets/fifty.ts';
import { instanceOf } from './fleets.ts';
import { minute, second, startIncident } from './incident.ts';

/** Servers of a type whose interfaces take that many addresses. */
function makeRoom({ ec2 }: EmbeddedAws): void {
  for (const id of [instanceOf.ServerA, instanceOf.ServerB]) {
    const instance = ec2.world.findInstance(id);
    if (instance !== undefined) ec2.world.putInstance({ ...instance, type: roomyType });
  }
}

test(
  `a server with ${addressCount} addresses dies: one failover, three calls at most to move them, all in service on one interface of ServerB`,
  async () => {
    const incident = await startIncident({ assembly: 'fifty', before: (_, aws) => makeRoom(aws) });
    const tags = incident.fleet.resources.map(({ tag }) => tag);
    expect(tags).toHaveLength(addressCount);
    const before = incident.aws.account.calls().length;

    incident.aws.ec2.failHost(instanceOf.ServerA, { stopsAfterMs: second });
    for (const tag of tags) await incident.until(({ recent }) => recent.length > 0, 10 * minute, tag);
    await incident.advance(65 * second);

    expect(incident.executions().map(({ status }) => status)).toEqual(['SUCCEEDED']);
    const moves = incident.aws.account.calls('AssignPrivateIpAddresses');
    expect(moves.length).toBeLessThanOrEqual(3);
    const refused = incident.aws.account
      .calls()
      .slice(before)
      .filter(({ error }) => error === 'RequestLimitExceeded');
    expect(refused).toEqual([]);
    for (const tag of tags) {
      expect(incident.owners(tag), tag).toEqual(['ServerA eth0', 'ServerB eth0']);
      expect(incident.answers(tag), tag).toBe(true);
      expect(await incident.recoveries(tag), tag).toEqual(['failed-over']);
      expect(await incident.record(tag), tag).toMatchObject({ state: 'ISP', activeServer: 'ServerB' });
    }
    expect(incident.pages()).toEqual([]);
  },
  5 * minute,
);
