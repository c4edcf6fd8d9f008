/** Results of lab runs, as they are made and as a test wants them. */
import type { LabOutput, LabResult, Measured } from '../../lib/lab/result.ts';

export function measured(incident: Measured['incident'], outageMs: number): Measured {
  return {
    incident,
    outcome: 'moved-to-backup',
    reason: 'link-down',
    from: 'ServerA eth0',
    to: 'ServerA eth1',
    client: { lastAnswerMs: 4, firstAnswerMs: outageMs + 4, outageMs, lostProbes: Math.floor(outageMs / 10) },
    noticedMs: 60,
    endedMs: outageMs + 24,
    stagesMs: { detect: 20, claim: 40, assign: 15, host: outageMs - 131, commit: 20 },
    inNoStage: { ms: 0, percent: 0 },
  };
}

export function labResult(lane: LabResult['lane'], incidents: readonly Measured[]): LabResult {
  return {
    ok: true,
    lane,
    deathKnownBy: 'event',
    awsLatency: 'typical',
    incidents,
    probes: 3_000,
    problems: [],
  };
}

export const sideBySide: LabOutput = {
  ok: true,
  runs: [480, 530, 470].flatMap((outageMs) => [
    labResult('fast', [measured('eth0-dies', outageMs), measured('instance-dies', 3_900)]),
    labResult('alarm', [measured('eth0-dies', 29_438)]),
  ]),
  rivals: [
    {
      name: 'keepalived',
      configuration: 'advert_int 1, the default',
      outagesMs: [2_800, 3_431, 3_180],
      medianMs: 3_180,
      lostProbes: [279, 342, 317],
    },
    { name: 'bonding', configuration: 'miimon 100', notMeasured: 'no <driver> & "none" to be had' },
  ],
};
