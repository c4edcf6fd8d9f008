/** Elastic Load Balancing for the AWS CLI, over a real socket. */
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WallClock } from '../../lib/emulator/clock.ts';
import { listen } from '../../lib/emulator/transports.ts';
import { awsCli, awsCliJson, cliTimeoutMs, cliTitle, isCliInstalled } from './aws-cli.ts';
import { type Elbv2Account, elbv2Account } from './elbv2-account.ts';
import { serverA, serverB } from './two-servers.ts';

describe.skipIf(!isCliInstalled)(cliTitle, { timeout: 4 * cliTimeoutMs }, () => {
  const wall = new WallClock();
  let account: Elbv2Account;
  let server: Server;
  let endpoint: string;
  let arn: string;

  beforeAll(async () => {
    account = elbv2Account(wall);
    ({ arn } = account.db);
    const listening = await listen(account.aws.gateway, 0);
    server = listening.server;
    endpoint = `http://127.0.0.1:${listening.port}`;
  });

  afterAll(async () => {
    account.elbv2.stop();
    account.aws.ec2.stop();
    account.aws.ssm.stop();
    wall.stop();
    await new Promise((resolve) => server.close(resolve));
  });

  const json = (...words: string[]) => awsCliJson(endpoint, tmpdir(), ['elbv2', ...words]);
  const onGroup = ['--target-group-arn'];

  test('moves a target from one server to the other', async () => {
    await json('register-targets', ...onGroup, arn, '--targets', `Id=${serverB}`);
    await json('deregister-targets', ...onGroup, arn, '--targets', `Id=${serverA}`);
    expect(await json('describe-target-health', ...onGroup, arn)).toMatchObject({
      TargetHealthDescriptions: [
        { Target: { Id: serverA, Port: 5432 }, TargetHealth: { State: 'draining' } },
        { Target: { Id: serverB, Port: 5432 }, TargetHealth: { State: 'initial' } },
      ],
    });
    const words = ['elbv2', 'register-targets', ...onGroup, arn, '--targets', 'Id=i-0cccccccccccccccc'];
    const refused = await awsCli(endpoint, tmpdir(), words);
    expect(refused.stderr).toContain('(InvalidTarget)');
    expect(refused.stderr).toContain("The following instances do not exist: 'i-0cccccccccccccccc'");
  });
});
