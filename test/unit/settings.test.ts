import { expect, test } from 'vitest';
import { environmentOf, functionSettings, readSettings, settingNames } from '../../lib/recovery/settings.ts';

const recover = { table: 't', document: 'd', failoverFunction: 'f', pageTopic: 'p' };

test('what the construct sets is what the function reads', () => {
  expect(readSettings('recover', environmentOf('recover', recover))).toEqual(recover);
});

test('a function is told only what it needs', () => {
  const operate = { table: 't', recoverFunction: 'r' };
  const environment = environmentOf('operate', operate);
  expect(environment).toEqual({ HOLDFAST_TABLE: 't', HOLDFAST_RECOVER_FUNCTION: 'r' });
  expect(readSettings('operate', { ...environmentOf('recover', recover), ...environment })).toEqual(operate);
});

test('a function that was not told something names every missing variable', () => {
  const read = () => readSettings('failover', { HOLDFAST_TABLE: 't', HOLDFAST_DOCUMENT: '' });
  expect(read).toThrow(
    'the failover function needs HOLDFAST_DOCUMENT, HOLDFAST_DEPENDENT_DOCUMENT, HOLDFAST_PAGE_TOPIC in its environment',
  );
  expect(read).toThrow(expect.objectContaining({ code: 'invalid-settings', retry: 'never' }));
});

test('every setting is needed by some function, and no two share a variable', () => {
  const needed = new Set(Object.values(functionSettings).flat());
  expect([...needed].sort()).toEqual(Object.keys(settingNames).sort());
  expect(new Set(Object.values(settingNames)).size).toBe(Object.keys(settingNames).length);
});
