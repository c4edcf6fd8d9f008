/** What becomes of an execution when a step fails, and where a branch sends it. */
import { beforeEach, describe, expect, test } from 'vitest';
import { invoke, runbook, stepsOf, type ToldWorld, toldWorld } from './automation-world.ts';

let clock: ToldWorld['clock'];
let w: ToldWorld['w'];
let told: ToldWorld['told'];
let ran: ToldWorld['ran'];

beforeEach(() => {
  ({ clock, w, told, ran } = toldWorld());
});

describe('a step that fails', () => {
  const failing = (rest: object = {}) => invoke('move', { fail: true }, rest);

  test('because the function threw ends the execution as Failed and says why', async () => {
    const execution = await ran(runbook([failing(), invoke('after')]));
    expect(execution.AutomationExecutionStatus).toBe('Failed');
    expect(execution.FailureMessage).toMatch(/Unhandled: .*RangeError.*no backup interface.*Troubleshooting/);
    expect(stepsOf(execution)).toEqual(['move: Failed', 'after: Pending']);
    expect(execution.StepExecutions?.[0]?.Outputs?.['FunctionError']).toEqual(['Unhandled']);
  });

  test('is tried as often as it says', async () => {
    await ran(runbook([failing({ maxAttempts: 3 })]));
    expect(told).toHaveLength(3);
  });

  test('lets the others go on when it says so, and counts when it is critical', async () => {
    const steps = [failing({ onFailure: 'Continue', isCritical: true }), invoke('after')];
    const execution = await ran(runbook(steps));
    expect(stepsOf(execution)).toEqual(['move: Failed', 'after: Success']);
    expect(execution.AutomationExecutionStatus).toBe('Failed');
  });

  test('is forgiven when it lets the others go on and does not say that it is critical', async () => {
    const execution = await ran(runbook([failing({ onFailure: 'Continue' }), invoke('after')]));
    expect(execution.AutomationExecutionStatus).toBe('Success');
  });

  test('sends to the step that it names', async () => {
    const steps = [
      failing({ onFailure: 'step:rescue', isCritical: false }),
      invoke('skipped'),
      invoke('rescue'),
    ];
    const execution = await ran(runbook(steps));
    expect(stepsOf(execution)).toEqual(['move: Failed', 'skipped: Pending', 'rescue: Success']);
    expect(execution.AutomationExecutionStatus).toBe('Success');
  });

  test('by its time is TimedOut, and what the function does afterwards changes nothing', async () => {
    const slow = invoke('move', { sleepMs: 2_900 }, { timeoutSeconds: 1 });
    const execution = await ran(runbook([slow, invoke('after')]));
    expect(execution.AutomationExecutionStatus).toBe('TimedOut');
    expect(stepsOf(execution)).toEqual(['move: TimedOut', 'after: Pending']);
    expect(w.lambda.invocations('mover')).toHaveLength(1);
  });

  test('by an output of another type than declared says so', async () => {
    const outputs = [{ Name: 'Tag', Selector: '$.Payload.tag', Type: 'Integer' }];
    const execution = await ran(runbook([invoke('move', { tag: 'ip-db' }, { outputs })]));
    expect(execution.FailureMessage).toMatch(/The output Tag is not of type Integer: ip-db/);
  });

  test('by an input that a step has not given says so', async () => {
    const execution = await ran(runbook([invoke('move', { x: '{{ after.Payload }}' }), invoke('after')]));
    expect(execution.FailureMessage).toMatch(/Failed to resolve input: after\.Payload/);
  });

  test('by a fault of the call it makes carries its code', async () => {
    const refuse = { kind: 'refuse', code: 'TooManyRequestsException', status: 429 } as const;
    w.account.faults.add({ operation: 'Invoke', effect: refuse });
    const { FailureMessage } = await ran(runbook([invoke('a')]));
    expect(FailureMessage).toMatch(/\(TooManyRequestsException\) when calling the Invoke operation/);
    expect(told).toEqual([]);
    w.account.faults.add({ operation: 'Invoke', effect: { kind: 'lose-response' } });
    const id = await w.start('run');
    await clock.advance(5_000);
    expect((await w.execution(id)).FailureMessage).toMatch(/ConnectionLost/);
    expect(told).toHaveLength(1);
  });
});

describe('a branch', () => {
  const to = (NextStep: string, condition: object) => ({ NextStep, ...condition });
  const is = (StringEquals: string) => ({ Variable: '{{ P }}', StringEquals });

  test.each<[string, object, readonly string[]]>([
    [
      'takes the first choice that holds',
      { Choices: [to('a', is('x')), to('b', is('p')), to('c', is('p'))] },
      ['b'],
    ],
    ['takes the default', { Choices: [to('a', is('x'))], Default: 'c' }, ['c']],
    ['falls through without one', { Choices: [to('c', is('x'))] }, ['a']],
    ['knows Not', { Choices: [to('b', { Not: is('x') })] }, ['b']],
    [
      'knows And',
      { Choices: [to('c', { And: [is('p'), is('x')] }), to('b', { And: [is('p'), is('p')] })] },
      ['b'],
    ],
    ['knows Or', { Choices: [to('b', { Or: [is('x'), is('p')] })] }, ['b']],
    ['compares booleans', { Choices: [to('b', { Variable: '{{ Yes }}', BooleanEquals: true })] }, ['b']],
    ['compares numbers', { Choices: [to('b', { Variable: '{{ N }}', NumericGreater: 2 })] }, ['b']],
    [
      'never takes a text for a boolean',
      { Choices: [to('b', { Variable: 'true', BooleanEquals: true })] },
      ['a'],
    ],
    [
      'may ask for what no step has given',
      { Choices: [to('b', { Not: { Variable: '{{ a.Payload }}', StringEquals: 'x' } })] },
      ['b'],
    ],
  ])('%s', async (_, inputs, expected) => {
    const parameters = {
      P: { type: 'String', default: 'p' },
      Yes: { type: 'Boolean', default: true },
      N: { type: 'Integer', default: 3 },
    };
    const steps = ['a', 'b', 'c'].map((name) => invoke(name, { tag: name }, { isEnd: true }));
    await ran(runbook([{ name: 'choose', action: 'aws:branch', inputs }, ...steps], { parameters }));
    expect(told.map(({ tag }) => tag)).toEqual(expected);
  });

  test('ends the execution when nothing holds and it is the end', async () => {
    const choose = {
      name: 'choose',
      action: 'aws:branch',
      inputs: { Choices: [to('a', is('x'))] },
      isEnd: true,
    };
    const parameters = { P: { type: 'String', default: 'p' } };
    const execution = await ran(runbook([choose, invoke('a')], { parameters }));
    expect(execution.AutomationExecutionStatus).toBe('Success');
    expect(stepsOf(execution)).toEqual(['choose: Success', 'a: Pending']);
  });
});
