import { expect, test } from 'vitest';
import {
  inServiceState,
  legalTransitions,
  type ResourceState,
  transition,
} from '../../lib/recovery/states.ts';

const states: readonly ResourceState[] = ['ISP', 'ISU', 'OSU', 'OSF', 'ILLSTATE'];

test('a resource that was once known is never unknown again', () => {
  for (const from of states) expect(legalTransitions[from]).not.toContain('ILLSTATE');
  expect(() => transition('ISP', 'ILLSTATE')).toThrow('a resource in state ISP cannot become ILLSTATE');
});

test('every state may stay as it is, and every known state is reached from every other', () => {
  for (const from of states) {
    expect(transition(from, from)).toBe(from);
    for (const to of states.filter((state) => state !== 'ILLSTATE')) expect(transition(from, to)).toBe(to);
  }
});

test.each([
  ['protected', { automation: 'on', paused: false, armed: true }, 'ISP'],
  ['paused', { automation: 'on', paused: true, armed: true }, 'ISU'],
  ['observed only', { automation: 'observe', paused: false, armed: true }, 'ISU'],
  ['switched off', { automation: 'off', paused: false, armed: true }, 'ISU'],
  ['never seen healthy', { automation: 'on', paused: false, armed: false }, 'ISU'],
] as const)('a resource in service that is %s is in state %s', (_, protection, state) => {
  expect(inServiceState(protection)).toBe(state);
});
