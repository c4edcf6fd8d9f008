import { expect, test } from 'vitest';
import { matchesPattern, readPattern } from '../../lib/emulator/events/pattern.ts';

const event = {
  source: 'aws.ec2',
  'detail-type': 'EC2 Instance State-change Notification',
  resources: [
    'arn:aws:ec2:us-east-1:123456789012:instance/i-1',
    'arn:aws:ec2:us-east-1:123456789012:instance/i-2',
  ],
  detail: {
    state: 'stopped',
    count: 3,
    ready: false,
    reason: null,
    tags: [{ key: 'a' }, { key: 'b' }],
    none: [],
  },
};

test.each<[string, unknown]>([
  ['exact text', { source: ['aws.ec2'] }],
  ['one of several values', { detail: { state: ['running', 'stopped'] } }],
  ['a number', { detail: { count: [3] } }],
  ['a boolean', { detail: { ready: [false] } }],
  ['null', { detail: { reason: [null] } }],
  ['one item of an array', { resources: ['arn:aws:ec2:us-east-1:123456789012:instance/i-2'] }],
  ['an object inside an array', { detail: { tags: { key: ['b'] } } }],
  ['a prefix', { resources: [{ prefix: 'arn:aws:ec2:' }] }],
  ['a prefix in any case', { source: [{ prefix: { 'equals-ignore-case': 'AWS.' } }] }],
  ['a suffix', { resources: [{ suffix: '/i-1' }] }],
  ['a suffix in any case', { source: [{ suffix: { 'equals-ignore-case': 'EC2' } }] }],
  ['anything but a value', { detail: { state: [{ 'anything-but': 'running' }] } }],
  ['anything but a list', { detail: { state: [{ 'anything-but': ['running', 'pending'] }] } }],
  ['anything but a prefix', { detail: { state: [{ 'anything-but': { prefix: 'run' } }] } }],
  [
    'anything but one of several suffixes',
    { detail: { state: [{ 'anything-but': { suffix: ['ing', 'ed!'] } }] } },
  ],
  ['a field that is there', { detail: { state: [{ exists: true }] } }],
  ['a field that is not there', { detail: { missing: [{ exists: false }] } }],
  ['a range of numbers', { detail: { count: [{ numeric: ['>', 0, '<=', 3] }] } }],
  ['an equal number', { detail: { count: [{ numeric: ['=', 3] }] } }],
  ['text in any case', { detail: { state: [{ 'equals-ignore-case': 'STOPPED' }] } }],
  ['a wildcard', { resources: [{ wildcard: 'arn:*:instance/i-*' }] }],
  ['all fields of a pattern', { source: ['aws.ec2'], detail: { state: ['stopped'] } }],
])('an event matches %s', (_, pattern) => {
  expect(matchesPattern(readPattern(JSON.stringify(pattern)), event)).toBe(true);
});

test.each<[string, unknown]>([
  ['other text', { source: ['aws.ssm'] }],
  ['the text of a number', { detail: { count: ['3'] } }],
  ['part of a pattern only', { source: ['aws.ec2'], detail: { state: ['running'] } }],
  ['a field that it lacks', { detail: { missing: ['x'] } }],
  ['anything but the value it has', { detail: { state: [{ 'anything-but': ['stopped'] }] } }],
  ['anything but on a field that it lacks', { detail: { missing: [{ 'anything-but': 'x' }] } }],
  ['exists on an object, which is no leaf', { detail: [{ exists: true }] }],
  ['exists on an empty array', { detail: { none: [{ exists: true }] } }],
  ['a range that ends below', { detail: { count: [{ numeric: ['>', 0, '<', 3] }] } }],
  ['a wildcard whose tail differs', { resources: [{ wildcard: '*i-3' }] }],
  ['a wildcard with a star meant literally', { detail: { state: [{ wildcard: 'stop\\*' }] } }],
])('an event does not match %s', (_, pattern) => {
  expect(matchesPattern(readPattern(JSON.stringify(pattern)), event)).toBe(false);
});

test.each<[string, string, string]>([
  ['text that is no JSON', '{', 'Invalid JSON'],
  ['a list', '[]', 'Filter is not an object'],
  ['an empty object', '{"detail":{}}', 'Empty objects are not allowed'],
  ['an empty array', '{"source":[]}', 'Empty arrays are not allowed'],
  ['a bare value', '{"source":"aws.ec2"}', '"source" must be an object or an array'],
  [
    'an operator that is not modelled',
    '{"source":[{"cidr":"10.0.0.0/8"}]}',
    'Unrecognized match type cidr at source',
  ],
  ['alternatives', '{"$or":[{"source":["a"]}]}', 'Unrecognized match type $or'],
  ['two operators in one', '{"source":[{"prefix":"a","suffix":"b"}]}', 'one operator at source'],
  ['two stars in a row', '{"source":[{"wildcard":"a**"}]}', 'Consecutive wildcard characters at source'],
  ['an unknown comparison', '{"n":[{"numeric":["~",1]}]}', 'Unrecognized numeric range operator: ~ at n'],
  ['exists of a text', '{"n":[{"exists":"yes"}]}', 'exists match pattern must be either true or false at n'],
])('a pattern with %s is refused with its reason', (_, text, reason) => {
  expect(() => readPattern(text)).toThrow(
    expect.objectContaining({
      code: 'InvalidEventPatternException',
      message: expect.stringContaining(`Event pattern is not valid. Reason: `),
    }),
  );
  expect(() => readPattern(text)).toThrow(reason);
});
