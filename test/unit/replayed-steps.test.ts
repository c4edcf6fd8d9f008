/** The tests' own steps with memory: what they promise to the tests that interrupt workflows. */
import { expect, test } from 'vitest';
import type { Steps } from '../../lib/recovery/steps.ts';
import { manualClock } from '../fakes/clock.ts';
import { Crash, replayedSteps } from '../fakes/replayed-steps.ts';

function workflowOver(ran: string[]) {
  const branch = (name: string) => ({
    name,
    run: (steps: Steps) => steps.step('work', async () => ran.push(name)),
  });
  return async (steps: Steps) => {
    await steps.step('first', async () => ran.push('first'));
    await steps.together('both', [branch('left'), branch('right')], 2);
    await steps.sleep('pause', 5_000);
    return steps.step('last', async () => ran.push('last'));
  };
}

test('a run has a moment before each body, one before its result is remembered, and one after', async () => {
  const replay = replayedSteps(manualClock());
  await replay.run(workflowOver([]));
  expect(replay.moments).toEqual([
    'before /first',
    'between /first and its memory',
    'after /first',
    'before /both/left/work',
    'before /both/right/work',
    'between /both/left/work and its memory',
    'between /both/right/work and its memory',
    'after /both/left/work',
    'after /both/right/work',
    'before /pause',
    'between /pause and its memory',
    'after /pause',
    'before /last',
    'between /last and its memory',
    'after /last',
  ]);
});

test('a run that dies at any moment is ended by the next, and only what was not remembered runs again', async () => {
  const whole = replayedSteps(manualClock());
  await whole.run(workflowOver([]));
  for (let moment = 1; moment <= whole.moments.length; moment += 1) {
    const ran: string[] = [];
    const replay = replayedSteps(manualClock());
    await expect(replay.run(workflowOver(ran), moment)).rejects.toThrow(Crash);
    const lost = ran.length - replay.remembered.filter((path) => path !== '/pause').length;
    await replay.run(workflowOver(ran));
    expect(new Set(ran)).toEqual(new Set(['first', 'left', 'right', 'last']));
    expect({ moment, twice: ran.length - 4 }).toEqual({ moment, twice: lost });
  }
});

test('a body that meets a crash ends its run, and is not remembered', async () => {
  const replay = replayedSteps(manualClock());
  let lives = 0;
  const workflow = (steps: Steps) =>
    steps.step('mortal', async () => {
      lives += 1;
      if (lives === 1) throw new Crash('in the middle');
      return lives;
    });
  await expect(replay.run(workflow)).rejects.toThrow('in the middle');
  expect(await replay.run(workflow)).toBe(2);
});

test('a workflow that asks for something else when it is replayed is told so', async () => {
  const replay = replayedSteps(manualClock());
  await replay.run((steps) => steps.step('this', async () => 1));
  await expect(replay.run((steps) => steps.step('that', async () => 1))).rejects.toThrow(
    'asks for step /that where it asked for step /this',
  );
});

test('two steps of one name beside each other are a bug', async () => {
  const replay = replayedSteps(manualClock());
  const twice = async (steps: Steps) => {
    await steps.step('same', async () => 1);
    await steps.step('same', async () => 2);
  };
  await expect(replay.run(twice)).rejects.toThrow('there are two steps /same');
});
