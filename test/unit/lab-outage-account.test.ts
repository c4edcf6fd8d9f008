import { describe, expect, it } from 'vitest';
import { accountFor, type Course } from '../../lib/lab/outage-account.ts';

const course: Course = {
  lastAnswerMs: 0,
  firstAnswerMs: 1_000,
  noticedMs: 300,
  endedMs: 1_100,
  stagesMs: { detect: 100, claim: 50, observe: 150, host: 400, commit: 100 },
};

describe('the account of an outage', () => {
  it('is complete when stages fill the time from the break to the end', () => {
    expect(accountFor(course)).toEqual({
      stretches: [
        { stage: 'noticed', fromMs: 0, untilMs: 300 },
        { stage: 'detect', fromMs: 300, untilMs: 400 },
        { stage: 'claim', fromMs: 400, untilMs: 450 },
        { stage: 'observe', fromMs: 450, untilMs: 600 },
        { stage: 'host', fromMs: 600, untilMs: 1_000 },
      ],
      inNoStageMs: 0,
      inNoStagePercent: 0,
    });
  });

  it('counts of the stage in which the client was answered only what came before', () => {
    const { stretches, inNoStageMs } = accountFor({ ...course, firstAnswerMs: 700 });
    expect(stretches.at(-1)).toEqual({ stage: 'host', fromMs: 600, untilMs: 700 });
    expect(inNoStageMs).toBe(0);
  });

  it('does not let stages after the first answer pay for time in no stage', () => {
    const { commit: _, ...before } = course.stagesMs;
    const late = accountFor({ ...course, endedMs: 1_300, stagesMs: { ...before, commit: 200 } });
    expect(late.inNoStageMs).toBe(100);
    expect(late.inNoStagePercent).toBe(10);
    expect(late.stretches.map(({ stage }) => stage)).not.toContain('commit');
  });

  it('counts what the client missed before the break, and after the recovery had ended', () => {
    expect(accountFor({ ...course, lastAnswerMs: -30 }).inNoStageMs).toBe(30);
    expect(accountFor({ ...course, firstAnswerMs: 1_180 }).inNoStageMs).toBe(80);
  });

  it('begins with the last answer, also when that came after the break', () => {
    const { stretches, inNoStageMs } = accountFor({ ...course, lastAnswerMs: 20 });
    expect(stretches[0]).toEqual({ stage: 'noticed', fromMs: 20, untilMs: 300 });
    expect(inNoStageMs).toBe(0);
  });

  it('never counts a moment twice when stages took longer than there was time', () => {
    const { stretches, inNoStageMs } = accountFor({ ...course, endedMs: 800 });
    expect(stretches.reduce((sum, { fromMs, untilMs }) => sum + untilMs - fromMs, 0)).toBe(1_000);
    expect(inNoStageMs).toBe(0);
  });

  it('has no negative stretch for an event that bears an earlier time than the break', () => {
    const { stretches } = accountFor({ ...course, noticedMs: -2 });
    expect(stretches.every(({ fromMs, untilMs }) => untilMs > fromMs)).toBe(true);
    expect(stretches[0]).toEqual({ stage: 'detect', fromMs: 0, untilMs: 100 });
  });
});
