import { expect, test } from 'vitest';
import { parseAnswer } from '../../lib/recovery/answer.ts';

const healthy = {
  v: 1,
  action: 'status',
  address: '10.0.1.50',
  mac: '02:00:00:00:00:0a',
  device: 'eth0',
  link: 'up',
  os: 'here',
  elsewhere: null,
  rule: 'not-needed',
  path: 'answered',
  witness: 'none',
  changed: false,
  verdict: 'ok',
  why: 'verified',
};
const line = `HOLDFAST ${JSON.stringify(healthy)}`;

test('the last marked line of the output is the answer', () => {
  const earlier = line.replace('"verified"', '"an earlier one"');
  expect(parseAnswer(`noise\n${earlier}\n+ ip addr show\n${line}\n\n`)).toEqual(healthy);
});

test('what a newer script says beyond this is left aside', () => {
  expect(parseAnswer(`HOLDFAST ${JSON.stringify({ ...healthy, extra: 1 })}`)).toEqual(healthy);
});

test.each([
  ['no output at all', '', 'no line'],
  ['a mark in the middle of a line', `said ${line}`, 'no line'],
  ['a line that was cut off', line.slice(0, -5), 'not JSON'],
  ['another version', line.replace('"v":1', '"v":2'), 'v:'],
  ['an unknown verdict', line.replace('"ok"', '"fine"'), 'verdict:'],
  ['a missing field', line.replace('"link":"up",', ''), 'link:'],
])('%s is no answer, and trying again may help', (_, stdout, message) => {
  expect(() => parseAnswer(stdout)).toThrow(message);
  expect(() => parseAnswer(stdout)).toThrow(
    expect.objectContaining({ code: 'invalid-answer', retry: 'later' }),
  );
});
