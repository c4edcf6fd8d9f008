// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are those of CloudFormation
import { expect, test } from 'vitest';
import {
  conditionHolds,
  evaluate,
  references,
  type Scope,
} from '../../lib/emulator/cloudformation/intrinsics.ts';
import { deploymentOrder } from '../../lib/emulator/cloudformation/order.ts';
import type { Template } from '../../lib/emulator/cloudformation/template.ts';

const template: Template = {
  Mappings: { Sizes: { 'us-east-1': { small: 't4g.micro' } } },
  Conditions: {
    Always: { 'Fn::Equals': ['a', 'a'] },
    Never: { 'Fn::Not': [{ Condition: 'Always' }] },
    Both: { 'Fn::And': [{ Condition: 'Always' }, { Condition: 'Never' }] },
    Either: { 'Fn::Or': [{ Condition: 'Always' }, { Condition: 'Never' }] },
  },
  Resources: { Table: { Type: 'AWS::DynamoDB::Table' } },
};

const scope: Scope = {
  template,
  parameters: new Map<string, unknown>([
    ['AWS::Region', 'us-east-1'],
    ['Stage', 'test'],
  ]),
  resources: new Map([
    ['Table', { physicalId: 'table-1', attributes: { Arn: 'arn:table-1', 'Stream.Arn': 'arn:stream' } }],
  ]),
};

const cases: readonly (readonly [fact: string, value: unknown, result: unknown])[] = [
  ['Ref of a resource is its physical id', { Ref: 'Table' }, 'table-1'],
  ['Ref of a parameter is its value', { Ref: 'Stage' }, 'test'],
  ['GetAtt takes a list', { 'Fn::GetAtt': ['Table', 'Arn'] }, 'arn:table-1'],
  ['GetAtt takes a dotted name with a nested attribute', { 'Fn::GetAtt': 'Table.Stream.Arn' }, 'arn:stream'],
  ['Join puts resolved parts together', { 'Fn::Join': ['-', ['a', { Ref: 'Stage' }]] }, 'a-test'],
  ['Join takes a list that Split makes', { 'Fn::Join': ['+', { 'Fn::Split': ['-', 'a-b'] }] }, 'a+b'],
  [
    'Sub replaces references and attributes',
    { 'Fn::Sub': '${AWS::Region}/${Table}/${Table.Arn}' },
    'us-east-1/table-1/arn:table-1',
  ],
  ['Sub keeps an escaped literal', { 'Fn::Sub': '${!Literal}' }, '${Literal}'],
  [
    'Sub prefers the variables it brings',
    { 'Fn::Sub': ['${Table}-${Own}', { Own: { Ref: 'Stage' } }] },
    'table-1-test',
  ],
  ['Select picks by index, also as text', { 'Fn::Select': ['1', ['a', { Ref: 'Stage' }]] }, 'test'],
  ['If takes the branch of its condition', { 'Fn::If': ['Never', 'yes', { Ref: 'Stage' }] }, 'test'],
  [
    'FindInMap looks two levels down',
    { 'Fn::FindInMap': ['Sizes', { Ref: 'AWS::Region' }, 'small'] },
    't4g.micro',
  ],
  ['NoValue leaves a property out', { a: 1, b: { Ref: 'AWS::NoValue' } }, { a: 1 }],
  ['NoValue leaves a list item out', ['a', { 'Fn::If': ['Never', 'b', { Ref: 'AWS::NoValue' }] }], ['a']],
  [
    'the Condition of a policy statement is data',
    { Condition: { StringEquals: { k: 'v' } } },
    { Condition: { StringEquals: { k: 'v' } } },
  ],
];

test.each(cases)('%s', (_fact, value, result) => {
  expect(evaluate(value, scope)).toEqual(result);
});

test('conditions build on each other', () => {
  const holding = ['Always', 'Never', 'Both', 'Either'].filter((name) => conditionHolds(name, scope));
  expect(holding).toEqual(['Always', 'Either']);
});

test('a function that is not modelled is refused by name', () => {
  expect(() => evaluate({ 'Fn::ImportValue': 'x' }, scope)).toThrow(/the intrinsic function Fn::ImportValue/);
});

test('an attribute that a resource does not have is refused with its type', () => {
  expect(() => evaluate({ 'Fn::GetAtt': ['Table', 'Size'] }, scope)).toThrow(
    /AWS::DynamoDB::Table \(Table\).*\{Size\}/,
  );
});

test('references are found at any depth and in both forms of Sub', () => {
  const value = [{ a: { 'Fn::Sub': ['${A.Arn}', { x: { Ref: 'B' } }] } }, { 'Fn::GetAtt': 'C.Arn' }];
  expect([...references(value)].sort()).toEqual(['A', 'B', 'C']);
});

const resource = (properties: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  Type: 'T',
  Properties: properties,
  ...more,
});

test('resources come after what they refer to or depend on', () => {
  const Resources = {
    Alias: resource({ of: { Ref: 'Version' } }, { DependsOn: 'Policy' }),
    Version: resource({ of: { 'Fn::Sub': ['${F}${own}', { own: 'x' }] } }),
    F: resource({}),
    Policy: resource({}),
  };
  const order = deploymentOrder({ Resources }, new Set(Object.keys(Resources)));
  expect(order).toEqual(['F', 'Version', 'Policy', 'Alias']);
});

test('a cycle is refused with its members', () => {
  const Resources = { A: resource({ b: { Ref: 'B' } }), B: resource({ a: { Ref: 'A' } }) };
  expect(() => deploymentOrder({ Resources }, new Set(['A', 'B']))).toThrow(
    /Circular dependency.*\[A, B, A\]/,
  );
});

test('a reference to nothing is refused', () => {
  const Resources = { A: resource({ b: { Ref: 'Nowhere' } }) };
  expect(() => deploymentOrder({ Resources }, new Set(['A']))).toThrow(/\[Nowhere\] in the resource A/);
});
