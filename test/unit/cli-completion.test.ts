import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { everyCommand } from '../../lib/operator/holdfast.ts';
import { runHoldfast } from './cli-programs.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

test.each(shells)('for %s names every command and every option', async (shell) => {
  const { code, out } = await runHoldfast(['completion', shell]);
  expect(code).toBe(0);
  for (const { name, options } of await everyCommand()) {
    expect(out).toContain(name);
    for (const option of options)
      expect(out).toContain(shell === 'fish' ? ` -l ${option.name}` : `--${option.name}`);
  }
});

describe.each(shells)('%s', (shell) => {
  const there = spawnSync(shell, ['-c', 'exit 0']).status === 0;
  const because = there ? '' : ` (skipped: ${shell} is not installed)`;

  test.skipIf(!there)(`reads it without complaint${because}`, async () => {
    const { out } = await runHoldfast(['completion', shell]);
    const directory = mkdtempSync(join(tmpdir(), 'holdfast-completion-'));
    const file = join(directory, shell);
    try {
      writeFileSync(file, out);
      const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

test('bash completes commands, options and modes', async () => {
  const { out } = await runHoldfast(['completion', 'bash']);
  const complete = (...words: readonly string[]) => {
    const script = `${out}
COMP_WORDS=(holdfast "$@"); COMP_CWORD=$#; _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = spawnSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' });
    return stdout.trim().split('\n');
  };
  expect(complete('sw')).toEqual(['switchover']);
  expect(complete('move', 'ip-db', '--t')).toEqual(['--to', '--timeout']);
  expect(complete('--json', 'automation', 'ip-db', 'o')).toEqual(['on', 'observe', 'off']);
});
