/**
 * Steps of the tests keep the contract of Steps. What they leave out: plain steps remember nothing, so nothing can end
 * their function; neither ends an invocation to wait.
 */
import { describe } from 'vitest';
import type { Steps } from '../../lib/recovery/steps.ts';
import { manualClock } from '../fakes/clock.ts';
import { Crash, replayedSteps } from '../fakes/replayed-steps.ts';
import { fakePeople, plainSteps } from '../fakes/steps.ts';
import { branchesContract } from './ports-branches.ts';
import { type StepsSubject, stepsContract } from './ports-steps.ts';

const mostLives = 10;

function plain(): StepsSubject {
  const clock = manualClock();
  const people = fakePeople(clock);
  return {
    run: (workflow) => workflow(plainSteps(clock, people)),
    now: () => clock.now(),
    confirmations: people,
    later: (ms, then) => void clock.sleep(ms).then(then),
    crash: () => Promise.reject(new Error('plain steps remember nothing')),
  };
}

function replayed(): StepsSubject {
  const clock = manualClock();
  const people = fakePeople(clock);
  return {
    async run<T>(workflow: (steps: Steps) => Promise<T>): Promise<T> {
      const replay = replayedSteps(clock, people);
      for (let life = 0; life < mostLives; life += 1)
        try {
          return await replay.run(workflow);
        } catch (error) {
          if (!(error instanceof Crash)) throw error;
        }
      throw new Error(`not done in ${mostLives} lives`);
    },
    now: () => clock.now(),
    confirmations: people,
    later: (ms, then) => void clock.sleep(ms).then(then),
    crash: () => Promise.reject(new Crash('in the middle of a body')),
  };
}

describe('plain steps', () => {
  stepsContract(plain, false);
  branchesContract(plain);
});

describe('replayed steps', () => {
  stepsContract(replayed, true);
  branchesContract(replayed);
});
