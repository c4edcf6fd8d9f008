import {
  DescribeAutomationExecutionsCommand,
  DescribeAutomationStepExecutionsCommand,
  type ExecutionMode,
  GetAutomationExecutionCommand,
  StopAutomationExecutionCommand,
} from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  functionArn,
  invoke,
  operatorArn,
  runbook,
  stepsOf,
  type ToldWorld,
  toldWorld,
} from './automation-world.ts';
import { refusal } from './two-servers.ts';

let clock: ToldWorld['clock'];
let w: ToldWorld['w'];
let told: ToldWorld['told'];
let ran: ToldWorld['ran'];

beforeEach(() => {
  ({ clock, w, told, ran } = toldWorld());
});

const tagged = { parameters: { Tag: { type: 'String', allowedPattern: '^[a-z-]+$' } } };

describe('an execution', () => {
  test('invokes the function with what it was given and gives its outputs', async () => {
    const payload = {
      tag: '{{ Tag }}',
      by: 'runbook {{automation:EXECUTION_ID}}',
      at: '{{ global:REGION }}',
    };
    const outputs = [
      { Name: 'Tag', Selector: '$.Payload.tag', Type: 'String' },
      { Name: 'Nothing', Selector: '$.Payload.nothing', Type: 'String' },
    ];
    const document = runbook([invoke('move', payload, { outputs })], {
      ...tagged,
      outputs: ['move.Tag', 'move.StatusCode', 'move.Payload', 'move.Nothing'],
    });
    const execution = await ran(document, { Tag: ['ip-db'] });
    const id = execution.AutomationExecutionId;
    const sent = { tag: 'ip-db', by: `runbook ${id}`, at: 'us-east-1' };
    expect(told).toEqual([sent]);
    expect(execution).toMatchObject({
      AutomationExecutionStatus: 'Success',
      DocumentName: 'run',
      DocumentVersion: '1',
      Mode: 'Auto',
      ExecutedBy: operatorArn,
      Parameters: { Tag: ['ip-db'] },
      Outputs: {
        'move.Tag': ['ip-db'],
        'move.StatusCode': ['200'],
        'move.Payload': [JSON.stringify(sent)],
        'move.Nothing': ['No output available yet because the step is not successfully executed'],
      },
    });
    const [step] = execution.StepExecutions ?? [];
    expect(step).toMatchObject({
      StepName: 'move',
      StepStatus: 'Success',
      ResponseCode: '0',
      MaxAttempts: 1,
    });
    expect(step?.Inputs?.['FunctionName']).toBe('"mover"');
    expect(step?.Outputs?.['LogResult']).toHaveLength(1);
    expect(w.lambda.invocations('mover')[0]?.functionArn).toBe(`${functionArn}:live`);
  });

  test('is Pending, then InProgress while the function runs, as long as it takes', async () => {
    await w.create('slow', runbook([invoke('move', { sleepMs: 2_500 })]));
    const startedAt = clock.now();
    const id = await w.start('slow');
    expect((await w.execution(id)).AutomationExecutionStatus).toBe('Pending');
    await clock.advance(2_000);
    expect(await w.execution(id)).toMatchObject({
      AutomationExecutionStatus: 'InProgress',
      CurrentStepName: 'move',
      CurrentAction: 'aws:invokeLambdaFunction',
    });
    await clock.advance(2_000);
    const execution = await w.execution(id);
    expect(execution.AutomationExecutionStatus).toBe('Success');
    expect(execution.CurrentStepName).toBeUndefined();
    expect(execution.ExecutionEndTime?.getTime()).toBe(startedAt + 300 + 2_500);
  });

  test('takes a Payload as text, and passes a text that the function gives on without its quotes', async () => {
    const inputs = { FunctionName: functionArn, Payload: '{"answer": "{{ Tag }}"}' };
    const first = { name: 'first', action: 'aws:invokeLambdaFunction', inputs };
    const document = runbook([first, invoke('second', { tag: '{{ first.Payload }}' })], tagged);
    await ran(document, { Tag: ['ip-db'] });
    expect(told).toEqual([{ answer: 'ip-db' }, { tag: 'ip-db' }]);
  });

  test('does not wait for an asynchronous invocation', async () => {
    const inputs = { FunctionName: 'mover', InvocationType: 'Event', Payload: '{"sleepMs": 60000}' };
    const execution = await ran(runbook([{ name: 'a', action: 'aws:invokeLambdaFunction', inputs }]));
    expect(execution.AutomationExecutionStatus).toBe('Success');
    expect(execution.StepExecutions?.[0]?.Outputs).toEqual({ StatusCode: ['202'] });
  });

  test('takes values with their types, from defaults and as given', async () => {
    const parameters = {
      List: { type: 'StringList', default: ['a', 'b'] },
      Wait: { type: 'Boolean', default: true },
      Seconds: { type: 'Integer' },
    };
    const answer = { list: '{{ List }}', wait: '{{ Wait }}', text: 's={{ Seconds }}, {{ List }}' };
    const execution = await ran(runbook([invoke('a', { answer })], { parameters }), { Seconds: ['30'] });
    expect(told).toEqual([{ answer: { list: ['a', 'b'], wait: true, text: 's=30, ["a","b"]' } }]);
    expect(execution.Parameters).toEqual({ List: ['a', 'b'], Wait: ['true'], Seconds: ['30'] });
  });
});

describe('a start is refused', () => {
  beforeEach(() => w.create('run', runbook([invoke('move', { tag: '{{ Tag }}' })], tagged)));

  const start = (Parameters: Record<string, string[]>) => refusal(w.start('run', { Parameters }));

  test.each<[string, Record<string, string[]>, RegExp]>([
    ['without a parameter that is needed', {}, /^InvalidAutomationExecutionParametersException: .*Tag/],
    ['with one too many', { Tag: ['a'], Other: ['b'] }, /^InvalidAutomationExecutionParameters.*\[Other\]/],
    ['with two values for a text', { Tag: ['a', 'b'] }, /^InvalidAutomationExecutionParameters.*one value/],
    [
      'with a value that does not match',
      { Tag: ['IP'] },
      /^InvalidAutomationExecutionParameters.*\^\[a-z-\]/,
    ],
    ['with an empty value', { Tag: [''] }, /^ValidationException/],
    ['with 10 kB', { Tag: ['a'.repeat(10_240)] }, /^ValidationException: .*512/],
  ])('%s', async (_, parameters, expected) => {
    expect(await start(parameters)).toMatch(expected);
  });

  test('of a document or version that is not there', async () => {
    expect(await refusal(w.start('none'))).toMatch(/^AutomationDefinitionNotFoundException/);
    const Parameters = { Tag: ['a'] };
    const version = w.start('run', { Parameters, DocumentVersion: '7' });
    expect(await refusal(version)).toMatch(/^AutomationDefinitionVersionNotFoundException/);
  });

  test('in another mode or with members that are not modelled, by name', async () => {
    const Parameters = { Tag: ['a'] };
    const Mode: ExecutionMode = 'Interactive';
    expect(await refusal(w.start('run', { Parameters, Mode }))).toMatch(/Interactive/);
    expect(await refusal(w.start('run', { Parameters, MaxErrors: '1' }))).toMatch(/MaxErrors/);
  });

  test('with a token that was used for something else; the same start twice is one', async () => {
    const ClientToken = '0b5a3f3e-3c1f-4f5e-9d5e-2f8b0a7d6c11';
    const first = await w.start('run', { ClientToken, Parameters: { Tag: ['a'] } });
    const again = { ClientToken: ClientToken.toUpperCase(), Parameters: { Tag: ['a'] } };
    expect(await w.start('run', again)).toBe(first);
    const other = w.start('run', { ClientToken, Parameters: { Tag: ['b'] } });
    expect(await refusal(other)).toMatch(/^IdempotentParameterMismatch/);
    const bad = w.start('run', { ClientToken: 'x', Parameters: { Tag: ['a'] } });
    expect(await refusal(bad)).toMatch(/^ValidationException/);
    await clock.advance(5_000);
    expect(told).toHaveLength(1);
  });

  test('of more than a hundred at once', async () => {
    for (let n = 0; n < 100; n++) await w.start('run', { Parameters: { Tag: ['a'] } });
    expect(await start({ Tag: ['a'] })).toMatch(/^AutomationExecutionLimitExceededException/);
  });
});

describe('executions', () => {
  const stop = (AutomationExecutionId: string, Type?: 'Cancel' | 'Complete') =>
    w.client.send(new StopAutomationExecutionCommand({ AutomationExecutionId, ...(Type && { Type }) }));

  test('are stopped once, and the step behind never begins', async () => {
    await w.create('run', runbook([invoke('move', { sleepMs: 2_000 }), invoke('after')]));
    const id = await w.start('run');
    await clock.advance(1_000);
    expect(await refusal(stop(id, 'Complete'))).toMatch(/Complete/);
    await stop(id);
    await clock.advance(10_000);
    const execution = await w.execution(id);
    expect(execution.AutomationExecutionStatus).toBe('Cancelled');
    expect(stepsOf(execution)).toEqual(['move: Cancelled', 'after: Pending']);
    expect(await refusal(stop(id))).toMatch(/^InvalidAutomationStatusUpdateException/);
  });

  test('are listed newest first, by what is asked for', async () => {
    await w.create('run', runbook([invoke('move')]));
    await w.create('fails', runbook([invoke('move', { fail: true })]));
    const first = await w.start('run');
    await clock.advance(1_000);
    const second = await w.start('fails');
    await clock.advance(1_000);
    const listed = async (Key?: 'ExecutionStatus' | 'DocumentNamePrefix', ...Values: string[]) => {
      const Filters = Key === undefined ? [] : [{ Key, Values }];
      const { AutomationExecutionMetadataList: all = [] } = await w.client.send(
        new DescribeAutomationExecutionsCommand({ Filters }),
      );
      return all.map(({ AutomationExecutionId }) => AutomationExecutionId);
    };
    expect(await listed()).toEqual([second, first]);
    expect(await listed('ExecutionStatus', 'Failed')).toEqual([second]);
    expect(await listed('DocumentNamePrefix', 'ru')).toEqual([first]);
    const unknown = w.client.send(
      new DescribeAutomationExecutionsCommand({ Filters: [{ Key: 'TagKey', Values: ['a'] }] }),
    );
    expect(await refusal(unknown)).toMatch(/^InvalidFilterKey: .*TagKey/);
  });

  test('show their steps, all or those asked for', async () => {
    await w.create('run', runbook([invoke('a'), invoke('b', { fail: true })]));
    const AutomationExecutionId = await w.start('run');
    await clock.advance(5_000);
    const Filters = [{ Key: 'StepExecutionStatus' as const, Values: ['Failed'] }];
    const all = await w.client.send(new DescribeAutomationStepExecutionsCommand({ AutomationExecutionId }));
    expect(stepsOf(all)).toEqual(['a: Success', 'b: Failed']);
    const some = new DescribeAutomationStepExecutionsCommand({ AutomationExecutionId, Filters });
    expect(stepsOf(await w.client.send(some))).toEqual(['b: Failed']);
  });

  test('that nobody started are not found', async () => {
    const AutomationExecutionId = '0b5a3f3e-3c1f-4f5e-9d5e-2f8b0a7d6c11';
    const get = w.client.send(new GetAutomationExecutionCommand({ AutomationExecutionId }));
    expect(await refusal(get)).toMatch(/^AutomationExecutionNotFoundException/);
    expect(await refusal(stop(AutomationExecutionId))).toMatch(/^AutomationExecutionNotFoundException/);
  });

  test('meet planted faults and stand in the trail like every call', async () => {
    await w.create('run', runbook([invoke('move')]));
    const throttle = { kind: 'refuse', code: 'ThrottlingException' } as const;
    w.account.faults.add({ operation: 'StartAutomationExecution', effect: throttle });
    expect(await refusal(w.start('run'))).toMatch(/^ThrottlingException/);
    await w.start('run');
    expect(w.account.calls('StartAutomationExecution').map(({ error }) => error)).toEqual([
      'ThrottlingException',
      undefined,
    ]);
  });
});
