/** The console's runbooks, end to end: Systems Manager runs them, the operate function decides, the audit trail tells. */
import {
  GetAutomationExecutionCommand,
  SendAutomationSignalCommand,
  SSMClient,
  StartAutomationExecutionCommand,
} from '@aws-sdk/client-ssm';
import { expect, test } from 'vitest';
import { clientConfig } from '../../lib/aws/client-config.ts';
import { type Incident, second, startIncident, tag } from './incident.ts';
import { operatorOf } from './operator.ts';

interface Ended {
  readonly id: string;
  readonly status: string;
  readonly outputs: { readonly [name: string]: readonly string[] };
  readonly failure: string;
}

const atMost = 120;

class Console {
  readonly #incident: Incident;
  readonly #ssm: SSMClient;

  constructor(incident: Incident) {
    this.#incident = incident;
    const credentials = { accessKeyId: 'operator', secretAccessKey: 'operator' };
    const requestHandler = incident.aws.requestHandler();
    this.#ssm = new SSMClient(clientConfig({ region: 'us-east-1', credentials, requestHandler }));
  }

  async start(name: string, parameters: { readonly [name: string]: string }): Promise<string> {
    const Parameters = Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, [value]]));
    const command = new StartAutomationExecutionCommand({ DocumentName: name, Parameters });
    const { AutomationExecutionId: id = '' } = await this.#incident.clock.run(this.#ssm.send(command));
    return id;
  }

  async look(id: string): Promise<Ended> {
    const command = new GetAutomationExecutionCommand({ AutomationExecutionId: id });
    const { AutomationExecution: run } = await this.#incident.clock.run(this.#ssm.send(command));
    const { AutomationExecutionStatus: status = '?', Outputs: outputs = {}, FailureMessage = '' } = run ?? {};
    const steps = (run?.StepExecutions ?? []).map(({ FailureMessage: why }) => why ?? '');
    return { id, status, outputs, failure: [FailureMessage, ...steps].join(' ') };
  }

  async until(id: string, status: string): Promise<Ended> {
    for (let tries = 0; tries < atMost; tries += 1) {
      const seen = await this.look(id);
      if (seen.status === status) return seen;
      await this.#incident.advance(second);
    }
    throw new Error(`still ${JSON.stringify(await this.look(id))}`);
  }

  async signal(id: string, SignalType: 'Approve' | 'Reject'): Promise<void> {
    const command = new SendAutomationSignalCommand({ AutomationExecutionId: id, SignalType });
    await this.#incident.clock.run(this.#ssm.send(command));
  }
}

async function onDuty(): Promise<{ readonly incident: Incident; readonly console: Console }> {
  const incident = await startIncident();
  return { incident, console: new Console(incident) };
}

test('MoveToBackup moves the address, and the audit trail names who started it', async () => {
  const { incident, console } = await onDuty();
  const id = await console.start('Holdfast-MoveToBackup', { Tag: tag, Reason: 'cable test' });
  const { outputs } = await console.until(id, 'Success');
  expect(incident.owner()).toBe('ServerA eth1');
  expect(await incident.info('ServerA')).toBe('ServerA eth1 10.0.1.50 ffffff00 eth0');
  expect(outputs['wait.Outcome']).toEqual(['moved-to-backup']);
  const operator = operatorOf(incident);
  const recovery = outputs['ask.Recovery']?.[0] ?? '';
  expect(await operator.ask({ action: 'explain', recovery })).toMatchObject({
    explanation: {
      who: { kind: 'operator', name: operator.arn, via: 'runbook', reason: 'cable test' },
      ended: true,
    },
  });
});

test('Switchover moves the address to the server that is named', async () => {
  const { incident, console } = await onDuty();
  await console.until(await console.start('Holdfast-Switchover', { Tag: tag, Server: 'ServerB' }), 'Success');
  expect([incident.owner(), (await incident.record()).activeServer]).toEqual(['ServerB eth0', 'ServerB']);
});

test('Status tells where the address is', async () => {
  const { console } = await onDuty();
  const { outputs } = await console.until(await console.start('Holdfast-Status', { Tag: tag }), 'Success');
  expect(outputs).toMatchObject({
    'ask.State': ['ISP'],
    'ask.Server': ['ServerA'],
    'ask.PrimaryInterface': ['eth0'],
    'ask.BackupInterface': ['eth1'],
  });
});

test('Pause, Resume, RemoveBackup, AddBackup and Acknowledge write the record', async () => {
  const { incident, console } = await onDuty();
  const done = async (name: string, parameters: { readonly [name: string]: string }) =>
    console.until(await console.start(`Holdfast-${name}`, parameters), 'Success');
  await done('Pause', { Tag: tag, Minutes: '30' });
  expect((await incident.record()).pausedUntilMs).toBeGreaterThan(incident.clock.now());
  await done('Resume', { Tag: tag });
  expect((await incident.record()).pausedUntilMs).toBeLessThanOrEqual(incident.clock.now());
  await done('RemoveBackup', { Tag: tag, Interface: 'eth1' });
  expect(await incident.info('ServerA')).toBe('ServerA eth0 10.0.1.50 ffffff00 none');
  await done('AddBackup', { Tag: tag, Interface: 'eth1' });
  expect(await incident.info('ServerA')).toBe('ServerA eth0 10.0.1.50 ffffff00 eth1');
  await done('Acknowledge', { Tag: tag, Comment: 'the switch was replaced' });
});

test('a refusal fails the run, in the words of the engine', async () => {
  const { incident, console } = await onDuty();
  const { failure } = await console.until(
    await console.start('Holdfast-RemoveBackup', { Tag: tag, Interface: 'eth7' }),
    'Failed',
  );
  expect(failure).toContain('eth7');
  expect(await incident.info('ServerA')).toBe('ServerA eth0 10.0.1.50 ffffff00 eth1');
});

test('a move that waits for approval begins when one of the approvers agrees, and not when he refuses', async () => {
  const { incident, console } = await onDuty();
  const { arn } = operatorOf(incident);
  const asked = { Tag: tag, Approval: 'ask', Approvers: arn };
  const refused = await console.start('Holdfast-MoveToBackup', asked);
  await console.until(refused, 'Waiting');
  await console.signal(refused, 'Reject');
  await console.until(refused, 'Rejected');
  expect(incident.owner()).toBe('ServerA eth0');
  const agreed = await console.start('Holdfast-MoveToBackup', asked);
  await console.until(agreed, 'Waiting');
  await console.signal(agreed, 'Approve');
  await console.until(agreed, 'Success');
  expect(incident.owner()).toBe('ServerA eth1');
});

test('a run that is over, or of another runbook, proves nobody', async () => {
  const { incident, console } = await onDuty();
  const other = await console.start('Holdfast-Status', { Tag: tag });
  const over = await console.start('Holdfast-MoveToBackup', { Tag: tag });
  await console.until(over, 'Success');
  const { ask } = operatorOf(incident);
  for (const executionId of [other, over, 'no-such-run'])
    await expect(
      ask({ action: 'move-to-backup', tag, proof: { kind: 'runbook', executionId } }),
    ).rejects.toThrow('who-unknown');
  expect(incident.owners()).toEqual(['ServerA eth0', 'ServerA eth1']);
});
