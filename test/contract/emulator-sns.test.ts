import { SNS as Client, type SNSClientConfig } from '@aws-sdk/client-sns';
import { STS, type STSClientConfig } from '@aws-sdk/client-sts';
import { expect, test } from 'vitest';
import { Account, type Delivery } from '../../lib/emulator/account.ts';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import type { ResourceProvider } from '../../lib/emulator/cloudformation/provider.ts';
import { Gateway } from '../../lib/emulator/gateway.ts';
import { snsResources } from '../../lib/emulator/sns/resources.ts';
import { snsService } from '../../lib/emulator/sns/service.ts';
import { Sns } from '../../lib/emulator/sns/sns.ts';
import { stsService } from '../../lib/emulator/sts/service.ts';
import { sdkRequestHandler } from '../../lib/emulator/transports.ts';

const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:page';
const topicArn = 'arn:aws:sns:us-east-1:123456789012:pages';

function world() {
  const clock = new VirtualClock(Date.UTC(2026, 0, 5, 10, 0, 0));
  const account = new Account({ clock, seed: 'sns' });
  const sns = new Sns(account);
  const gateway = new Gateway(account);
  gateway.add(snsService(sns));
  gateway.add(stsService());
  const config = (accessKeyId: string): SNSClientConfig & STSClientConfig => ({
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey: 'test' },
    requestHandler: sdkRequestHandler(gateway) as NonNullable<SNSClientConfig['requestHandler']>,
    maxAttempts: 1,
  });
  const deliveries: Delivery[] = [];
  account.onDelivery('lambda', (delivery) => void deliveries.push(delivery));
  return { clock, account, sns, client: new Client(config('test')), config, deliveries };
}

test('a published message is kept by its topic and reaches the subscribed function in a record', async () => {
  const { clock, client, sns, deliveries } = world();
  expect(await client.createTopic({ Name: 'pages' })).toMatchObject({ TopicArn: topicArn });
  const { SubscriptionArn } = await client.subscribe({
    TopicArn: topicArn,
    Protocol: 'lambda',
    Endpoint: functionArn,
  });
  const { MessageId } = await client.publish({
    TopicArn: topicArn,
    Subject: 'ip-db',
    Message: 'held & <unsure>',
    MessageAttributes: { severity: { DataType: 'String', StringValue: 'page' } },
  });
  await clock.advance(0);
  expect(sns.messages(topicArn)).toMatchObject([
    { messageId: MessageId, subject: 'ip-db', message: 'held & <unsure>' },
  ]);
  expect(deliveries).toMatchObject([
    { targetArn: functionArn, principal: 'sns.amazonaws.com', sourceArn: topicArn },
  ]);
  expect(JSON.parse(deliveries[0]?.payload ?? '')).toMatchObject({
    Records: [
      {
        EventSource: 'aws:sns',
        EventVersion: '1.0',
        EventSubscriptionArn: SubscriptionArn,
        Sns: {
          Type: 'Notification',
          MessageId,
          TopicArn: topicArn,
          Subject: 'ip-db',
          Message: 'held & <unsure>',
          Timestamp: '2026-01-05T10:00:00.000Z',
          MessageAttributes: { severity: { Type: 'String', Value: 'page' } },
        },
      },
    ],
  });
});

test('a mail address is recorded, waits for confirmation and gets nothing', async () => {
  const { clock, client, sns, deliveries } = world();
  await client.createTopic({ Name: 'pages', Attributes: { DisplayName: 'Pages' } });
  const answer = await client.subscribe({
    TopicArn: topicArn,
    Protocol: 'email',
    Endpoint: 'on-call@example.com',
  });
  expect(answer.SubscriptionArn).toBe('pending confirmation');
  await client.publish({ TopicArn: topicArn, Message: 'x' });
  await clock.advance(0);
  expect(deliveries).toEqual([]);
  expect(sns.subscriptions(topicArn)).toMatchObject([{ protocol: 'email', endpoint: 'on-call@example.com' }]);
  expect((await client.getTopicAttributes({ TopicArn: topicArn })).Attributes).toEqual({
    TopicArn: topicArn,
    Owner: '123456789012',
    DisplayName: 'Pages',
    SubscriptionsConfirmed: '0',
    SubscriptionsPending: '1',
    SubscriptionsDeleted: '0',
  });
});

test('topics are made once per name, listed and deleted, and deleting again succeeds', async () => {
  const { client } = world();
  await client.createTopic({ Name: 'pages', Tags: [{ Key: 'a', Value: 'b' }] });
  await client.createTopic({ Name: 'pages' });
  expect((await client.listTopics({})).Topics).toEqual([{ TopicArn: topicArn }]);
  await client.deleteTopic({ TopicArn: topicArn });
  await client.deleteTopic({ TopicArn: topicArn });
  expect((await client.listTopics({})).Topics ?? []).toEqual([]);
});

test('publishing nothing, to no topic, or with a broken subject is refused as AWS refuses it', async () => {
  const { client } = world();
  await client.createTopic({ Name: 'pages' });
  await expect(client.publish({ TopicArn: `${topicArn}-2`, Message: 'x' })).rejects.toMatchObject({
    name: 'NotFoundException',
    message: 'Topic does not exist',
    $metadata: { httpStatusCode: 404 },
  });
  await expect(client.publish({ TopicArn: topicArn, Message: '' })).rejects.toMatchObject({
    name: 'InvalidParameterException',
  });
  await expect(client.publish({ TopicArn: topicArn, Message: 'x', Subject: 'a\nb' })).rejects.toThrow(
    'Subject',
  );
  await expect(
    client.publish({ TopicArn: topicArn, Message: 'x', MessageStructure: 'json' }),
  ).rejects.toThrow('MessageStructure');
  await expect(
    client.subscribe({ TopicArn: topicArn, Protocol: 'sqs', Endpoint: 'arn:aws:sqs:us-east-1:1:q' }),
  ).rejects.toThrow('subscriptions by sqs');
  await expect(client.createTopic({ Name: 'x', Attributes: { FifoTopic: 'true' } })).rejects.toThrow(
    'FifoTopic',
  );
});

const fromAlarm = {
  targetArn: topicArn,
  principal: 'cloudwatch.amazonaws.com',
  sourceArn: 'arn:aws:cloudwatch:us-east-1:123456789012:alarm:ip-db',
  payload: '{"AlarmName":"ip-db"}',
  subject: 'ALARM: "ip-db"',
};
const fromRule = {
  targetArn: topicArn,
  principal: 'events.amazonaws.com',
  sourceArn: 'arn:aws:events:us-east-1:123456789012:rule/audit',
  payload: '{}',
};

test('a topic without a policy of its own takes from alarms of its account and not from rules', async () => {
  const { account, client, sns } = world();
  await client.createTopic({ Name: 'pages' });
  account.deliver(fromAlarm);
  expect(() => account.deliver(fromRule)).toThrow('SNS:Publish');
  expect(sns.messages(topicArn)).toMatchObject([
    { message: '{"AlarmName":"ip-db"}', subject: 'ALARM: "ip-db"' },
  ]);
});

function providerOf(sns: Sns, type: string): ResourceProvider {
  const found = snsResources(sns).find((provider) => provider.type === type);
  if (found === undefined) throw new Error(`no provider of ${type}`);
  return found;
}

const context = { stackName: 'Fleet', logicalId: 'Pages', assetDirectory: () => '' };

test('a topic policy replaces the default: rules it names may publish, alarms it does not name may not', async () => {
  const { account, client, sns } = world();
  await client.createTopic({ Name: 'pages' });
  const provider = providerOf(sns, 'AWS::SNS::TopicPolicy');
  const statement = {
    Sid: '0',
    Effect: 'Allow',
    Action: 'sns:Publish',
    Principal: { Service: 'events.amazonaws.com' },
    Resource: topicArn,
    Condition: { ArnEquals: { 'aws:SourceArn': fromRule.sourceArn } },
  };
  const { physicalId } = await provider.create(
    { PolicyDocument: { Version: '2012-10-17', Statement: [statement] }, Topics: [topicArn] },
    context,
  );
  account.deliver(fromRule);
  expect(() => account.deliver({ ...fromRule, sourceArn: `${fromRule.sourceArn}-2` })).toThrow('SNS:Publish');
  expect(() => account.deliver(fromAlarm)).toThrow(
    `CloudWatch Alarms is not authorized to perform: SNS:Publish on resource: ${topicArn}`,
  );
  await provider.remove(physicalId);
  account.deliver(fromAlarm);
});

test('a template makes topics and subscriptions, and takes them away', async () => {
  const { sns } = world();
  const topic = await providerOf(sns, 'AWS::SNS::Topic').create({ DisplayName: 'Pages' }, context);
  expect(topic.attributes?.['TopicName']).toMatch(/^Fleet-Pages-[0-9A-F]{12}$/);
  const subscriptions = providerOf(sns, 'AWS::SNS::Subscription');
  const made = await subscriptions.create(
    { Protocol: 'lambda', Endpoint: functionArn, TopicArn: topic.physicalId },
    context,
  );
  expect(sns.subscriptions(topic.physicalId).map(({ arn }) => arn)).toEqual([made.physicalId]);
  await subscriptions.remove(made.physicalId);
  expect(sns.subscriptions(topic.physicalId)).toEqual([]);
  await providerOf(sns, 'AWS::SNS::Topic').remove(topic.physicalId);
  expect(sns.topics()).toEqual([]);
});

test('a role may publish to the topic its policy names, and to no other', async () => {
  const { account, client, config } = world();
  await client.createTopic({ Name: 'pages' });
  await client.createTopic({ Name: 'other' });
  account.iam.putRole('recover');
  account.iam.putRolePolicy('recover', 'pages', {
    Statement: { Effect: 'Allow', Action: 'sns:Publish', Resource: topicArn },
  });
  const recover = new Client(config(account.iam.credentialsOf('recover').accessKeyId));
  await recover.publish({ TopicArn: topicArn, Message: 'x' });
  await expect(
    recover.publish({ TopicArn: 'arn:aws:sns:us-east-1:123456789012:other', Message: 'x' }),
  ).rejects.toMatchObject({ name: 'AuthorizationErrorException' });
});

test('anybody may ask who they are, a role without any policy too', async () => {
  const { account, config } = world();
  account.iam.putRole('recover');
  const role = new STS(config(account.iam.credentialsOf('recover').accessKeyId));
  expect(await role.getCallerIdentity({})).toMatchObject({
    Account: '123456789012',
    Arn: 'arn:aws:sts::123456789012:assumed-role/recover/recover',
    UserId: expect.stringMatching(/^AROA[0-9A-F]{17}:recover$/),
  });
  const operator = await new STS(config('test')).getCallerIdentity({});
  expect(operator.Arn).toBe('arn:aws:iam::123456789012:user/operator');
});
