/** Route 53 for the AWS CLI, over a real socket. */
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Account } from '../../lib/emulator/account.ts';
import { WallClock } from '../../lib/emulator/clock.ts';
import { Gateway } from '../../lib/emulator/gateway.ts';
import { Route53 } from '../../lib/emulator/route53/route53.ts';
import { route53Service } from '../../lib/emulator/route53/service.ts';
import { listen } from '../../lib/emulator/transports.ts';
import { awsCli, awsCliJson, cliTimeoutMs, cliTitle, isCliInstalled } from './aws-cli.ts';
import { here, name, record, zoneId } from './route53-account.ts';

describe.skipIf(!isCliInstalled)(cliTitle, { timeout: 4 * cliTimeoutMs }, () => {
  const wall = new WallClock();
  let server: Server;
  let endpoint: string;

  beforeAll(async () => {
    const cliAccount = new Account({ clock: wall, seed: 'route 53, from outside' });
    const world = new Route53(cliAccount);
    world.propagationMs = 0;
    world.addHostedZone({ id: zoneId, name: 'example.com' });
    const door = new Gateway(cliAccount);
    door.addRaw(route53Service(world));
    const listening = await listen(door, 0);
    server = listening.server;
    endpoint = `http://127.0.0.1:${listening.port}`;
  });

  afterAll(async () => {
    wall.stop();
    await new Promise((resolve) => server.close(resolve));
  });

  const words = (batch: unknown) => [
    ...['route53', 'change-resource-record-sets', '--hosted-zone-id', zoneId],
    ...['--change-batch', JSON.stringify(batch)],
  ];

  test('changes a record, waits for it, lists it, and prints what is wrong with a batch', async () => {
    const batch = { Changes: [{ Action: 'CREATE', ResourceRecordSet: record(name, 'A', here) }] };
    const { ChangeInfo } = (await awsCliJson(endpoint, tmpdir(), words(batch))) as {
      readonly ChangeInfo: { readonly Id: string };
    };
    await awsCliJson(endpoint, tmpdir(), [
      ...['route53', 'wait', 'resource-record-sets-changed', '--id', ChangeInfo.Id],
    ]);
    expect(
      await awsCliJson(endpoint, tmpdir(), [
        ...['route53', 'list-resource-record-sets', '--hosted-zone-id', zoneId],
        ...['--start-record-name', name, '--start-record-type', 'A'],
      ]),
    ).toMatchObject({ ResourceRecordSets: [record('db.example.com.', 'A', here)] });
    const refused = await awsCli(endpoint, tmpdir(), words(batch));
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain(
      "(InvalidChangeBatch) when calling the ChangeResourceRecordSets operation: [Tried to create resource record set [name='db.example.com.', type='A'] but it already exists]",
    );
  });
});
