import { expect, test } from 'vitest';
import { parseDependentAnswer } from '../../lib/recovery/dependent-answer.ts';

const started = {
  v: 1,
  action: 'start',
  tag: 'ip-db',
  name: 'database',
  state: 'in-service',
  changed: true,
  checked: true,
  exit: 0,
  timedOut: false,
  why: 'verified',
  output: 'HOLDFAST {"v":2}\nsaid "so"',
  ms: 1250,
};
const line = `HOLDFAST ${JSON.stringify(started)}`;

test('the last marked line of the output is the answer', () => {
  expect(parseDependentAnswer(`noise\n${line.replace('start', 'stop')}\n${line}\n\n`)).toEqual(started);
});

test('what the script does not take is an answer too', () => {
  const refused = { action: null, tag: null, name: null, state: 'unknown', exit: null, why: 'usage' };
  const answer = { ...started, ...refused, changed: false, checked: false };
  expect(parseDependentAnswer(`HOLDFAST ${JSON.stringify(answer)}`)).toEqual(answer);
});

test.each([
  ['no output at all', '', 'no line'],
  ['a line that was cut off', line.slice(0, -5), 'not JSON'],
  ['another version', line.replace('"v":1', '"v":2'), 'v:'],
  ['an unknown state', line.replace('in-service', 'fine'), 'state:'],
  ['an unknown reason', line.replace('verified', 'because'), 'why:'],
  ['a missing field', line.replace('"checked":true,', ''), 'checked:'],
  ['an answer about an address', line.replace('"start"', '"restore"'), 'action:'],
])('%s is no answer, and trying again may help', (_, stdout, message) => {
  expect(() => parseDependentAnswer(stdout)).toThrow(message);
  expect(() => parseDependentAnswer(stdout)).toThrow(
    expect.objectContaining({ code: 'invalid-answer', retry: 'later' }),
  );
});
