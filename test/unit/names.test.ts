import { expect, test } from 'vitest';
import {
  alarmPrefix,
  alarmSubject,
  healthAlarmName,
  operateFunctionName,
  statusAlarmName,
  tagPattern,
} from '../../lib/recovery/names.ts';

test('an alarm says by its name which resource or server it is about', () => {
  expect(alarmSubject('prod', healthAlarmName('prod', 'ip-db'))).toEqual({ kind: 'health', tag: 'ip-db' });
  expect(alarmSubject('prod', statusAlarmName('prod', 'ServerA'))).toEqual({
    kind: 'status',
    server: 'ServerA',
  });
});

test.each(['holdfast-prod-engine', 'holdfast-prod-', 'holdfast-other-health-ip-db', 'health-ip-db', ''])(
  'the alarm "%s" is none that moves anything in the fleet prod',
  (name) => {
    expect(alarmSubject('prod', name)).toEqual({ kind: 'unknown' });
  },
);

test('a fleet whose name begins with the name of another does not read its alarms', () => {
  expect(alarmSubject('prod', healthAlarmName('prod-2', 'ip-db'))).toEqual({ kind: 'unknown' });
});

test('what the stack names begins with the name of the fleet', () => {
  expect(operateFunctionName('prod').startsWith(alarmPrefix('prod'))).toBe(true);
});

test.each(['ip-db', 'a', '0', 'a'.repeat(63)])('"%s" is a tag', (tag) => expect(tag).toMatch(tagPattern));
test.each(['', '-a', 'IP', 'a b', 'a#b', 'a'.repeat(64)])('"%s" is no tag', (tag) =>
  expect(tag).not.toMatch(tagPattern),
);
