/** Who may start, act and approve: IAM, the assumed role and the approvers of a step. */
import { SendAutomationSignalCommand, type SignalType, type SSMClient } from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import {
  type AutomationWorld,
  automationWorld,
  functionArn,
  invoke,
  operatorArn,
  runbook,
  stepsOf,
} from './automation-world.ts';
import { refusal } from './two-servers.ts';

const account = 'arn:aws:ssm:us-east-1:123456789012';
const mayStart = {
  Effect: 'Allow',
  Action: 'ssm:StartAutomationExecution',
  Resource: [`${account}:document/run`, `${account}:automation-execution/*`],
};
const maySignal = {
  Effect: 'Allow',
  Action: 'ssm:SendAutomationSignal',
  Resource: `${account}:automation-execution/*`,
};
const mayInvoke = { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: `${functionArn}:live` };
const roleArn = (name: string) => `arn:aws:iam::123456789012:role/${name}`;
const sessionArn = (name: string) => `arn:aws:sts::123456789012:assumed-role/${name}/${name}`;

let clock: VirtualClock;
let w: AutomationWorld;

beforeEach(() => {
  clock = new VirtualClock();
  w = automationWorld(clock, () => async (event) => event);
});

describe('a start', () => {
  beforeEach(() => w.create('run', runbook([invoke('move')])));

  test('needs the document and the execution to be', async () => {
    const [document, execution] = mayStart.Resource.map((Resource, index) =>
      w.clientAs(`half-${index}`, { ...mayStart, Resource }),
    );
    expect(await refusal(w.start('run', {}, document))).toMatch(
      /^AccessDeniedException: .*automation-execution\/\*/,
    );
    expect(await refusal(w.start('run', {}, execution))).toMatch(/^AccessDeniedException: .*document\/run/);
    expect(await refusal(w.start('run', {}, w.clientAs('whole', mayStart)))).toBe('accepted');
  });

  test('may be allowed for one version of the document', async () => {
    const [Resource, Execution] = mayStart.Resource;
    const Condition = { StringEquals: { 'ssm:DocumentVersion': '1' } };
    const one = w.clientAs('one', { ...mayStart, Resource, Condition }, { ...mayStart, Resource: Execution });
    expect(await refusal(w.start('run', {}, one))).toBe('accepted');
    expect(await refusal(w.start('run', { DocumentVersion: '$DEFAULT' }, one))).toBe('accepted');
    expect(await refusal(w.start('run', { DocumentVersion: '2' }, one))).toMatch(/^AccessDeniedException/);
  });
});

describe('a run', () => {
  test('without a role acts as who started it, and IAM decides', async () => {
    await w.create('run', runbook([invoke('move')]));
    const bare = await w.start('run', {}, w.clientAs('bare', mayStart));
    const able = await w.start('run', {}, w.clientAs('able', mayStart, mayInvoke));
    await clock.advance(5_000);
    expect(await w.execution(bare)).toMatchObject({
      AutomationExecutionStatus: 'Failed',
      ExecutedBy: sessionArn('bare'),
      FailureMessage: expect.stringMatching(/\(AccessDeniedException\) .*bare.*lambda:InvokeFunction/),
    });
    expect(await w.execution(able)).toMatchObject({ AutomationExecutionStatus: 'Success' });
  });

  test('with a role acts as the role, and still says who started it', async () => {
    const parameters = { AutomationAssumeRole: { type: 'String', default: '' } };
    const assumeRole = '{{ AutomationAssumeRole }}';
    await w.create('run', runbook([invoke('move')], { parameters, assumeRole }));
    w.clientAs('runbook', mayInvoke);
    const bare = w.clientAs('bare', mayStart);
    const id = await w.start('run', { Parameters: { AutomationAssumeRole: [roleArn('runbook')] } }, bare);
    const alone = await w.start('run', {}, bare);
    await clock.advance(5_000);
    expect(await w.execution(id)).toMatchObject({
      AutomationExecutionStatus: 'Success',
      ExecutedBy: sessionArn('bare'),
    });
    expect((await w.execution(alone)).AutomationExecutionStatus).toBe('Failed');
    const calls = w.account.calls('Invoke').map(({ callerArn, error }) => `${callerArn} ${error ?? 'done'}`);
    expect(calls).toEqual([`${sessionArn('runbook')} done`, `${sessionArn('bare')} AccessDeniedException`]);
  });

  test('with a role that is written in the document takes no other', async () => {
    w.clientAs('runbook', mayInvoke);
    await w.create('run', runbook([invoke('move')], { assumeRole: roleArn('runbook') }));
    const id = await w.start('run', {}, w.clientAs('bare', mayStart));
    await clock.advance(5_000);
    expect((await w.execution(id)).AutomationExecutionStatus).toBe('Success');
  });

  test.each([
    [roleArn('nobody'), /^InvalidAutomationExecutionParametersException: .*unable to be assumed/],
    ['admin', /^InvalidAutomationExecutionParametersException: .*format/],
  ])('with the role %s does not start', async (role, expected) => {
    const parameters = { Role: { type: 'String' } };
    await w.create('run', runbook([invoke('move')], { parameters, assumeRole: '{{ Role }}' }));
    expect(await refusal(w.start('run', { Parameters: { Role: [role] } }))).toMatch(expected);
  });
});

describe('a step that waits for approval', () => {
  const topicArn = 'arn:aws:sns:us-east-1:123456789012:Automation-approvals';

  const asked = (inputs: object, rest: object = {}) =>
    runbook([{ name: 'ask', action: 'aws:approve', inputs, ...rest }, invoke('move')], {
      parameters: { Approvers: { type: 'StringList', default: ['operator'] } },
    });

  async function waiting(inputs: object, rest: object = {}): Promise<string> {
    await w.create('run', asked(inputs, rest));
    const id = await w.start('run');
    await clock.advance(1_000);
    return id;
  }

  const signal = (id: string, SignalType: SignalType, by: SSMClient = w.client, Comment = 'looks good') =>
    refusal(
      by.send(
        new SendAutomationSignalCommand({
          AutomationExecutionId: id,
          SignalType,
          Payload: { Comment: [Comment] },
        }),
      ),
    );

  test('waits, goes on when it is approved, and shows who did with what words', async () => {
    const id = await waiting({ Approvers: '{{ Approvers }}', Message: 'Move?' });
    expect(await w.execution(id)).toMatchObject({
      AutomationExecutionStatus: 'Waiting',
      CurrentStepName: 'ask',
    });
    expect(await signal(id, 'Approve')).toBe('accepted');
    await clock.advance(5_000);
    const execution = await w.execution(id);
    expect(stepsOf(execution)).toEqual(['ask: Success', 'move: Success']);
    const outputs = execution.StepExecutions?.[0]?.Outputs ?? {};
    expect(outputs['ApprovalStatus']).toEqual(['Approved']);
    expect(JSON.parse(outputs['ApproverDecisions']?.[0] ?? '')).toMatchObject({
      approver: operatorArn,
      decision: 'Approve',
      comment: 'looks good',
    });
  });

  test('ends the execution when it is rejected, whatever the number of attempts', async () => {
    const id = await waiting({ Approvers: [operatorArn] }, { maxAttempts: 3 });
    expect(await signal(id, 'Reject', w.client, 'not now')).toBe('accepted');
    await clock.advance(5_000);
    const execution = await w.execution(id);
    expect(execution.AutomationExecutionStatus).toBe('Rejected');
    expect(execution.FailureMessage).toContain('not now');
    expect(stepsOf(execution)).toEqual(['ask: Rejected', 'move: Pending']);
    expect(await signal(id, 'Approve')).toMatch(/^InvalidAutomationSignalException/);
  });

  test('counts a role by its ARN and each approver once, until enough have approved', async () => {
    const boss = w.clientAs('boss', maySignal);
    const Approvers = [roleArn('boss'), 'operator'];
    const id = await waiting({ Approvers, MinRequiredApprovals: 2 });
    expect(await signal(id, 'Approve', boss)).toBe('accepted');
    expect(await signal(id, 'Approve', boss)).toBe('accepted');
    expect((await w.execution(id)).AutomationExecutionStatus).toBe('Waiting');
    expect(await signal(id, 'Approve')).toBe('accepted');
    await clock.advance(5_000);
    expect((await w.execution(id)).AutomationExecutionStatus).toBe('Success');
  });

  test('listens to nobody else, and IAM comes first', async () => {
    const id = await waiting({ Approvers: ['boss', roleArn('chief')] });
    // A role is named by its ARN: the bare name would be a user's.
    const boss = w.clientAs('boss', maySignal);
    expect(await signal(id, 'Approve', boss)).toMatch(/^InvalidAutomationSignalException: .*boss/);
    expect(await signal(id, 'Approve')).toMatch(/^InvalidAutomationSignalException: .*operator/);
    expect(await signal(id, 'Approve', w.clientAs('chief'))).toMatch(/^AccessDeniedException/);
    expect(await signal(id, 'Resume')).toMatch(/Resume/);
    expect((await w.execution(id)).AutomationExecutionStatus).toBe('Waiting');
  });

  test('times out, after seven days unless it says otherwise', async () => {
    const id = await waiting({ Approvers: ['operator'] });
    await clock.advance(604_800_000 - 2_000);
    expect((await w.execution(id)).AutomationExecutionStatus).toBe('Waiting');
    await clock.advance(2_000);
    expect((await w.execution(id)).AutomationExecutionStatus).toBe('TimedOut');
  });

  test('tells a topic, as who the run acts as', async () => {
    w.sns.createTopic('Automation-approvals');
    const id = await waiting({ Approvers: ['operator'], NotificationArn: topicArn, Message: 'Move ip-db?' });
    const [message] = w.sns.messages(topicArn);
    expect(message?.message).toMatch(new RegExp(`^Move ip-db\\?[^]*${id}`));
    expect(w.account.calls('Publish').map(({ callerArn }) => callerArn)).toEqual([operatorArn]);
  });

  test.each<[string, object, RegExp]>([
    ['a topic that is not there', { NotificationArn: topicArn }, /\(NotFound\) when calling the Publish/],
    [
      'a topic of another name',
      { NotificationArn: topicArn.replace('Automation', 'A') },
      /begins with Automation/,
    ],
    ['more approvals than approvers', { MinRequiredApprovals: 2 }, /MinRequiredApprovals 2/],
  ])('fails with %s', async (_, inputs, expected) => {
    const id = await waiting({ Approvers: ['operator'], ...inputs });
    const execution = await w.execution(id);
    expect(execution.AutomationExecutionStatus).toBe('Failed');
    expect(execution.FailureMessage).toMatch(expected);
  });
});
