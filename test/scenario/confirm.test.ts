import { expect, test } from 'vitest';
import { instanceOf, withRules } from './fleets.ts';
import { type Incident, minute, second, startIncident, tag } from './incident.ts';
import { type Operator, operatorOf } from './operator.ts';

const withinMs = 10 * minute;

interface Asked {
  readonly incident: Incident;
  readonly operator: Operator;
}

/** ServerA is dead, and the failover has asked a person. */
async function asked(otherwise: 'hold' | 'proceed'): Promise<Asked> {
  const incident = await startIncident({ fleet: withRules({ confirm: { withinMs, otherwise } }) });
  incident.aws.ec2.failHost(instanceOf.ServerA, { stopsAfterMs: second });
  await incident.until(({ waiting }) => waiting !== null);
  expect(incident.pages()).toEqual(['ip-db: a failover waits for your answer']);
  expect(incident.lastPage()).toContain('holdfast confirm ip-db --yes');
  return { incident, operator: operatorOf(incident) };
}

const yes = { action: 'confirm', tag, answer: 'yes' } as const;
const no = { action: 'confirm', tag, answer: 'no' } as const;

async function expectOnServerB(incident: Incident): Promise<void> {
  expect(incident.owner()).toBe('ServerB eth0');
  expect(incident.answers()).toBe(true);
  expect(await incident.recoveries()).toEqual(['failed-over']);
  expect(await incident.record()).toMatchObject({ state: 'ISP', waiting: null, intent: null });
}

async function expectNothingMoved(incident: Incident, reason: string): Promise<void> {
  expect(incident.owners()).toEqual(['ServerA eth0']);
  expect(await incident.recoveries()).toEqual([]);
  expect(await incident.record()).toMatchObject({ state: 'OSF', waiting: null });
  expect(await incident.heldFor()).toContain(reason);
}

test('a person says yes after four minutes: until then nothing moves and no function runs, then ServerB takes over', async () => {
  const { incident, operator } = await asked('hold');
  await incident.advance(4 * minute);
  expect(incident.owners()).toEqual(['ServerA eth0']);
  const [execution] = incident.executions();
  expect([execution?.status, execution?.runningRequestId]).toEqual(['RUNNING', undefined]);

  expect(await operator.order(yes)).toMatchObject({ ok: true, changed: true });
  await incident.advance(30 * second);
  await expectOnServerB(incident);
  expect(incident.executions()).toHaveLength(1);
});

test('a person says no: nothing moves, the state says so, and nobody is asked again every minute', async () => {
  const { incident, operator } = await asked('proceed');
  expect(await operator.order(no)).toMatchObject({ ok: true, changed: true });
  await incident.advance(15 * minute);
  await expectNothingMoved(incident, 'not-confirmed');
  expect(incident.executions()).toHaveLength(1);
});

test('a person says yes twice: the second time is no news and no mistake', async () => {
  const { incident, operator } = await asked('hold');
  expect(await operator.order(yes)).toMatchObject({ ok: true, changed: true });
  expect(await operator.order(yes)).toMatchObject({ ok: true, changed: false });
  await incident.advance(minute);
  expect(await operator.order(yes)).toMatchObject({ ok: true, changed: false });
  await expectOnServerB(incident);
});

test('two people answer in the same moment, one yes and one no: one of them counts, and the other is told whose', async () => {
  const { incident, operator } = await asked('hold');
  incident.aws.account.iam.putRole('on-call');
  const other = operatorOf(incident, 'on-call');
  const answers = await operator.askAtOnce([await operator.sign(yes), await other.sign(no)]);
  const [first] = answers;
  const [refused] = answers.filter((each) => !each.ok);
  expect(answers.filter((each) => each.ok && each.kind === 'done' && each.changed)).toHaveLength(1);
  const winner = first?.ok ? operator.arn : other.arn;
  expect(refused).toMatchObject({ code: 'nothing-waits', message: expect.stringContaining(winner) });

  await incident.advance(2 * minute);
  if (first?.ok) await expectOnServerB(incident);
  else await expectNothingMoved(incident, 'not-confirmed');
});

test('nobody answers, and the fleet file says hold: nothing moves after ten minutes', async () => {
  const { incident } = await asked('hold');
  await incident.advance(withinMs + 5 * minute);
  await expectNothingMoved(incident, 'nobody-confirmed');
});

test('nobody answers, and the fleet file says proceed: ServerB takes over after ten minutes', async () => {
  const { incident } = await asked('proceed');
  await incident.advance(withinMs - 30 * second);
  expect(incident.owners()).toEqual(['ServerA eth0']);
  await incident.advance(2 * minute);
  await expectOnServerB(incident);
});

test('an answer that comes late is refused, and says what has become of it', async () => {
  const { incident, operator } = await asked('hold');
  await incident.advance(withinMs + minute);
  expect(await operator.order(yes)).toMatchObject({ ok: false, code: 'nothing-waits' });
  await incident.advance(2 * minute);
  await expectNothingMoved(incident, 'nobody-confirmed');
});

test('the function is killed on both sides of its question: a person is asked once more at most, and the answer counts', async () => {
  for (const moment of ['before', 'after'] as const) {
    const incident = await startIncident({ fleet: withRules({ confirm: { withinMs, otherwise: 'hold' } }) });
    incident.aws.lambda.executions.crashAtCheckpoint({
      moment,
      at: ({ updates }) => updates.some((each) => each.includes('CALLBACK')),
    });
    incident.aws.ec2.failHost(instanceOf.ServerA, { stopsAfterMs: second });
    await incident.until(({ waiting }) => waiting !== null);
    await incident.advance(minute);
    expect(new Set(incident.pages()), moment).toEqual(new Set(['ip-db: a failover waits for your answer']));
    expect(incident.pages().length, moment).toBeLessThanOrEqual(2);
    expect(await operatorOf(incident).order(yes), moment).toMatchObject({ ok: true, changed: true });
    await incident.advance(minute);
    await expectOnServerB(incident);
  }
});
