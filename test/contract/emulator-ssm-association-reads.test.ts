import {
  DescribeAssociationCommand,
  DescribeAssociationExecutionsCommand,
  DescribeInstanceAssociationsStatusCommand,
  ListAssociationsCommand,
  ListCommandInvocationsCommand,
  StartAssociationsOnceCommand,
} from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, test } from 'vitest';
import { halfAnHourMs, onlyA, plan, type World, world } from './association-world.ts';
import { refusal, serverA, serverB, ssmClient } from './two-servers.ts';

let w: World;

beforeEach(() => {
  w = world();
});

describe('an association is refused', () => {
  test.each<[string, object, string, RegExp]>([
    ['an unknown document', { Name: 'nothing' }, 'InvalidDocument', /nothing/],
    ['an unknown version', { DocumentVersion: '9' }, 'InvalidDocumentVersion', /9/],
    ['a missing parameter', { Parameters: {} }, 'InvalidParameters', /Version/],
    ['a value that does not fit', { Parameters: { Version: ['; reboot'] } }, 'InvalidParameters', /Version/],
    ['a reference', { Parameters: { Version: ['{{ssm:v}}'] } }, 'InvalidParameters', /Version/],
    ['no target', { Targets: [] }, 'InvalidTarget', /Targets/],
    [
      'a resource group',
      { Targets: [{ Key: 'resource-groups:Name', Values: ['x'] }] },
      'InvalidTarget',
      /groups/,
    ],
    ['a cron schedule', { ScheduleExpression: 'cron(0 2 ? * SUN *)' }, 'InvalidSchedule', /cron/],
    ['a rate below 30 minutes', { ScheduleExpression: 'rate(29 minutes)' }, 'InvalidSchedule', /30/],
    ['a rate of 31 days', { ScheduleExpression: 'rate(31 days)' }, 'InvalidSchedule', /31/],
    ['the schedule alone', { ApplyOnlyAtCronInterval: true }, 'InvalidSchedule', /ApplyOnly/],
    ['no concurrency', { MaxConcurrency: '0' }, 'ValidationException', /MaxConcurrency/],
    ['a severity of its own', { ComplianceSeverity: 'DIRE' }, 'ValidationException', /DIRE/],
    ['output to S3', { OutputLocation: {} }, 'ValidationException', /OutputLocation/],
    ['the older InstanceId', { InstanceId: serverA }, 'ValidationException', /InstanceId/],
  ])('with %s', async (_, properties, code, message) => {
    const error = await w.create(properties).then(
      () => undefined,
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(w.aws.ssm.associations.all()).toEqual([]);
  });
});

describe('what a client reads', () => {
  const settings = {
    AssociationName: 'holdfast-agent',
    ScheduleExpression: 'rate(30 minutes)',
    MaxConcurrency: '1',
    MaxErrors: '10%',
    ComplianceSeverity: 'HIGH',
  };

  test('is an association with its state over all targets', async () => {
    const id = await w.create(settings);
    const read = async () =>
      (await w.client.send(new DescribeAssociationCommand({ AssociationId: id }))).AssociationDescription;
    expect(await read()).toMatchObject({
      Overview: {
        Status: 'Pending',
        DetailedStatus: 'Associated',
        AssociationStatusAggregatedCount: { Pending: 2 },
      },
    });
    await w.clock.advance(2_000);
    expect(await read()).toMatchObject({
      ...settings,
      ...plan,
      AssociationId: id,
      AssociationVersion: '1',
      DocumentVersion: '$DEFAULT',
      Overview: {
        Status: 'Success',
        DetailedStatus: 'Success',
        AssociationStatusAggregatedCount: { Success: 2 },
      },
      LastSuccessfulExecutionDate: expect.any(Date),
    });
  });

  test('is a list, by name, document, instance or status', async () => {
    const id = await w.create(settings);
    const other = await w.create({ Targets: onlyA });
    await w.clock.advance(2_000);
    const found = async (
      key: 'AssociationName' | 'Name' | 'InstanceId' | 'AssociationStatusName',
      value: string,
    ) =>
      (
        await w.client.send(new ListAssociationsCommand({ AssociationFilterList: [{ key, value }] }))
      ).Associations?.map(({ AssociationId }) => AssociationId);
    expect(await found('AssociationName', 'holdfast-agent')).toEqual([id]);
    expect(await found('Name', 'agent')).toEqual([id, other]);
    expect(await found('InstanceId', serverB)).toEqual([id]);
    expect(await found('AssociationStatusName', 'Failed')).toEqual([]);
  });

  test('is how an instance stands with each of its associations', async () => {
    const id = await w.create({ Parameters: { Version: ['v1'], Exit: ['1'] } });
    await w.clock.advance(1_000);
    const { InstanceAssociationStatusInfos } = await w.client.send(
      new DescribeInstanceAssociationsStatusCommand({ InstanceId: serverA }),
    );
    expect(InstanceAssociationStatusInfos).toEqual([
      {
        AssociationId: id,
        Name: 'agent',
        DocumentVersion: '1',
        AssociationVersion: '1',
        InstanceId: serverA,
        ExecutionDate: expect.any(Date),
        Status: 'Failed',
        DetailedStatus: 'Failed',
        ErrorCode: 'ExecutionError',
        ExecutionSummary: '1 out of 1 plugin processed, 0 success, 1 failed, 0 timedout, 0 skipped. ',
      },
    ]);
  });

  test('is each execution, newest first, and since a time', async () => {
    const AssociationId = await w.create(settings);
    await w.clock.advance(halfAnHourMs + 2_000);
    const executions = async (...Filters: { Key: 'CreatedTime'; Type: 'GREATER_THAN'; Value: string }[]) =>
      (
        await w.client.send(
          new DescribeAssociationExecutionsCommand({ AssociationId, ...(Filters.length > 0 && { Filters }) }),
        )
      ).AssociationExecutions;
    const [second, first] = (await executions()) ?? [];
    expect(first).toMatchObject({ Status: 'Success', ResourceCountByStatus: '{Success=2}' });
    const since = { Key: 'CreatedTime', Type: 'GREATER_THAN', Value: '2026-01-05T10:00:00Z' } as const;
    expect(await executions(since)).toEqual([second]);
  });

  test('is one execution for the creation, on instances that nobody has asked about before', async () => {
    const id = await w.create();
    expect(w.aws.ssm.associations.runs(id)).toHaveLength(1);
  });

  test('are no commands: State Manager runs are in no list of them', async () => {
    await w.create();
    await w.clock.advance(2_000);
    const { CommandInvocations } = await w.client.send(new ListCommandInvocationsCommand({}));
    expect(CommandInvocations).toEqual([]);
  });

  test('is an error for an association or an instance that is not there, and for what is not modelled', async () => {
    const AssociationId = 'b1b2b3b4-0000-4000-8000-000000000000';
    const start = w.client.send(new StartAssociationsOnceCommand({ AssociationIds: [AssociationId] }));
    expect(await refusal(start)).toMatch(/^AssociationDoesNotExist/);
    expect(await refusal(w.client.send(new DescribeAssociationCommand({ AssociationId })))).toMatch(
      /^AssociationDoesNotExist/,
    );
    const unknown = new DescribeInstanceAssociationsStatusCommand({ InstanceId: 'i-0dddddddddddddddd' });
    expect(await refusal(w.client.send(unknown))).toMatch(/^InvalidInstanceId/);
    const legacy = new DescribeAssociationCommand({ Name: 'agent', InstanceId: serverA });
    expect(await refusal(w.client.send(legacy))).toMatch(/^ValidationException: .*Name/);
    const byGroup = { key: 'ResourceGroupName', value: 'x' } as const;
    const list = w.client.send(new ListAssociationsCommand({ AssociationFilterList: [byGroup] }));
    expect(await refusal(list)).toMatch(/^ValidationException: .*ResourceGroupName/);
  });

  test('is allowed by the ARN of the association', async () => {
    const mine = await w.create();
    const other = await w.create();
    w.aws.account.iam.putRole('starter');
    w.aws.account.iam.putRolePolicy('starter', 'inline', {
      Statement: [
        {
          Effect: 'Allow',
          Action: 'ssm:StartAssociationsOnce',
          Resource: w.aws.account.arn('ssm', `association/${mine}`),
        },
      ],
    });
    const starter = ssmClient(w.aws, w.aws.account.iam.credentialsOf('starter'));
    const start = (id: string) => starter.send(new StartAssociationsOnceCommand({ AssociationIds: [id] }));
    expect(await refusal(start(mine))).toBe('accepted');
    expect(await refusal(start(other))).toMatch(/^AccessDeniedException: .*association\//);
  });
});
