import { describe, expect, it } from 'vitest';
import { twoZones } from '../unit/fleet-files.ts';
import { exampleFleet, plain, resourcesOf, shortId, type Template, templateOf, text } from './template.ts';

const example = await templateOf();

it('runs three functions on Node 24 and arm64, each with a log of its own', () => {
  const lines = resourcesOf(example, 'AWS::Lambda::Function').map(([id, { Properties: p = {} }]) =>
    [
      shortId(id),
      p['FunctionName'] ?? 'no name',
      p['Runtime'],
      p['Architectures'],
      p['Handler'],
      `${p['MemorySize']} MB`,
      `${p['Timeout']} s`,
      text((p['LoggingConfig'] as { LogGroup: unknown }).LogGroup),
    ].join(' | '),
  );
  expect(lines).toEqual([
    'FailoverFunction | no name | nodejs24.x | arm64 | index.handler | 512 MB | 900 s | <FailoverLog>',
    'RecoverFunction | no name | nodejs24.x | arm64 | index.handler | 512 MB | 120 s | <RecoverLog>',
    'OperateFunction | holdfast-main-operate | nodejs24.x | arm64 | index.handler | 256 MB | 30 s | <OperateLog>',
  ]);
  expect(resourcesOf(example, 'AWS::Logs::LogGroup').map(([, log]) => log.Properties)).toEqual([
    { RetentionInDays: 90 },
    { RetentionInDays: 90 },
    { RetentionInDays: 90 },
  ]);
});

it('tells each function what its settings contract names, and no more', () => {
  const environments = resourcesOf(example, 'AWS::Lambda::Function').map(([id, { Properties: p = {} }]) => {
    const { Variables } = p['Environment'] as { Variables: { [name: string]: unknown } };
    return [shortId(id), ...Object.entries(Variables).map(([name, value]) => `${name}=${text(value)}`)];
  });
  expect(environments).toEqual([
    [
      'FailoverFunction',
      'HOLDFAST_DEPENDENT_DOCUMENT=none',
      'HOLDFAST_DOCUMENT=<AddressDocument>',
      'HOLDFAST_PAGE_TOPIC=<PageTopic>',
      'HOLDFAST_TABLE=<Table>',
    ],
    [
      'RecoverFunction',
      'HOLDFAST_DOCUMENT=<AddressDocument>',
      'HOLDFAST_FAILOVER_FUNCTION=<FailoverLive>',
      'HOLDFAST_PAGE_TOPIC=<PageTopic>',
      'HOLDFAST_TABLE=<Table>',
    ],
    ['OperateFunction', 'HOLDFAST_RECOVER_FUNCTION=<RecoverLive>', 'HOLDFAST_TABLE=<Table>'],
  ]);
});

it('makes failover alone durable: its history stays 90 days, and it waits as long as the fleet file lets it', async () => {
  expect(durableOf(example)).toEqual([
    { ExecutionTimeout: 86_400, RetentionPeriodInDays: 90 },
    undefined,
    undefined,
  ]);
  const asking = twoZones.replace('within: 15m', 'within: 7d');
  const dependents = 60 + 2 * 2 * 60 + (120 + 2 * 2 * 60) + (60 + 2 * 3 * 240) + 6 * (60 + 2 * 2 * 60);
  expect(durableOf(await templateOf(asking))[0]).toMatchObject({
    ExecutionTimeout: 8 * 86_400 + dependents,
  });
});

it('pages for a failover that did not succeed, or was never started: a durable function has no destination', () => {
  const letters = resourcesOf(example, 'AWS::Lambda::Function').map(([, { Properties: p = {} }]) =>
    plain(p['DeadLetterConfig']),
  );
  expect(letters).toEqual([{ TargetArn: '<PageTopic>' }, undefined, undefined]);
});

it('lets nobody start a failover before it may do what a failover does', async () => {
  const template = await templateOf(twoZones);
  const needed = resourcesOf(template, 'AWS::Lambda::Alias').map(([id, alias]) => [
    shortId(id),
    ...(alias.DependsOn ?? []).map(shortId),
  ]);
  expect(needed).toEqual([
    ['FailoverLive', 'FailoverEffects1', 'FailoverExecutions'],
    ['RecoverLive', 'RecoverEffects1'],
    ['OperateLive'],
  ]);
});

it('lets an event wait no longer than the policy says, and pages when Lambda gives it up', async () => {
  expect(asynchronousOf(example)).toEqual([
    '<FailoverFunction>:live | 300 s | its own retries | nobody',
    '<RecoverFunction>:live | 300 s | 2 retries | <PageTopic>',
    '<OperateFunction>:live | 60 s | 0 retries | nobody',
  ]);
  const patient = await templateOf(exampleFleet.replace('maxEventAge: 5m', 'maxEventAge: 10m'));
  expect(asynchronousOf(patient)[1]).toBe('<RecoverFunction>:live | 600 s | 2 retries | <PageTopic>');
});

describe('reserved concurrency', () => {
  it('is absent unless the fleet file asks for it', () => {
    expect(concurrencyOf(example)).toEqual([undefined, undefined, undefined]);
  });

  it('is what the fleet file asks for', async () => {
    const asked = exampleFleet.replace('# reservedConcurrency:', 'reservedConcurrency:');
    expect(concurrencyOf(await templateOf(asked))).toEqual([5, 10, undefined]);
  });
});

it('publishes a new version under the same alias when the code changes, and none when it does not', async () => {
  const versionsOf = (template: Template) => resourcesOf(template, 'AWS::Lambda::Version').map(([id]) => id);
  expect(versionsOf(await templateOf())).toEqual(versionsOf(example));
  const changed = versionsOf(await templateOf(exampleFleet, 'export const handler = () => 1;'));
  expect(changed.filter((id) => versionsOf(example).includes(id))).toEqual([]);
});

function asynchronousOf(template: Template): readonly string[] {
  return resourcesOf(template, 'AWS::Lambda::EventInvokeConfig').map(([, { Properties: p = {} }]) => {
    const destination = p['DestinationConfig'] as { OnFailure: { Destination: unknown } } | undefined;
    return [
      `${text(p['FunctionName'])}:${p['Qualifier']}`,
      `${p['MaximumEventAgeInSeconds']} s`,
      `${p['MaximumRetryAttempts'] ?? 'its own'} retries`,
      destination === undefined ? 'nobody' : text(destination.OnFailure.Destination),
    ].join(' | ');
  });
}

function durableOf(template: Template): readonly unknown[] {
  return resourcesOf(template, 'AWS::Lambda::Function').map(
    ([, { Properties: p = {} }]) => p['DurableConfig'],
  );
}

function concurrencyOf(template: Template): readonly unknown[] {
  return resourcesOf(template, 'AWS::Lambda::Function').map(
    ([, { Properties: p = {} }]) => p['ReservedConcurrentExecutions'],
  );
}
