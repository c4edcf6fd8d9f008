/**
 * The AWS CLI, version 1 or 2, whichever the machine has: a client that nobody here wrote, over a real socket.
 */
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WallClock } from '../../lib/emulator/clock.ts';
import { listen } from '../../lib/emulator/transports.ts';
import { awsCli, awsCliJson, cliTimeoutMs, cliTitle, isCliInstalled } from './aws-cli.ts';
import { backupA, primaryA, serverA, type TwoServers, twoServers, vip } from './two-servers.ts';

describe.skipIf(!isCliInstalled)(cliTitle, { timeout: 4 * cliTimeoutMs }, () => {
  const clock = new WallClock();
  let aws: TwoServers;
  let server: Server;
  let endpoint: string;

  beforeAll(async () => {
    aws = twoServers(clock);
    const listening = await listen(aws.gateway, 0);
    server = listening.server;
    endpoint = `http://127.0.0.1:${listening.port}`;
  });

  afterAll(async () => {
    aws.ssm.stop();
    aws.ec2.stop();
    clock.stop();
    await new Promise((resolve) => server.close(resolve));
  });

  const run = (...words: string[]) => awsCli(endpoint, tmpdir(), words);
  const json = (...words: string[]) => awsCliJson(endpoint, tmpdir(), words);

  const whoHolds = () =>
    json(
      'ec2',
      'describe-network-interfaces',
      '--filters',
      `Name=addresses.private-ip-address,Values=${vip}`,
    );

  test('finds the owner of an address, and moves it only when told that it may', async () => {
    expect(await whoHolds()).toMatchObject({
      NetworkInterfaces: [
        {
          NetworkInterfaceId: primaryA,
          Attachment: { InstanceId: serverA, DeviceIndex: 0 },
          PrivateIpAddresses: [{ Primary: true }, { Primary: false, PrivateIpAddress: vip }],
        },
      ],
    });
    const words = ['--network-interface-id', backupA, '--private-ip-addresses', vip];
    const refused = await run('ec2', 'assign-private-ip-addresses', ...words);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('(InvalidParameterValue)');
    expect(refused.stderr).toContain('[10.0.1.50] assigned, but move is not allowed.');
    expect(await json('ec2', 'assign-private-ip-addresses', ...words, '--allow-reassignment')).toMatchObject({
      NetworkInterfaceId: backupA,
      AssignedPrivateIpAddresses: [{ PrivateIpAddress: vip }],
    });
    expect(await whoHolds()).toMatchObject({ NetworkInterfaces: [{ NetworkInterfaceId: backupA }] });
  });

  test('sends a command and reads its output', async () => {
    const content = {
      schemaVersion: '2.2',
      mainSteps: [
        {
          action: 'aws:runShellScript',
          name: 'run',
          inputs: { runCommand: ['echo from the guest', 'exit 3'] },
        },
      ],
    };
    await json(
      ...['ssm', 'create-document', '--name', 'guest', '--document-type', 'Command'],
      ...['--content', JSON.stringify(content)],
    );
    const sent = (await json(
      ...['ssm', 'send-command', '--document-name', 'guest'],
      ...['--instance-ids', serverA, '--timeout-seconds', '30'],
    )) as { readonly Command: { readonly CommandId: string } };
    // The interpreter takes longer to start than the command to be delivered; a poll would be the same call again.
    const ended = () => aws.ssm.commands.visible().some(({ outcome }) => outcome.status === 'Failed');
    await expect.poll(ended, { timeout: cliTimeoutMs }).toBe(true);
    const words = ['--command-id', sent.Command.CommandId, '--instance-id', serverA];
    expect(await json('ssm', 'get-command-invocation', ...words)).toMatchObject({
      Status: 'Failed',
      ResponseCode: 3,
      StandardOutputContent: 'from the guest\n',
    });
  });

  test('reads the status checks of running instances', async () => {
    expect(await json('ec2', 'describe-instance-status', '--instance-ids', serverA)).toMatchObject({
      InstanceStatuses: [
        {
          InstanceId: serverA,
          InstanceState: { Code: 16, Name: 'running' },
          SystemStatus: { Status: 'ok', Details: [{ Name: 'reachability', Status: 'passed' }] },
          InstanceStatus: { Status: 'ok' },
        },
      ],
    });
  });

  test('describes instances with their interfaces', async () => {
    expect(
      await json('ec2', 'describe-instances', '--filters', 'Name=tag:Name,Values=ServerA'),
    ).toMatchObject({
      Reservations: [
        { Instances: [{ InstanceId: serverA, State: { Name: 'running' }, InstanceType: 'm5.large' }] },
      ],
    });
  });
});
