/** The AWS CLI, version 1 or 2, whichever the machine has, runs a runbook with an approval in it: over a real socket. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WallClock } from '../../lib/emulator/clock.ts';
import { listen } from '../../lib/emulator/transports.ts';
import { type AutomationWorld, automationWorld, operatorArn } from './automation-world.ts';
import { awsCliJson, cliTimeoutMs, cliTitle, isCliInstalled } from './aws-cli.ts';

const moveToBackup = `
schemaVersion: '0.3'
description: Moves an address to its backup interface
parameters:
  Tag: {type: String, allowedPattern: '^[a-z0-9-]{1,64}$'}
mainSteps:
- name: ask
  action: aws:approve
  inputs: {Approvers: [operator], Message: 'Move {{ Tag }}?'}
- name: move
  action: aws:invokeLambdaFunction
  inputs:
    FunctionName: mover
    Qualifier: live
    InputPayload: {action: move, tag: '{{ Tag }}', execution: '{{ automation:EXECUTION_ID }}'}
  outputs:
  - {Name: To, Selector: $.Payload.to, Type: String}
outputs: [move.To]
`;

describe.skipIf(!isCliInstalled)(cliTitle, { timeout: 10 * cliTimeoutMs }, () => {
  const clock = new WallClock();
  const told: unknown[] = [];
  let directory: string;
  let w: AutomationWorld;
  let server: Server;
  let endpoint: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'runbook-'));
    w = automationWorld(clock, () => async (event) => {
      told.push(event);
      return { to: 'eth1' };
    });
    const listening = await listen(w.gateway, 0);
    server = listening.server;
    endpoint = `http://127.0.0.1:${listening.port}`;
  });

  afterAll(async () => {
    w.ssm.stop();
    w.lambda.stop();
    clock.stop();
    rmSync(directory, { recursive: true });
    await new Promise((resolve) => server.close(resolve));
  });

  const ssm = (...words: string[]) => awsCliJson(endpoint, directory, ['ssm', ...words]);

  /** The interpreter takes longer to start than a step to run; a poll would be the same call again. */
  async function reached(id: string, status: string): Promise<void> {
    const now = () => w.ssm.automations.run(id).execution.status;
    await expect.poll(now, { timeout: cliTimeoutMs }).toBe(status);
  }

  test('makes a runbook, starts it, approves its step and reads its outputs', async () => {
    const file = join(directory, 'move.yaml');
    writeFileSync(file, moveToBackup);
    const document = ['--name', 'MoveToBackup', '--document-type', 'Automation', '--document-format', 'YAML'];
    expect(await ssm('create-document', ...document, '--content', `file://${file}`)).toMatchObject({
      DocumentDescription: { DocumentType: 'Automation', Parameters: [{ Name: 'Tag', Type: 'String' }] },
    });
    const start = ['start-automation-execution', '--document-name', 'MoveToBackup', '--parameters'];
    const wrong = ssm(...start, 'Tag=IP DB');
    await expect(wrong).rejects.toThrow(/\(InvalidAutomationExecutionParametersException\)/);
    const started = (await ssm(...start, 'Tag=ip-db')) as { readonly AutomationExecutionId: string };
    const { AutomationExecutionId: id } = started;
    await reached(id, 'Waiting');
    const onIt = ['--automation-execution-id', id];
    await ssm('send-automation-signal', ...onIt, '--signal-type', 'Approve', '--payload', 'Comment=go');
    await reached(id, 'Success');
    expect(told).toEqual([{ action: 'move', tag: 'ip-db', execution: id }]);
    expect(await ssm('get-automation-execution', ...onIt)).toMatchObject({
      AutomationExecution: {
        AutomationExecutionStatus: 'Success',
        ExecutedBy: operatorArn,
        Parameters: { Tag: ['ip-db'] },
        Outputs: { 'move.To': ['eth1'] },
        StepExecutions: [
          { StepName: 'ask', StepStatus: 'Success', Outputs: { ApprovalStatus: ['Approved'] } },
          { StepName: 'move', StepStatus: 'Success' },
        ],
      },
    });
    expect(await ssm('describe-automation-executions')).toMatchObject({
      AutomationExecutionMetadataList: [{ AutomationExecutionId: id, DocumentName: 'MoveToBackup' }],
    });
  });

  test('makes an OpsItem once and resolves it', async () => {
    const words = ['--title', 'ip-db waits', '--description', 'Somebody has to look', '--source', 'holdfast'];
    const data = JSON.stringify({
      '/aws/dedup': { Value: '{"dedupString":"ip-db"}', Type: 'SearchableString' },
    });
    const create = () => ssm('create-ops-item', ...words, '--operational-data', data, '--severity', '2');
    const { OpsItemId: id } = (await create()) as { readonly OpsItemId: string };
    await expect(create()).rejects.toThrow(/\(OpsItemAlreadyExistsException\)/);
    await ssm('update-ops-item', '--ops-item-id', id, '--status', 'Resolved');
    const filter = ['--ops-item-filters', 'Key=Status,Values=Resolved,Operator=Equal'];
    expect(await ssm('describe-ops-items', ...filter)).toMatchObject({
      OpsItemSummaries: [{ OpsItemId: id, Status: 'Resolved', Severity: '2' }],
    });
  });
});
