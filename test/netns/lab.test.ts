import { describe, expect, test } from 'vitest';
import { whyNoNamespaces } from '../../lib/emulator/netns/requirements.ts';
import type { LabResult } from '../../lib/lab/result.ts';
import { run } from '../story/programs.ts';

const missing = whyNoNamespaces();

test.skipIf(missing !== undefined)(
  `a client misses the address when eth0 dies and when its instance dies, and has it back each time${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    const { code, stdout, stderr } = run('lab.ts', ['--once', '--json']);
    expect(stderr).toContain('The lab ended as told.');
    const { ok, runs } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as {
      readonly ok: boolean;
      readonly runs: readonly LabResult[];
    };
    expect([code, ok, runs[0]?.problems]).toEqual([0, true, []]);
    expect(runs[0]?.incidents.map(({ incident, from, to }) => [incident, from, to])).toEqual([
      ['eth0-dies', 'ServerA eth0', 'ServerA eth1'],
      ['instance-dies', 'ServerA eth1', 'ServerB eth0'],
    ]);
    for (const { client } of runs[0]?.incidents ?? []) expect(client?.lostProbes).toBeGreaterThan(0);
  },
  180_000,
);

describe('the lab refuses what it does not understand, and says what is allowed', () => {
  test.each([
    ['an unknown option', ['--fast'], "Unknown option '--fast'"],
    ['no end', [], 'say so with --once'],
    ['no runs', ['--once', '--runs', '0'], '--runs "0" is not a number from 1 to 100'],
    ['too many runs', ['--once', '--runs', '101'], '--runs "101" is not a number from 1 to 100'],
  ])('%s', (_, args, message) => {
    const { code, stderr, stdout } = run('lab.ts', args);
    expect(stderr).toContain(message);
    expect(stderr).toContain('Usage: npm run lab');
    expect([stdout, code]).toEqual(['', 64]);
  });

  test.skipIf(missing !== undefined)('a fleet file that is not there', () => {
    const { code, stderr } = run('lab.ts', ['--once', '--fleet', 'nowhere.yaml']);
    expect(stderr).toContain('nowhere.yaml: cannot be read (ENOENT)');
    expect(code).toBe(78);
  });
});
