import { StartAssociationsOnceCommand } from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, test } from 'vitest';
import { ModelHost } from '../../lib/emulator/host/model-host.ts';
import { halfAnHourMs, installer, onlyA, type World, world } from './association-world.ts';
import { refusal, scriptDocument, serverA, serverB, subnetId } from './two-servers.ts';

let w: World;

beforeEach(() => {
  w = world();
});

describe('an association runs', () => {
  test('on each target when it is made', async () => {
    const id = await w.create();
    expect(w.ends(id)).toEqual(['Associated', 'Associated']);
    await w.clock.advance(1_000);
    expect(w.ends(id)).toEqual(['Success v1', 'Success v1']);
    await w.clock.advance(24 * 3_600_000);
    expect(w.ends(id)).toEqual(['Success v1', 'Success v1']);
  });

  test('again when it is changed, as a version of its own', async () => {
    const id = await w.create();
    await w.clock.advance(1_000);
    await w.update(id, { Parameters: { Version: ['v2'] } });
    expect(w.ends(id)).toEqual(['Associated', 'Associated']);
    await w.clock.advance(1_000);
    expect(w.ends(id)).toEqual(['Success v1 v2', 'Success v1 v2']);
    expect(w.aws.ssm.associations.get(id).version).toBe(2);
  });

  test('by its rate, counted from when it was made or changed last', async () => {
    const id = await w.create({ ScheduleExpression: 'rate(30 minutes)' });
    await w.clock.advance(halfAnHourMs - 1_000);
    expect(w.ends(id)).toEqual(['Success v1', 'Success v1']);
    await w.clock.advance(2_000);
    expect(w.ends(id)).toEqual(['Success v1 v1', 'Success v1 v1']);
    await w.update(id, { ScheduleExpression: 'rate(1 hour)' });
    await w.clock.advance(3_600_000 - 1_000);
    expect(w.ends(id)[0]).toBe('Success v1 v1 v1');
    await w.clock.advance(2_000);
    expect(w.ends(id)[0]).toBe('Success v1 v1 v1 v1');
  });

  test('when the default version of its document changes, unless it names another', async () => {
    const byDefault = await w.create({ Targets: onlyA });
    const byNumber = await w.create({
      Targets: [{ Key: 'InstanceIds', Values: [serverB] }],
      DocumentVersion: '1',
    });
    await w.clock.advance(1_000);
    const changed = { ...installer, ...scriptDocument(['echo changed {{ Version }}']) };
    w.aws.ssm.documents.addVersion('agent', JSON.stringify(changed), 'JSON');
    await w.clock.advance(1_000);
    expect(w.ends(byDefault)).toEqual(['Success v1']);
    w.aws.ssm.documents.setDefault('agent', '2');
    await w.clock.advance(1_000);
    expect([...w.ends(byDefault), ...w.ends(byNumber)]).toEqual(['Success changed v1', 'Success v1']);
  });

  test('when somebody starts it', async () => {
    const id = await w.create();
    await w.clock.advance(1_000);
    await w.client.send(new StartAssociationsOnceCommand({ AssociationIds: [id] }));
    await w.clock.advance(1_000);
    expect(w.ends(id)).toEqual(['Success v1 v1', 'Success v1 v1']);
  });

  test('on an instance that registers for the first time, and there only', async () => {
    const id = await w.create({ Targets: [{ Key: 'tag:Role', Values: ['db'] }] });
    await w.clock.advance(1_000);
    expect(w.ends(id)).toEqual([]);
    const { id: eniId } = w.aws.ec2.addNetworkInterface({ subnetId, privateAddress: '10.0.1.30' });
    w.aws.ec2.addInstance({
      type: 't3.small',
      tags: { Role: 'db' },
      interfaces: [{ eniId, device: 'eth0' }],
      host: ({ instanceId }) => new ModelHost({ id: instanceId, clock: w.clock, fabric: w.aws.fabric }),
    });
    await w.clock.advance(301_000);
    expect(w.ends(id)).toEqual(['Success v1']);
  });

  test('never at the same time as another one on the same instance', async () => {
    const slow = scriptDocument([
      'echo begin >> /root/log',
      'sleep 5',
      'echo end >> /root/log',
      'cat /root/log',
    ]);
    w.addDocument('slow', slow);
    await w.create({ Name: 'slow', Targets: onlyA, Parameters: {} });
    const second = await w.create({ Name: 'slow', Targets: onlyA, Parameters: {} });
    await w.clock.advance(12_000);
    expect(w.ends(second)).toEqual(['Success begin end begin end']);
  });
});

describe('a target that is away', () => {
  test.each([
    ['cut off', () => w.aws.ssm.cutOff(serverA), () => w.aws.ssm.reconnect(serverA)],
    ['down', () => w.aws.ec2.host(serverA)?.halt(), () => w.aws.ec2.host(serverA)?.boot()],
  ])('stays pending while it is %s and runs once when it is back', async (_, leave, comeBack) => {
    leave();
    const id = await w.create({ ScheduleExpression: 'rate(30 minutes)' });
    await w.clock.advance(2 * halfAnHourMs + 60_000);
    expect(w.ends(id)).toEqual(['Associated', 'Success v1 v1 v1']);
    comeBack();
    await w.clock.advance(2_000);
    expect(w.ends(id)[0]).toBe('Success v1');
  });

  test('gets what the association says when it comes back, not what it said before', async () => {
    w.aws.ssm.cutOff(serverA);
    const id = await w.create();
    await w.clock.advance(1_000);
    await w.update(id, { Parameters: { Version: ['v2'] } });
    w.aws.ssm.reconnect(serverA);
    await w.clock.advance(2_000);
    expect(w.ends(id)).toEqual(['Success v2', 'Success v1 v2']);
  });

  test('that dies in the middle starts over after its boot', async () => {
    const slow = scriptDocument(['echo x >> /root/tries', 'sleep 5', 'cat /root/tries']);
    w.addDocument('slow', slow);
    const id = await w.create({ Name: 'slow', Targets: onlyA, Parameters: {} });
    await w.clock.advance(2_000);
    expect(w.ends(id)).toEqual(['InProgress']);
    w.aws.ec2.host(serverA)?.halt();
    await w.clock.advance(2_000);
    expect(w.ends(id)).toEqual(['Associated']);
    w.aws.ec2.host(serverA)?.boot();
    await w.clock.advance(8_000);
    expect(w.ends(id)[0]).toMatch(/^Success/);
  });

  test('that is terminated is no target any more', async () => {
    w.aws.ssm.cutOff(serverA);
    const id = await w.create();
    const [instance] = w.aws.ec2.world.instancesById([serverA]);
    if (instance !== undefined) w.aws.ec2.lifeCycle.terminate(instance);
    await w.clock.advance(10_000);
    expect(w.ends(id)).toEqual(['Success v1']);
  });
});

describe('rate controls', () => {
  test('MaxConcurrency 1 takes one target after the other', async () => {
    const slow = scriptDocument(['sleep 5', 'echo done']);
    w.addDocument('slow', slow);
    const id = await w.create({ Name: 'slow', Parameters: {}, MaxConcurrency: '1' });
    await w.clock.advance(3_000);
    expect(w.ends(id)).toEqual(['InProgress', 'Associated']);
    await w.clock.advance(5_000);
    expect(w.ends(id)).toEqual(['Success done', 'InProgress']);
  });

  test('MaxErrors 0 sends nothing more after the first failure', async () => {
    const Parameters = { Version: ['v1'], Exit: ['1'] };
    const id = await w.create({ Parameters, MaxConcurrency: '50%', MaxErrors: '0' });
    await w.clock.advance(60_000);
    expect(w.ends(id)).toEqual(['Failed v1', 'Associated']);
  });

  test('a target that is away holds up nobody', async () => {
    w.aws.ssm.cutOff(serverA);
    const id = await w.create({ MaxConcurrency: '1', MaxErrors: '0' });
    await w.clock.advance(1_000);
    expect(w.ends(id)).toEqual(['Associated', 'Success v1']);
  });
});

describe('a change', () => {
  test('takes over what the version before it had not finished', async () => {
    const slow = { ...installer, ...scriptDocument(['sleep 5', 'echo {{ Version }}']) };
    w.addDocument('slow', slow);
    const id = await w.create({ Name: 'slow', Targets: onlyA });
    await w.clock.advance(2_000);
    await w.update(id, { Name: 'slow', Targets: onlyA, Parameters: { Version: ['v2'] } });
    const [, first] = w.aws.ssm.associations.runs(id);
    expect(first?.statusOf(serverA)?.detailedStatus).toBe('TimedOut');
    expect(w.ends(id)).toEqual(['Associated']);
    await w.clock.advance(10_000);
    expect(w.ends(id)).toEqual(['Success v2']);
  });

  test('of the document that the parameters no longer fit fails every target', async () => {
    const id = await w.create();
    await w.clock.advance(1_000);
    const stricter = { ...installer, parameters: { ...installer.parameters, New: { type: 'String' } } };
    w.aws.ssm.documents.addVersion('agent', JSON.stringify(stricter), 'JSON');
    w.aws.ssm.documents.setDefault('agent', '2');
    const [status] = w.aws.ssm.associations.statuses(id);
    expect(status).toMatchObject({ status: 'Failed', errorCode: 'InvalidParameters' });
  });

  test('of the document into none at all fails every target', async () => {
    const id = await w.create();
    await w.clock.advance(1_000);
    w.aws.ssm.documents.remove('agent');
    const [status] = w.aws.ssm.associations.statuses(id);
    expect(status).toMatchObject({ status: 'Failed', errorCode: 'InvalidDocument' });
  });

  test('to no association at all leaves nothing running', async () => {
    w.aws.ssm.cutOff(serverA);
    const id = await w.create({ ScheduleExpression: 'rate(30 minutes)' });
    await w.clock.advance(1_000);
    await w.provider.remove(id);
    await w.provider.remove(id);
    w.aws.ssm.reconnect(serverA);
    await w.clock.advance(2 * halfAnHourMs);
    const installed = await w.clock.run(
      w.aws.ec2.host(serverA)?.exec('cat /root/installed', { timeoutMs: 1_000 }) ?? Promise.reject(),
    );
    expect(installed.exitCode).toBe(1);
  });
});

describe('a template that waits for success', () => {
  test('goes on once every target is one', async () => {
    const waiting = w.create({ WaitForSuccessTimeoutSeconds: 60 });
    expect(w.ends(await w.clock.run(waiting))).toEqual(['Success v1', 'Success v1']);
  });

  test.each<[string, object, () => void]>([
    ['after the time is over', {}, () => w.aws.ssm.cutOff(serverA)],
    ['when a target fails', { Parameters: { Version: ['v1'], Exit: ['1'] } }, () => undefined],
  ])('fails and removes the association %s', async (_, properties, breakIt) => {
    breakIt();
    const waiting = w.create({ ...properties, WaitForSuccessTimeoutSeconds: 15 });
    expect(await w.clock.run(refusal(waiting))).toMatch(/^AwsError: .*did not stabilize/);
    expect(w.aws.ssm.associations.all()).toEqual([]);
  });
});
