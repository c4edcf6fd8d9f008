import { expect, it } from 'vitest';
import { exampleFleet, plain, resourcesOf, templateOf } from './template.ts';

const example = await templateOf();

it('keeps the table: retained, protected against deletion, recoverable to any point in time', () => {
  const [[, table] = []] = resourcesOf(example, 'AWS::DynamoDB::Table');
  expect(table).toMatchObject({
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BillingMode: 'PAY_PER_REQUEST',
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    },
  });
});

it('changes a document by a new version', () => {
  const documents = resourcesOf(example, 'AWS::SSM::Document').map(([, { Properties = {} }]) => Properties);
  expect(documents.length).toBeGreaterThan(2);
  expect(new Set(documents.map(({ UpdateMethod }) => UpdateMethod))).toEqual(new Set(['NewVersion']));
});

it('keeps the table and the script for addresses when a redeploy changes the fleet and the code', async () => {
  const changed = exampleFleet
    .replace('address: 10.0.1.50', 'address: 10.0.1.60')
    .replace('max: 3', 'max: 4')
    .replace('i-0b1b2c3d4e5f60002', 'i-0b1b2c3d4e5f60003');
  const redeployed = await templateOf(changed, 'export const handler = () => 1;');
  expect(redeployed).not.toEqual(example);
  const kept = ['TableCD117FA1', 'AddressDocument'];
  for (const id of kept) expect(redeployed.Resources[id]).toEqual(example.Resources[id]);
  expect(Object.keys(example.Resources)).toEqual(expect.arrayContaining(kept));
});

it('subscribes whom the fleet file names to the pages, and nobody else', async () => {
  expect(resourcesOf(example, 'AWS::SNS::Subscription')).toEqual([]);
  const notified = await templateOf(exampleFleet.replace('notify: []', 'notify: [ops@example.com]'));
  const [[, subscription] = []] = resourcesOf(notified, 'AWS::SNS::Subscription');
  expect(subscription?.Properties).toMatchObject({ Protocol: 'email', Endpoint: 'ops@example.com' });
});

it("lets the fleet's alarms and rules publish to the topic: functions do by their roles", () => {
  const [[, policy] = []] = resourcesOf(example, 'AWS::SNS::TopicPolicy');
  const { Statement } = plain(policy?.Properties?.['PolicyDocument']) as { Statement: object[] };
  expect(plain(policy?.Properties?.['Topics'])).toEqual(['<PageTopic>']);
  expect(Statement).toEqual([
    {
      Sid: 'Alarms',
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: 'sns:Publish',
      Resource: '<PageTopic>',
      Condition: {
        ArnLike: { 'aws:SourceArn': 'arn:aws:cloudwatch:region:account:alarm:holdfast-main-*' },
        StringEquals: { 'aws:SourceAccount': 'account' },
      },
    },
    // EventBridge brings nothing that a condition could ask for.
    {
      Sid: 'Rules',
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sns:Publish',
      Resource: '<PageTopic>',
    },
  ]);
});

it('tells its operator four names, and AWS nothing about how it was made', () => {
  expect(Object.keys(example.Outputs)).toEqual([
    'OperateFunction',
    'StateTable',
    'AgentPolicyArn',
    'PageTopicArn',
  ]);
  expect(example.Outputs['OperateFunction']?.Value).toBe('holdfast-main-operate');
  expect(resourcesOf(example, 'AWS::CDK::Metadata')).toEqual([]);
});
