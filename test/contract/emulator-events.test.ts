import { EventBridge as Client, type EventBridgeClientConfig } from '@aws-sdk/client-eventbridge';
import { expect, test } from 'vitest';
import { Account, type Delivery } from '../../lib/emulator/account.ts';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { AwsError } from '../../lib/emulator/errors.ts';
import { EventBridge } from '../../lib/emulator/events/eventbridge.ts';
import { eventBridgeResources } from '../../lib/emulator/events/resources.ts';
import { eventBridgeService } from '../../lib/emulator/events/service.ts';
import { Gateway } from '../../lib/emulator/gateway.ts';
import { sdkRequestHandler } from '../../lib/emulator/transports.ts';

const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:audit';
const ruleArn = 'arn:aws:events:us-east-1:123456789012:rule/audit';
const oneSecondMs = 1_000;

function world() {
  const clock = new VirtualClock(Date.UTC(2026, 0, 5, 10, 0, 0));
  const account = new Account({ clock, seed: 'events' });
  const bridge = new EventBridge(account);
  const gateway = new Gateway(account);
  gateway.add(eventBridgeService(bridge));
  const config = (accessKeyId: string): EventBridgeClientConfig => ({
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey: 'test' },
    requestHandler: sdkRequestHandler(gateway) as NonNullable<EventBridgeClientConfig['requestHandler']>,
    maxAttempts: 1,
  });
  const deliveries: Delivery[] = [];
  account.onDelivery('lambda', (delivery) => void deliveries.push(delivery));
  return { clock, account, bridge, client: new Client(config('test')), config, deliveries };
}

async function putRule(client: Client, settings: object, target: object = {}): Promise<void> {
  await client.putRule({ Name: 'audit', ...settings });
  await client.putTargets({ Rule: 'audit', Targets: [{ Id: 'f', Arn: functionArn, ...target }] });
}

const stopped = {
  source: 'aws.ec2',
  detailType: 'EC2 Instance State-change Notification',
  resources: ['arn:aws:ec2:us-east-1:123456789012:instance/i-1'],
  detail: { 'instance-id': 'i-1', state: 'stopped' },
};
const ofStops = { EventPattern: JSON.stringify({ source: ['aws.ec2'], detail: { state: ['stopped'] } }) };

test('an event of a service reaches the function of the rule that matches it, in the full envelope', async () => {
  const { clock, account, client, deliveries } = world();
  await putRule(client, ofStops);
  account.emitEvent(stopped);
  account.emitEvent({ ...stopped, detail: { 'instance-id': 'i-1', state: 'running' } });
  await clock.advance(oneSecondMs);
  expect(deliveries).toMatchObject([
    { targetArn: functionArn, principal: 'events.amazonaws.com', sourceArn: ruleArn },
  ]);
  expect(JSON.parse(deliveries[0]?.payload ?? '')).toEqual({
    version: '0',
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    'detail-type': 'EC2 Instance State-change Notification',
    source: 'aws.ec2',
    account: '123456789012',
    time: '2026-01-05T10:00:00Z',
    region: 'us-east-1',
    resources: ['arn:aws:ec2:us-east-1:123456789012:instance/i-1'],
    detail: { 'instance-id': 'i-1', state: 'stopped' },
  });
});

test('a target with an input gets that instead of the event', async () => {
  const { clock, account, client, deliveries } = world();
  await putRule(client, ofStops, { Input: '{"look":"again"}' });
  account.emitEvent(stopped);
  await clock.advance(oneSecondMs);
  expect(deliveries.map(({ payload }) => payload)).toEqual(['{"look":"again"}']);
});

test('a target with a transformer gets its text, with what the event says in the place of variables', async () => {
  const { clock, account, client, deliveries } = world();
  const InputTransformer = {
    InputPathsMap: { who: '$.detail.instance-id', what: '$.detail.state', why: '$.detail.why' },
    InputTemplate: '"<who> is \\"<what>\\" (<why>)"',
  };
  await putRule(client, ofStops, { InputTransformer });
  account.emitEvent(stopped);
  await clock.advance(oneSecondMs);
  expect(deliveries.map(({ payload }) => payload)).toEqual(['"i-1 is \\"stopped\\" ()"']);
  const { Targets } = await client.listTargetsByRule({ Rule: 'audit' });
  expect(Targets?.[0]).toMatchObject({ InputTransformer });
});

test('a disabled rule is silent until it is enabled again', async () => {
  const { clock, account, client, deliveries } = world();
  await putRule(client, ofStops);
  await client.disableRule({ Name: 'audit' });
  account.emitEvent(stopped);
  await client.enableRule({ Name: 'audit' });
  account.emitEvent(stopped);
  await clock.advance(oneSecondMs);
  expect(deliveries).toHaveLength(1);
});

test('a rate rule sends a scheduled event once per interval, the first one interval after it is made', async () => {
  const { clock, client, deliveries } = world();
  await putRule(client, { ScheduleExpression: 'rate(1 minute)' });
  await clock.advance(59_999);
  expect(deliveries).toEqual([]);
  await clock.advance(60_000 + oneSecondMs);
  expect(deliveries).toHaveLength(2);
  expect(JSON.parse(deliveries[0]?.payload ?? '')).toMatchObject({
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    time: '2026-01-05T10:01:00Z',
    resources: [ruleArn],
    detail: {},
  });
  await client.removeTargets({ Rule: 'audit', Ids: ['f'] });
  await client.deleteRule({ Name: 'audit' });
  await clock.advance(600_000);
  expect(deliveries).toHaveLength(2);
});

test.each([
  ['rate(1 minutes)', 'Parameter ScheduleExpression is not valid.'],
  ['rate(5 minute)', 'Parameter ScheduleExpression is not valid.'],
  ['rate(0 minutes)', 'Parameter ScheduleExpression is not valid.'],
  ['cron(0 20 * * ? *)', 'cron schedules'],
])('the schedule %s is refused', async (ScheduleExpression, message) => {
  const { client } = world();
  await expect(client.putRule({ Name: 'audit', ScheduleExpression })).rejects.toMatchObject({
    name: 'ValidationException',
    message: expect.stringContaining(message),
  });
});

test('a pattern that is not valid is refused when the rule is put', async () => {
  const { client } = world();
  await expect(client.putRule({ Name: 'audit', EventPattern: '{"source":"x"}' })).rejects.toMatchObject({
    name: 'InvalidEventPatternException',
  });
});

test('own events are put one by one: a good one gets an id, a bad one its reason', async () => {
  const { clock, client, bridge, deliveries } = world();
  await putRule(client, { EventPattern: JSON.stringify({ source: ['holdfast'] }) });
  const good = { Source: 'holdfast', DetailType: 'Recovery', Detail: '{"tag":"ip-db"}', Resources: ['r'] };
  const answer = await client.putEvents({
    Entries: [
      good,
      { ...good, Detail: '[1]' },
      { ...good, Source: 'aws.ec2' },
      { DetailType: 'Recovery', Detail: '{}' },
      { ...good, EventBusName: 'default', Time: new Date('2026-01-05T09:00:00Z') },
    ],
  });
  expect(answer.FailedEntryCount).toBe(3);
  expect(answer.Entries).toEqual([
    { EventId: expect.any(String) },
    { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' },
    { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' },
    {
      ErrorCode: 'InvalidArgument',
      ErrorMessage: 'Parameter Source is not valid. Reason: Source is a required argument.',
    },
    { EventId: expect.any(String) },
  ]);
  await clock.advance(oneSecondMs);
  expect(deliveries.map(({ payload }) => JSON.parse(payload).id)).toEqual([
    answer.Entries?.[0]?.EventId,
    answer.Entries?.[4]?.EventId,
  ]);
  expect(bridge.recentEvents().map(({ time }) => time)).toEqual([
    '2026-01-05T10:00:00Z',
    '2026-01-05T09:00:00Z',
  ]);
});

test('more than ten entries, more than 256 KB and another bus are refused as a whole', async () => {
  const { client } = world();
  const good = { Source: 'holdfast', DetailType: 'Recovery', Detail: '{}' };
  const big = { ...good, Detail: JSON.stringify({ text: 'x'.repeat(30_000) }) };
  const validation = { name: 'ValidationException' };
  await expect(client.putEvents({ Entries: Array(11).fill(good) })).rejects.toMatchObject(validation);
  await expect(client.putEvents({ Entries: Array(9).fill(big) })).rejects.toMatchObject(validation);
  await expect(client.putEvents({ Entries: [{ ...good, EventBusName: 'other' }] })).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});

test('rules and targets are listed as they were put, and a rule with targets cannot be deleted', async () => {
  const { client } = world();
  const retry = { RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 60 } };
  await putRule(client, { ...ofStops, Description: 'stops' }, retry);
  await client.putRule({ Name: 'other', ScheduleExpression: 'rate(2 hours)', State: 'DISABLED' });
  expect(await client.describeRule({ Name: 'audit' })).toMatchObject({
    Name: 'audit',
    Arn: ruleArn,
    State: 'ENABLED',
    Description: 'stops',
    EventBusName: 'default',
    ...ofStops,
  });
  expect((await client.listRules({ NamePrefix: 'o' })).Rules).toMatchObject([
    { Name: 'other', State: 'DISABLED', ScheduleExpression: 'rate(2 hours)' },
  ]);
  expect((await client.listTargetsByRule({ Rule: 'audit' })).Targets).toEqual([
    { Id: 'f', Arn: functionArn, ...retry },
  ]);
  await expect(client.deleteRule({ Name: 'audit' })).rejects.toMatchObject({
    name: 'ValidationException',
    message: "Rule can't be deleted since it has targets.",
  });
  await client.deleteRule({ Name: 'none' });
});

test('what is not modelled is refused by name: other input transformers, other targets, a rule that is not there', async () => {
  const { client } = world();
  await client.putRule({ Name: 'audit', ...ofStops });
  const put = (target: object) =>
    client.putTargets({ Rule: 'audit', Targets: [{ Id: 'f', Arn: functionArn, ...target }] });
  const transformed = (InputTemplate: string, InputPathsMap = { x: '$.detail' }) =>
    put({ InputTransformer: { InputTemplate, InputPathsMap } });
  await expect(transformed('{"x": <x>}')).rejects.toThrow('an InputTemplate that is no JSON string');
  await expect(transformed('"<x>"', { x: '$.resources[0]' })).rejects.toThrow('the path $.resources[0]');
  await expect(transformed('"<aws.events.rule-name>"')).rejects.toThrow('the variable aws.events.rule-name');
  await expect(transformed('"<y>"')).rejects.toThrow('the variable y has no path');
  await expect(put({ InputPath: '$.detail' })).rejects.toThrow('Targets[0].InputPath');
  await expect(put({ Arn: 'arn:aws:sqs:us-east-1:123456789012:q' })).rejects.toThrow('targets of sqs');
  await expect(put({ Input: '{' })).rejects.toThrow('JSON syntax error in input for target f');
  await expect(client.putTargets({ Rule: 'none', Targets: [] })).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: 'Rule none does not exist on EventBus default.',
  });
});

test('a delivery that its target refuses is kept as failed, after the retries that its policy allows', async () => {
  const { clock, account, bridge, client } = world();
  let asked = 0;
  account.onDelivery('lambda', () => {
    asked += 1;
    throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429);
  });
  await putRule(client, ofStops, {
    RetryPolicy: { MaximumRetryAttempts: 2 },
    DeadLetterConfig: { Arn: 'arn:aws:sqs:us-east-1:123456789012:lost' },
  });
  account.emitEvent(stopped);
  await clock.advance(60_000);
  expect(asked).toBe(3);
  expect(bridge.failedInvocations().map(({ ruleName, error }) => [ruleName, error.message])).toEqual([
    ['audit', 'Rate Exceeded.'],
    ['audit', 'no service here takes deliveries to arn:aws:sqs:us-east-1:123456789012:lost'],
  ]);
});

test('a role may put the events of the source its policy names, and no others', async () => {
  const { account, config } = world();
  account.iam.putRole('recover');
  account.iam.putRolePolicy('recover', 'events', {
    Statement: {
      Effect: 'Allow',
      Action: 'events:PutEvents',
      Resource: 'arn:aws:events:us-east-1:123456789012:event-bus/default',
      Condition: { StringEquals: { 'events:source': 'holdfast' } },
    },
  });
  const client = new Client(config(account.iam.credentialsOf('recover').accessKeyId));
  const entry = { DetailType: 'Recovery', Detail: '{}' };
  await client.putEvents({ Entries: [{ ...entry, Source: 'holdfast' }] });
  await expect(client.putEvents({ Entries: [{ ...entry, Source: 'other' }] })).rejects.toMatchObject({
    name: 'AccessDeniedException',
  });
});

test('the rule of a template brings its targets, replaces them on update and takes them along', async () => {
  const { bridge, client } = world();
  const [provider] = eventBridgeResources(bridge);
  const context = { stackName: 'Fleet', logicalId: 'Audit', assetDirectory: () => '' };
  const properties = {
    EventPattern: { source: ['aws.ec2'] },
    State: 'ENABLED',
    Targets: [{ Arn: functionArn, Id: 'Target0' }],
  };
  const created = await provider?.create(properties, context);
  const name = created?.physicalId ?? '';
  expect(name).toMatch(/^Fleet-Audit-[0-9A-F]{12}$/);
  expect(created?.attributes).toEqual({ Arn: `arn:aws:events:us-east-1:123456789012:rule/${name}` });
  const other = { Arn: functionArn, Id: 'Target1', Input: '{}' };
  await provider?.update?.(name, { ...properties, Targets: [other] }, context);
  expect((await client.listTargetsByRule({ Rule: name })).Targets).toEqual([other]);
  await provider?.remove(name);
  expect((await client.listRules({})).Rules).toEqual([]);
  expect(() => provider?.create({ ...properties, EventBusName: 'other' }, context)).toThrow(
    'Event bus other',
  );
});
