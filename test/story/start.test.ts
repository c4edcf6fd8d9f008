import { describe, expect, test } from 'vitest';
import { run } from './programs.ts';

test('the story ends as told: moved to the backup, then failed over, and the last line says so', () => {
  const { code, stdout, stderr } = run('start.ts', ['--once', '--json', '--port', '0', '--speed', '60']);
  expect(stderr).toContain('The story ended as told.');
  expect(code).toBe(0);
  const result = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  expect(result).toMatchObject({
    ok: true,
    problems: [],
    resource: {
      tag: 'ip-db',
      state: 'ISP',
      activeServer: 'ServerB',
      info: {
        ServerA: 'ServerA eth1 10.0.1.50 ffffff00 eth0',
        ServerB: 'ServerB eth0 10.0.1.50 ffffff00 eth1',
      },
    },
  });
  const recoveries: readonly { outcome: string; stagesMs: Record<string, number> }[] = result.recoveries;
  const acted = recoveries.filter(({ outcome }) => outcome !== 'held' && outcome !== 'failed');
  expect(acted.map(({ outcome }) => outcome)).toEqual(['moved-to-backup', 'failed-over']);
  for (const { stagesMs } of acted) expect(Object.keys(stagesMs)).toContain('assign');
  expect(result.audit.length).toBeGreaterThan(10);
});

describe('refuses what it does not understand, and says what is allowed', () => {
  test.each([
    ['an unknown option', ['--fast'], "Unknown option '--fast'"],
    ['a port that is none', ['--port', 'x'], '--port "x" is not a port from 0 to 65535'],
    ['a port beyond the last', ['--port', '70000'], '--port "70000" is not a port from 0 to 65535'],
    ['a clock that stands still', ['--speed', '0'], '--speed "0" is not a number from 1 to 1000'],
    ['JSON without an end', ['--json'], '--json goes with --once'],
    ['no story, told once', ['--no-story', '--once'], '--no-story and --once exclude each other'],
    [
      'a story that nobody has written',
      ['--story', 'fairy'],
      '--story "fairy" is not a story; allowed: interfaces, hierarchy, cross-zone',
    ],
    ['a stray word', ['story'], "Unexpected argument 'story'"],
  ])('%s', (_, args, message) => {
    const { code, stderr, stdout } = run('start.ts', args);
    expect(stderr).toContain(message);
    expect(stderr).toContain('Usage: npm start');
    expect(stdout).toBe('');
    expect(code).toBe(64);
  });

  test('a fleet file that is not there', () => {
    const { code, stderr } = run('start.ts', ['--once', '--port', '0', '--fleet', 'nowhere.yaml']);
    expect(stderr).toContain('nowhere.yaml: cannot be read (ENOENT)');
    expect(code).toBe(78);
  });
});
