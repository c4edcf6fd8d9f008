import {
  CreateDocumentCommand,
  DescribeDocumentCommand,
  GetDocumentCommand,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { ssmResources } from '../../lib/emulator/ssm/resources.ts';
import { type AutomationWorld, automationWorld, invoke, runbook } from './automation-world.ts';
import { refusal } from './two-servers.ts';

let w: AutomationWorld;

beforeEach(() => {
  w = automationWorld(new VirtualClock(), () => async (event) => event);
});

const moveToBackup = `
schemaVersion: '0.3'
description: Moves an address
assumeRole: '{{ AutomationAssumeRole }}'
parameters:
  AutomationAssumeRole: {type: String, default: ''}
  Tag: {type: String, allowedPattern: '^[a-z0-9-]{1,64}$'}
  Approvers: {type: StringList, default: []}
  Wait: {type: Boolean, default: true}
  Seconds: {type: Integer, default: 30, allowedValues: [30, 60]}
mainSteps:
- name: move
  action: aws:invokeLambdaFunction
  timeoutSeconds: 120
  maxAttempts: 2
  inputs:
    FunctionName: mover
    InputPayload: {tag: '{{ Tag }}', by: '{{ automation:EXECUTION_ID }}', wait: '{{ Wait }}'}
  outputs:
  - {Name: Result, Selector: $.Payload.result, Type: String}
- name: tell
  action: aws:branch
  inputs:
    Choices:
    - {NextStep: again, Variable: '{{ move.Result }}', StringEquals: held}
  isEnd: true
- name: again
  action: aws:invokeLambdaFunction
  inputs: {FunctionName: mover, Payload: '{"tag": "{{Tag}}"}'}
outputs: [move.Result]
`;

function createYaml(Name: string, Content: string) {
  const input = { Name, Content, DocumentFormat: 'YAML', DocumentType: 'Automation' } as const;
  return w.client.send(new CreateDocumentCommand(input));
}

describe('a document of type Automation', () => {
  test('is described with its parameters and read back as it was written', async () => {
    const { DocumentDescription } = await createYaml('move', moveToBackup);
    expect(DocumentDescription).toMatchObject({ DocumentType: 'Automation', SchemaVersion: '0.3' });
    const { Document } = await w.client.send(new DescribeDocumentCommand({ Name: 'move' }));
    expect(Document?.Description).toBe('Moves an address');
    expect(Document?.Parameters?.map(({ Name, Type }) => `${Name} ${Type}`)).toEqual([
      'AutomationAssumeRole String',
      'Tag String',
      'Approvers StringList',
      'Wait Boolean',
      'Seconds Integer',
    ]);
    const { Content, DocumentType } = await w.client.send(new GetDocumentCommand({ Name: 'move' }));
    expect([Content, DocumentType]).toEqual([moveToBackup, 'Automation']);
  });

  test('may come from a template', async () => {
    const provider = ssmResources(w.ssm).find(({ type }) => type === 'AWS::SSM::Document');
    const context = { stackName: 'holdfast', logicalId: 'Move', assetDirectory: () => '' };
    const properties = { Name: 'move', DocumentType: 'Automation', UpdateMethod: 'NewVersion' };
    await provider?.create({ ...properties, DocumentFormat: 'YAML', Content: moveToBackup }, context);
    await provider?.update?.('move', { ...properties, Content: runbook([invoke('move')]) }, context);
    const { Document } = await w.client.send(new DescribeDocumentCommand({ Name: 'move' }));
    expect(Document).toMatchObject({ DocumentType: 'Automation', DefaultVersion: '2' });
  });

  test('runs no command, and a Command document is no runbook', async () => {
    await createYaml('move', moveToBackup);
    const send = new SendCommandCommand({ InstanceIds: ['i-0aaaaaaaaaaaaaaaa'], DocumentName: 'move' });
    expect(await refusal(w.client.send(send))).toMatch(/^InvalidDocument: .*Automation/);
    const step = { action: 'aws:runShellScript', name: 'run', inputs: { runCommand: ['true'] } };
    const Content = JSON.stringify({ schemaVersion: '2.2', mainSteps: [step] });
    await w.client.send(new CreateDocumentCommand({ Name: 'shell', Content }));
    expect(await refusal(w.start('shell'))).toMatch(/^AutomationDefinitionNotFoundException/);
  });
});

const branch = (choice: object, rest: object = {}) => ({
  name: 'choose',
  action: 'aws:branch',
  inputs: { Choices: [choice], ...rest },
});
const equals = { NextStep: 'a', Variable: '{{ P }}', StringEquals: 'x' };
const text = { parameters: { P: { type: 'String' } } };
const parameter = (declaration: object) => runbook([invoke('a')], { parameters: { P: declaration } });

describe('a runbook is refused by name with', () => {
  test.each<[string, object, RegExp]>([
    ['another schema', { ...runbook([invoke('a')]), schemaVersion: '2.2' }, /^InvalidDocumentSchemaVersion/],
    ['an unknown key', runbook([invoke('a')], { variables: {} }), /^InvalidDocumentContent: .*variables/],
    ['no step', runbook([]), /mainSteps/],
    ['an unknown action', runbook([{ name: 'a', action: 'aws:executeScript' }]), /aws:executeScript/],
    ['an unknown key of a step', runbook([invoke('a', {}, { onCancel: 'Abort' })]), /onCancel/],
    [
      'an unknown input',
      runbook([
        { name: 'a', action: 'aws:invokeLambdaFunction', inputs: { FunctionName: 'f', ClientContext: 'c' } },
      ]),
      /ClientContext/,
    ],
    ['a needed input missing', runbook([{ name: 'a', action: 'aws:approve' }]), /Approvers/],
    ['a name with a dash', runbook([invoke('a-b')]), /'a-b'/],
    ['a name twice', runbook([invoke('a'), invoke('a')]), /two steps have the name a/],
    ['a parameter that is not declared', runbook([invoke('a', { tag: '{{ Tag }}' })]), /\{\{ Tag \}\}/],
    ['a parameter of the Parameter Store', runbook([invoke('a', { tag: '{{ssm:/tag}}' })]), /ssm:\/tag/],
    ['an output of no step', runbook([invoke('a', { x: '{{ b.Payload }}' })]), /b\.Payload/],
    ['an output that its step has not', runbook([invoke('a')], { outputs: ['a.Result'] }), /a\.Result/],
    ['a nextStep that is no step', runbook([invoke('a', {}, { nextStep: 'b' })]), /step b, which does not/],
    ['an onFailure that is no step', runbook([invoke('a', {}, { onFailure: 'step:b' })]), /step b/],
    ['an onFailure of another kind', runbook([invoke('a', {}, { onFailure: 'Retry' })]), /Retry/],
    [
      'both isEnd and nextStep',
      runbook([invoke('a', {}, { isEnd: true, nextStep: 'b' }), invoke('b')]),
      /isEnd/,
    ],
    ['a circle', runbook([invoke('a'), invoke('b', {}, { nextStep: 'a' })]), /a -> b -> a/],
    ['no time at all', runbook([invoke('a', {}, { timeoutSeconds: 0 })]), /timeoutSeconds 0/],
    ['a time that is a text', runbook([invoke('a', {}, { timeoutSeconds: '60' })]), /timeoutSeconds/],
    ['no attempt', runbook([invoke('a', {}, { maxAttempts: 0 })]), /maxAttempts 0/],
    ['a criticality that is a text', runbook([invoke('a', {}, { isCritical: 'yes' })]), /isCritical/],
    [
      'a reserved output name',
      runbook([invoke('a', {}, { outputs: [{ Name: 'Payload', Selector: '$.Payload', Type: 'String' }] })]),
      /In step a, name: Payload is conflicting with .*reserved/,
    ],
    [
      'a selector of another language',
      runbook([invoke('a', {}, { outputs: [{ Name: 'x', Selector: '$.a[?(@.b)]', Type: 'String' }] })]),
      /selector/,
    ],
    [
      'an output of an unknown type',
      runbook([invoke('a', {}, { outputs: [{ Name: 'x', Selector: '$.a', Type: 'Number' }] })]),
      /Number/,
    ],
    ['a role that is none', runbook([invoke('a')], { assumeRole: 'admin' }), /assume role ARN/],
    ['a role in no parameter', runbook([invoke('a')], { assumeRole: '{{ Role }}' }), /Role/],
    ['a branch to no step', runbook([branch({ ...equals, NextStep: 'b' })], text), /step b/],
    [
      'an unknown operation',
      runbook([branch({ NextStep: 'a', Variable: '{{ P }}', Is: 1 }), invoke('a')], text),
      /Is/,
    ],
    ['two operations', runbook([branch({ ...equals, Contains: 'y' }), invoke('a')], text), /exactly one/],
    ['a parameter of another type', parameter({ type: 'MapList' }), /MapList; modelled are String/],
    [
      'a default not among the allowed',
      parameter({ type: 'String', default: 'c', allowedValues: ['a'] }),
      /\[a\]/,
    ],
    [
      'a default that does not match',
      parameter({ type: 'String', default: 'C', allowedPattern: '^c$' }),
      /\^c\$/,
    ],
    ['a default of another type', parameter({ type: 'Boolean', default: 'true' }), /not of type Boolean/],
    ['a pattern that is none', parameter({ type: 'String', allowedPattern: '(' }), /regular expression/],
  ])('%s', async (_, content, expected) => {
    const refused = await refusal(w.create('bad', content));
    expect(refused).toMatch(/^InvalidDocument/);
    expect(refused).toMatch(expected);
  });

  test('YAML that is none', async () => {
    expect(await refusal(createYaml('bad', 'a: [\n'))).toMatch(/^InvalidDocumentContent/);
  });
});
