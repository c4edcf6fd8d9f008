import { describe, expect, it } from 'vitest';
import type { Told } from '../../lib/lab/incidents.ts';
import { medianOf } from '../../lib/lab/median.ts';
import { linesOf, resultOf, summaryOf } from '../../lib/lab/result.ts';
import { linesOfRivals } from '../../lib/lab/rivals.ts';
import { sideBySide } from './lab-results.ts';

const brokenAtMs = 1_000_000;
const place = { server: 'ServerA', interface: 'eth0' };
const told: Told = {
  tag: 'ip-db',
  incidents: [
    {
      name: 'eth0-dies',
      brokenAtMs,
      recovery: {
        version: 1,
        kind: 'summary',
        tag: 'ip-db',
        recoveryId: 'r-1',
        epoch: 3,
        trigger: { kind: 'tick', atMs: brokenAtMs + 70 },
        startedAtMs: brokenAtMs + 100,
        atMs: brokenAtMs + 560,
        outcome: 'moved-to-backup',
        reason: 'link-down',
        words: 'the link is down',
        from: place,
        to: { ...place, interface: 'eth1' },
        stagesMs: { detect: 30, claim: 40, host: 350, commit: 20 },
      },
      outages: [
        {
          lastAnswerMs: brokenAtMs - 5,
          firstAnswerMs: brokenAtMs + 495,
          answeredBy: 'i-a',
          lostProbes: 49,
        },
      ],
    },
  ],
  activeServer: 'ServerA',
  state: 'ISP',
  assigns: 1,
  probes: 500,
};
const servers = new Map([['i-a', 'ServerA']]);
const conditions = { lane: 'fast', deathKnownBy: 'event', awsLatency: 'typical' } as const;

describe('the result of a lab run', () => {
  const result = resultOf(told, servers, 'ServerA', conditions);

  it('has what the client saw beside the stages, and how much these explain', () => {
    expect(result).toMatchObject({
      ok: true,
      lane: 'fast',
      deathKnownBy: 'event',
      awsLatency: 'typical',
      problems: [],
    });
    expect(result.incidents[0]).toMatchObject({
      client: { lastAnswerMs: -5, firstAnswerMs: 495, outageMs: 500, lostProbes: 49 },
      noticedMs: 70,
      endedMs: 560,
      // 50 ms between start and claim, 5 ms before the break
      inNoStage: { ms: 55, percent: 11 },
    });
  });

  it('says in words under which conditions, and what is in no stage', () => {
    const lines = linesOf(result);
    expect(lines[0]).toBe('eth0-dies, fast lane: ServerA eth0 → ServerA eth1, moved-to-backup (link-down)');
    expect(lines).toContain('  in no stage: 55 ms (11.0 % of the outage)');
  });

  it('has no account of an outage that was not one', () => {
    const twice = told.incidents.map((each) => ({ ...each, outages: [...each.outages, ...each.outages] }));
    const { ok, incidents, problems } = resultOf(
      { ...told, incidents: twice },
      servers,
      'ServerA',
      conditions,
    );
    expect([ok, incidents[0]?.client, incidents[0]?.inNoStage]).toEqual([false, null, null]);
    expect(problems).toEqual(['eth0-dies: the client saw 2 outages']);
  });

  it('keeps lanes apart in the summary of several runs', () => {
    expect(summaryOf(sideBySide.runs)).toEqual([
      'eth0-dies, fast lane: outage median 480 ms, from 470 to 530 ms in 3 runs',
      'instance-dies, by event: outage median 3900 ms, from 3900 to 3900 ms in 3 runs',
      'eth0-dies, alarm lane: outage median 29438 ms, from 29438 to 29438 ms in 3 runs',
    ]);
  });
});

it('names every rival with its median, or with the reason why there is none, and what is not charged', () => {
  expect(linesOfRivals(sideBySide.rivals ?? []).slice(0, 2)).toEqual([
    'keepalived (advert_int 1, the default): outage median 3180 ms of 2800, 3431, 3180 ms',
    'bonding (miimon 100): not measured: no <driver> & "none" to be had',
  ]);
  expect(linesOfRivals([]).join(' ')).toContain('no AWS CLI');
});

it.each([
  [[], undefined],
  [[7], 7],
  [[9, 1, 5], 5],
  [[10, 1, 20, 13], 12],
])('the median of %j is %s', (values, median) => {
  expect(medianOf(values)).toBe(median);
});
