/** Every document of the stack, whatever it is for: what it declares, what it uses, how large it is. */
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { addressScript } from '../../lib/host/address-script.ts';
import { runbookDocuments, runbookName } from '../../lib/stack/runbook-documents.ts';
import { twoZones } from '../unit/fleet-files.ts';
import { exampleFleet, plain, resourcesOf, type Template, templateOf } from './template.ts';

interface Parameter {
  readonly type: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly allowedPattern?: string;
  readonly allowedValues?: readonly unknown[];
  readonly maxItems?: number;
}

interface Content {
  readonly schemaVersion: string;
  readonly description: string;
  readonly parameters: { readonly [name: string]: Parameter };
  readonly mainSteps: readonly { readonly name: string; readonly action: string; readonly inputs: object }[];
}

const example = await templateOf();
const wide = await templateOf(twoZones);
/** Those of the example, and one that it has no need of. */
const documents = [
  ...documentsOf(example),
  ...documentsOf(wide).filter(({ name }) => name === 'holdfast-two-dependent'),
];
const largestBytes = 64 * 1024;

it('are the two that go to the instances and nine runbooks', () => {
  expect(documentsOf(example).map(({ name, type }) => `${type} ${name}`)).toEqual([
    'Command holdfast-main-address',
    'Command holdfast-main-agent',
    ...[
      'Status',
      'MoveToBackup',
      'AddBackup',
      'RemoveBackup',
      'Switchover',
      'Pause',
      'Resume',
      'ConfirmFailover',
      'Acknowledge',
    ].map((name) => `Automation Holdfast-${name}`),
  ]);
});

it('are three where something on the servers depends on an address', () => {
  const names = documentsOf(wide).map(({ name, type }) => `${type} ${name}`);
  expect(names.filter((name) => name.startsWith('Command'))).toEqual([
    'Command holdfast-two-address',
    'Command holdfast-two-dependent',
    'Command holdfast-two-agent',
  ]);
});

describe.each(documents)('$name', ({ type, content }) => {
  const written = JSON.stringify(content);

  it('is YAML, and has a description for itself and for every parameter', () => {
    expect(parse(written)).toEqual(content);
    expect(content.schemaVersion).toBe(type === 'Automation' ? '0.3' : '2.2');
    expect(content.description).toMatch(/^Holdfast/);
    for (const { description } of Object.values(content.parameters)) expect(description).toMatch(/^\(.+\) ./);
  });

  it('is within the 64 KB that SSM takes', () => {
    expect(Buffer.byteLength(written)).toBeLessThan(largestBytes);
  });

  it('bounds every parameter, and its default is within the bounds', () => {
    for (const [name, parameter] of Object.entries(content.parameters)) {
      const { allowedPattern, allowedValues, maxItems } = parameter;
      const bounded =
        parameter.type === 'Boolean' || (allowedPattern ?? allowedValues ?? maxItems) !== undefined;
      expect([name, bounded]).toEqual([name, true]);
      if (parameter.default === undefined || typeof parameter.default !== 'string') continue;
      if (allowedPattern !== undefined)
        expect([name, new RegExp(allowedPattern).test(parameter.default)]).toEqual([name, true]);
    }
  });

  it('has patterns that both engines read the same: anchored, without look-around or back references', () => {
    for (const [name, { allowedPattern }] of Object.entries(content.parameters)) {
      if (allowedPattern === undefined) continue;
      expect([name, /^\^.*\$$/.test(allowedPattern)]).toEqual([name, true]);
      expect([name, /\(\?|\\[1-9]/.test(allowedPattern)]).toEqual([name, false]);
    }
  });

  it('uses every parameter that it declares, and none that it does not', () => {
    const steps = content.mainSteps.map(({ name }) => name);
    const used = [...written.matchAll(/\{\{\s*([\w:.]+)\s*\}\}/g)].map(([, name = '']) => name);
    const parameters = used.filter((name) => !/^(automation|global):/.test(name) && !name.includes('.'));
    expect(new Set(parameters)).toEqual(new Set(Object.keys(content.parameters)));
    for (const name of used.filter((each) => each.includes('.'))) expect(steps).toContain(name.split('.')[0]);
  });
});

function documentsOf(template: Template) {
  return resourcesOf(template, 'AWS::SSM::Document').map(([, { Properties = {} }]) => ({
    name: String(Properties['Name']),
    type: String(Properties['DocumentType']),
    content: plain(Properties['Content']) as Content,
  }));
}

it('carries the script byte for byte', () => {
  const address = documents.find(({ name }) => name === 'holdfast-main-address')?.content;
  const inputs = address?.mainSteps[0]?.inputs as { readonly runCommand: readonly string[] } | undefined;
  expect(inputs?.runCommand.join('\n')).toContain(addressScript().trimEnd());
});

it('leaves no hostile text through any pattern of a runbook', () => {
  const hostile = [
    '$(id)',
    '`id`',
    "a'b",
    'a"b',
    'a\nb',
    'a\\b',
    '{{ Tag }}',
    'a;b|c&d>e',
    'ä',
    'x'.repeat(1000),
  ];
  for (const { name, type, content } of documents) {
    if (type !== 'Automation') continue;
    for (const [parameter, { allowedPattern }] of Object.entries(content.parameters)) {
      if (allowedPattern === undefined) continue;
      const free = parameter === 'Reason' || parameter === 'Comment';
      for (const value of hostile.filter((each) => !free || each !== 'a;b|c&d>e'))
        expect([name, parameter, value, new RegExp(allowedPattern).test(value)]).toEqual([
          name,
          parameter,
          value,
          false,
        ]);
    }
  }
});

it('names the fleet in the runbooks of any other than the default one', () => {
  expect(runbookName('main', 'Pause')).toBe('Holdfast-Pause');
  expect(runbookName('shop', 'Pause')).toBe('Holdfast-shop-Pause');
});

it('asks an approver before it moves an address, when the fleet file names some', () => {
  const place = { fleet: 'main', operate: 'holdfast-main-operate' };
  const approvalOf = (approvers: readonly string[]) => {
    const { parameters } = runbookDocuments({ ...place, approvers }).get('Holdfast-MoveToBackup') as Content;
    return [parameters['Approval']?.default, parameters['Approvers']?.default];
  };
  expect(approvalOf([])).toEqual(['skip', []]);
  expect(approvalOf(['alice'])).toEqual(['ask', ['alice']]);
});

it('takes the approvers from the fleet file', async () => {
  const approvers = 'runbooks: { approvers: [alice] }\ndeployment:';
  const named = await templateOf(exampleFleet.replace('\ndeployment:', `\n${approvers}`));
  expect(JSON.stringify(resourcesOf(named, 'AWS::SSM::Document'))).toContain('"default":["alice"]');
});
