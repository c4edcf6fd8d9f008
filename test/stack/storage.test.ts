import { expect, it } from 'vitest';
import { exampleFleet, resourcesOf, templateOf } from './template.ts';

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

it('changes the document by a new version, within the 64 KB that SSM takes', () => {
  const [[, document] = []] = resourcesOf(example, 'AWS::SSM::Document');
  expect(document?.Properties).toMatchObject({
    Name: 'holdfast-main-address',
    DocumentType: 'Command',
    TargetType: '/AWS::EC2::Instance',
    UpdateMethod: 'NewVersion',
  });
  expect(JSON.stringify(document?.Properties?.['Content']).length).toBeLessThan(64 * 1024);
});

it('keeps table and document when a redeploy changes the fleet and the code', async () => {
  const changed = exampleFleet
    .replace('address: 10.0.1.50', 'address: 10.0.1.60')
    .replace('max: 3', 'max: 4')
    .replace('i-0b1b2c3d4e5f60002', 'i-0b1b2c3d4e5f60003');
  const redeployed = await templateOf(changed, 'export const handler = () => 1;');
  expect(redeployed).not.toEqual(example);
  for (const type of ['AWS::DynamoDB::Table', 'AWS::SSM::Document'])
    expect(resourcesOf(redeployed, type)).toEqual(resourcesOf(example, type));
  expect(Object.keys(example.Resources)).toContain('TableCD117FA1');
});

it('subscribes whom the fleet file names to the pages, and nobody else', async () => {
  expect(resourcesOf(example, 'AWS::SNS::Subscription')).toEqual([]);
  const notified = await templateOf(exampleFleet.replace('notify: []', 'notify: [ops@example.com]'));
  const [[, subscription] = []] = resourcesOf(notified, 'AWS::SNS::Subscription');
  expect(subscription?.Properties).toMatchObject({ Protocol: 'email', Endpoint: 'ops@example.com' });
});

it('leaves the topic its own policy, which lets the alarms publish', () => {
  expect(resourcesOf(example, 'AWS::SNS::TopicPolicy')).toEqual([]);
});

it('tells its operator three names, and AWS nothing about how it was made', () => {
  expect(Object.keys(example.Outputs)).toEqual(['OperateFunction', 'StateTable', 'PageTopicArn']);
  expect(example.Outputs['OperateFunction']?.Value).toBe('holdfast-main-operate');
  expect(resourcesOf(example, 'AWS::CDK::Metadata')).toEqual([]);
});
