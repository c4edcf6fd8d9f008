/** The AWS CLI, version 1 or 2, whichever the machine has, looks after an association: over a real socket. */
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WallClock } from '../../lib/emulator/clock.ts';
import { readAssociation } from '../../lib/emulator/ssm/association-plan.ts';
import { listen } from '../../lib/emulator/transports.ts';
import { awsCliJson, cliTimeoutMs, cliTitle, isCliInstalled } from './aws-cli.ts';
import { greeting, serverA, type TwoServers, twoServers } from './two-servers.ts';

describe.skipIf(!isCliInstalled)(cliTitle, { timeout: 8 * cliTimeoutMs }, () => {
  const clock = new WallClock();
  let aws: TwoServers;
  let server: Server;
  let endpoint: string;
  let associationId: string;

  beforeAll(async () => {
    aws = twoServers(clock);
    const listening = await listen(aws.gateway, 0);
    server = listening.server;
    endpoint = `http://127.0.0.1:${listening.port}`;
    const content = JSON.stringify(greeting);
    aws.ssm.documents.create({
      name: 'greeting',
      content,
      format: 'JSON',
      type: 'Command',
      targetType: undefined,
    });
    const plan = readAssociation({
      Name: 'greeting',
      AssociationName: 'says-hello',
      Parameters: { Name: ['world'] },
      Targets: [{ Key: 'InstanceIds', Values: [serverA] }],
      ScheduleExpression: 'rate(30 minutes)',
    });
    associationId = aws.ssm.associations.create(plan).id;
  });

  afterAll(async () => {
    aws.ssm.stop();
    aws.ec2.stop();
    clock.stop();
    await new Promise((resolve) => server.close(resolve));
  });

  const ssm = (...words: string[]) => awsCliJson(endpoint, tmpdir(), ['ssm', ...words]);

  /** The interpreter takes longer to start than an association to run; a poll would be the same call again. */
  async function succeeded(): Promise<void> {
    const ended = () =>
      aws.ssm.associations.statuses(associationId).every(({ status }) => status === 'Success');
    await expect.poll(ended, { timeout: cliTimeoutMs }).toBe(true);
  }

  test('finds an association, its state on an instance and its executions, and starts it', async () => {
    await succeeded();
    const filter = ['--association-filter-list', 'key=AssociationName,value=says-hello'];
    expect(await ssm('list-associations', ...filter)).toMatchObject({
      Associations: [
        {
          Name: 'greeting',
          AssociationId: associationId,
          Overview: { Status: 'Success', AssociationStatusAggregatedCount: { Success: 1 } },
          ScheduleExpression: 'rate(30 minutes)',
        },
      ],
    });
    expect(await ssm('describe-instance-associations-status', '--instance-id', serverA)).toMatchObject({
      InstanceAssociationStatusInfos: [
        { AssociationId: associationId, Status: 'Success', AssociationVersion: '1', DocumentVersion: '1' },
      ],
    });
    expect(await ssm('start-associations-once', '--association-ids', associationId)).toEqual({});
    await succeeded();
    const executions = await ssm('describe-association-executions', '--association-id', associationId);
    expect(executions).toMatchObject({
      AssociationExecutions: [
        { AssociationId: associationId, ResourceCountByStatus: '{Success=1}' },
        { AssociationId: associationId, ResourceCountByStatus: '{Success=1}' },
      ],
    });
    expect(await ssm('describe-association', '--association-id', associationId)).toMatchObject({
      AssociationDescription: { Parameters: { Name: ['world'] }, AssociationVersion: '1' },
    });
  });

  test('is told by name what is not modelled', async () => {
    const legacy = ssm('describe-association', '--name', 'greeting', '--instance-id', serverA);
    await expect(legacy).rejects.toThrow(/\(ValidationException\).*The parameter (Name|InstanceId)/s);
  });
});
