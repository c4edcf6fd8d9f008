import {
  CreateDocumentCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  SendCommandCommand,
  type SendCommandCommandInput,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { addressDocument } from '../../lib/host/document.ts';
import {
  greeting,
  refusal,
  scriptDocument,
  serverA,
  serverB,
  ssmClient,
  type TwoServers,
  twoServers,
} from './two-servers.ts';

let clock: VirtualClock;
let aws: TwoServers;
let client: SSMClient;

beforeEach(async () => {
  clock = new VirtualClock();
  aws = twoServers(clock);
  client = ssmClient(aws);
  await create('greeting', greeting);
});

function create(Name: string, content: object) {
  return client.send(
    new CreateDocumentCommand({ Name, Content: JSON.stringify(content), DocumentType: 'Command' }),
  );
}

async function send(input: Partial<SendCommandCommandInput> = {}): Promise<string> {
  const { Command } = await client.send(
    new SendCommandCommand({
      InstanceIds: [serverA],
      DocumentName: 'greeting',
      Parameters: { Name: ['world'] },
      TimeoutSeconds: 30,
      ...input,
    }),
  );
  return Command?.CommandId ?? '';
}

async function sendScript(...lines: string[]): Promise<string> {
  await create('script', scriptDocument(lines));
  return send({ DocumentName: 'script', Parameters: {} });
}

function invocation(CommandId: string, InstanceId = serverA) {
  return client.send(new GetCommandInvocationCommand({ CommandId, InstanceId }));
}

async function statusOf(commandId: string): Promise<string> {
  const { Status, StatusDetails, ResponseCode } = await invocation(commandId);
  return `${Status}, ${StatusDetails}, ${ResponseCode}`;
}

describe('a command', () => {
  test('is unknown at first, then pending, then done with its output', async () => {
    const id = await send();
    expect(await refusal(invocation(id))).toMatch(/^InvocationDoesNotExist/);
    await clock.advance(150);
    expect(await statusOf(id)).toBe('Pending, Pending, -1');
    await clock.advance(250);
    expect(await invocation(id)).toMatchObject({
      Status: 'Success',
      StatusDetails: 'Success',
      ResponseCode: 0,
      StandardOutputContent: 'hello world\n',
      StandardErrorContent: 'warm\n',
      PluginName: 'greet',
      DocumentName: 'greeting',
      DocumentVersion: '1',
      ExecutionStartDateTime: '2026-01-05T10:00:00.400Z',
    });
  });

  test('that ends with another code than zero has failed with that code', async () => {
    const id = await sendScript('echo no >&2', 'exit 7');
    await clock.advance(400);
    expect(await statusOf(id)).toBe('Failed, Failed, 7');
    expect((await invocation(id)).StandardErrorContent).toBe('no\n');
  });

  test('runs as often as it is sent', async () => {
    await create('count', scriptDocument(['echo x >> /root/count', 'cat /root/count']));
    for (let sent = 0; sent < 2; sent++) {
      const id = await send({ DocumentName: 'count', Parameters: {} });
      await clock.advance(1_000);
      expect((await invocation(id)).StandardOutputContent).toBe('x\n'.repeat(sent + 1));
    }
  });

  test('keeps 24,000 characters of output and 8,000 of errors', async () => {
    const id = await sendScript('printf "%030000d" 0', 'printf "%09000d" 0 >&2');
    await clock.advance(400);
    const { StandardOutputContent, StandardErrorContent } = await invocation(id);
    expect(StandardOutputContent).toHaveLength(24_000);
    expect(StandardErrorContent).toHaveLength(8_000);
  });

  test('that runs longer than its step may is killed and times out', async () => {
    const id = await send({ DocumentName: await slow(5), Parameters: {} });
    await clock.advance(2_000);
    expect(await statusOf(id)).toBe('InProgress, InProgress, -1');
    await clock.advance(5_000);
    expect(await statusOf(id)).toBe('TimedOut, Execution Timed Out, 137');
  });

  test('goes to each of several instances and is listed for all', async () => {
    const id = await send({ InstanceIds: [serverA, serverB] });
    await clock.advance(1_000);
    const { CommandInvocations } = await client.send(
      new ListCommandInvocationsCommand({ CommandId: id, Details: true }),
    );
    expect(
      CommandInvocations?.map(({ InstanceId, InstanceName, Status }) => [InstanceId, InstanceName, Status]),
    ).toEqual([
      [serverB, 'ServerB', 'Success'],
      [serverA, 'ServerA', 'Success'],
    ]);
    expect(CommandInvocations?.[0]?.CommandPlugins?.[0]).toMatchObject({
      Name: 'greet',
      Output: 'hello world\n',
    });
  });

  test('carries the address script of the project and its answer', async () => {
    await create('address', addressDocument());
    const id = await send({
      DocumentName: 'address',
      Parameters: {
        Action: ['status'],
        Address: ['10.0.1.50'],
        Mac: ['02:00:00:00:0a:00'],
        Subnet: ['10.0.1.0/24'],
        PingList: ['none'],
      },
    });
    await clock.advance(20_000);
    const { Status, StandardOutputContent } = await invocation(id);
    expect(Status).toBe('Success');
    expect(StandardOutputContent).toMatch(/^HOLDFAST \{.*\}\n$/m);
  });

  /** A step that pings into the void for a minute, one second each. */
  async function slow(timeoutSeconds: number): Promise<string> {
    const inputs = {
      runCommand: ['ping -c 60 -W 1 10.0.1.99', 'true'],
      timeoutSeconds: String(timeoutSeconds),
    };
    await create('slow', scriptDocument([], { inputs }));
    return 'slow';
  }

  test('whose host dies while it runs is in progress until both timeouts are over', async () => {
    const id = await send({ DocumentName: await slow(90), Parameters: {} });
    await clock.advance(1_000);
    aws.ec2.failHost(serverA);
    await clock.advance(118_000);
    expect(await statusOf(id)).toBe('InProgress, InProgress, -1');
    await clock.advance(2_000);
    expect(await statusOf(id)).toBe('TimedOut, Execution Timed Out, -1');
  });

  test('whose agent is cut off while it runs takes effect, and is reported when the agent is back', async () => {
    const id = await send({ DocumentName: await slow(90), Parameters: {} });
    await clock.advance(1_000);
    aws.ssm.cutOff(serverA);
    await clock.advance(80_000);
    expect(await statusOf(id)).toBe('InProgress, InProgress, -1');
    aws.ssm.reconnect(serverA);
    await clock.advance(1_000);
    expect(await statusOf(id)).toBe('Success, Success, 0');
  });
});

describe('a command to a host that does not answer', () => {
  test.each([
    ['is down', () => aws.ec2.failHost(serverA)],
    ['is cut off', () => aws.ssm.cutOff(serverA)],
  ])('is accepted and times out undelivered when the host %s', async (_, breakIt) => {
    await client.send(new DescribeInstanceInformationCommand({}));
    breakIt();
    const id = await send();
    await clock.advance(29_000);
    expect(await statusOf(id)).toBe('Pending, Pending, -1');
    await clock.advance(1_000);
    expect(await statusOf(id)).toBe('TimedOut, Delivery Timed Out, -1');
  });

  test('is delivered when the agent comes back in time', async () => {
    await client.send(new DescribeInstanceInformationCommand({}));
    aws.ssm.cutOff(serverA);
    const id = await send();
    await clock.advance(10_000);
    aws.ssm.reconnect(serverA);
    await clock.advance(1_000);
    expect(await statusOf(id)).toBe('Success, Success, 0');
  });

  test('is never run after its timeout', async () => {
    await client.send(new DescribeInstanceInformationCommand({}));
    aws.ssm.cutOff(serverA);
    const id = await send();
    await clock.advance(60_000);
    aws.ssm.reconnect(serverA);
    await clock.advance(60_000);
    expect(await statusOf(id)).toBe('TimedOut, Delivery Timed Out, -1');
  });
});

describe('a command is refused', () => {
  test.each<[string, Partial<SendCommandCommandInput>, RegExp]>([
    ['when the document is unknown', { DocumentName: 'nothing' }, /^InvalidDocument:/],
    ['when the version is unknown', { DocumentVersion: '2' }, /^InvalidDocumentVersion:/],
    ['when a parameter is missing', { Parameters: {} }, /^InvalidParameters: .*Name/],
    [
      'when a parameter is unknown',
      { Parameters: { Name: ['a'], Mood: ['b'] } },
      /^InvalidParameters: .*Mood/,
    ],
    [
      'when a value does not match the pattern',
      { Parameters: { Name: ["x'; reboot; '"] } },
      /^InvalidParameters: .*Name/,
    ],
    [
      'when a value is not among those allowed',
      { Parameters: { Name: ['a'], Tone: ['odd'] } },
      /^InvalidParameters: .*Tone/,
    ],
    ['when a String has two values', { Parameters: { Name: ['a', 'b'] } }, /^InvalidParameters: .*Name/],
    [
      'when the instance is unknown',
      { InstanceIds: ['i-0dddddddddddddddd'] },
      /^InvalidInstanceId: .*i-0ddd/,
    ],
    ['when an instance is named twice', { InstanceIds: [serverA, serverA] }, /^DuplicateInstanceId/],
    ['when it would wait less than 30 seconds', { TimeoutSeconds: 10 }, /^ValidationException/],
    [
      'when it has targets, by name',
      { Targets: [{ Key: 'tag:Name', Values: ['x'] }] },
      /^ValidationException: .*Targets/,
    ],
  ])('%s', async (_, input, expected) => {
    expect(await refusal(send(input))).toMatch(expected);
  });

  test('when the instance never registered, because its guest was never up', async () => {
    aws.ec2.host(serverA)?.halt();
    expect(await refusal(send())).toMatch(/^InvalidInstanceId/);
  });

  test('when the instance is on its way to be terminated', async () => {
    const [instance] = aws.ec2.world.instancesById([serverA]);
    if (instance !== undefined) aws.ec2.lifeCycle.terminate(instance);
    expect(await refusal(send())).toMatch(/^InvalidInstanceId/);
  });
});

describe('agents', () => {
  async function pings(...filters: { Key: string; Values: string[] }[]) {
    const { InstanceInformationList } = await client.send(
      new DescribeInstanceInformationCommand({ Filters: filters }),
    );
    return InstanceInformationList?.map(({ InstanceId, PingStatus }) => `${InstanceId} ${PingStatus}`);
  }

  test('a dead host is called online until its next heartbeat is overdue', async () => {
    const onlyA = { Key: 'InstanceIds', Values: [serverA] };
    expect(await pings(onlyA)).toEqual([`${serverA} Online`]);
    aws.ec2.failHost(serverA);
    await clock.advance(300_000);
    expect(await pings(onlyA)).toEqual([`${serverA} Online`]);
    await clock.advance(120_000);
    expect(await pings(onlyA)).toEqual([`${serverA} ConnectionLost`]);
    expect(await pings({ Key: 'PingStatus', Values: ['Online'] })).toEqual([`${serverB} Online`]);
  });

  test('a filter that is not known is refused by name', async () => {
    expect(await refusal(pings({ Key: 'Mood', Values: ['x'] }))).toMatch(
      /^InvalidInstanceInformationFilterValue: .*Mood/,
    );
  });
});

describe('permissions', () => {
  const document = 'arn:aws:ssm:us-east-1:123456789012:document/greeting';
  const instance = `arn:aws:ec2:us-east-1:123456789012:instance/${serverA}`;

  test.each<[string, string[], RegExp]>([
    ['the document and the instance lets it through', [document, instance], /^accepted$/],
    ['the instance alone is not enough', [instance], /^AccessDeniedException: .*document\/greeting/],
    ['the document alone is not enough', [document], /^AccessDeniedException: .*instance\/i-0aaa/],
  ])('to send a command, leave for %s', async (_, Resource, expected) => {
    aws.account.iam.putRole('sender');
    aws.account.iam.putRolePolicy('sender', 'inline', {
      Statement: [{ Effect: 'Allow', Action: 'ssm:SendCommand', Resource }],
    });
    client = ssmClient(aws, aws.account.iam.credentialsOf('sender'));
    expect(await refusal(send())).toMatch(expected);
  });
});
