import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { addressScript } from '../../lib/host/address-script.ts';
import { addressDocument } from '../../lib/host/document.ts';
import { answerOf, rendered } from './asked.ts';
import { cases } from './cases.ts';
import { execute, type Guest, removeKernels, startKernel, startModel } from './labs.ts';
import { has, noKernel, shells, titled } from './shells.ts';
import { transcript } from './transcript.ts';
import { transcripts } from './transcripts.ts';

const text = `${addressScript()}main\n`;
const directory = mkdtempSync(join(tmpdir(), 'holdfast-script-'));
const script = join(directory, 'address.sh');
writeFileSync(script, text);
afterAll(() => rmSync(directory, { recursive: true }));

function iproute2(): string {
  return spawnSync('ip', ['-V'], { encoding: 'utf8' }).stdout;
}

afterAll(removeKernels);

describe.concurrent.each(shells)('on a real kernel under %s %s', (...shell) => {
  const words = shell.filter((word) => word !== undefined) as [string, ...string[]];
  const reason = noKernel ?? (has(words[0]) ? undefined : `${words[0]} is missing`);
  for (const { title, holds } of cases)
    test.skipIf(reason !== undefined)(titled(title, reason), () => on(startKernel(words), holds), 60_000);
});

async function on(starting: Promise<Guest>, holds: (guest: Guest) => Promise<void>): Promise<void> {
  const guest = await starting;
  try {
    await holds(guest);
  } finally {
    await guest.dispose();
  }
}

describe('on the model', () => {
  for (const { title, holds } of cases) test(title, () => on(startModel(), holds));

  test('the longest run there is ends within 12 s of the clock', async () => {
    const guest = await startModel();
    await guest.run('ip addr add 10.0.1.50/32 dev eth1; ip link set dev eth1 down');
    const startMs = guest.clock.now();
    const mended = guest.clock.after(2900, () => void guest.setLink('eth1', 'up'));
    await guest.setLink('eth1', 'down');
    const outcome = await guest.run(rendered({ Action: 'restore' }));
    mended.cancel();
    expect(answerOf(outcome)).toMatchObject({ link: 'up', why: 'path-unanswered' });
    expect(guest.clock.now() - startMs).toBeLessThanOrEqual(12_000);
  });
});

describe('ip and ping say the same', () => {
  for (const { title, commands, expected } of transcripts) {
    const reason =
      noKernel ?? (iproute2().includes('iproute2-6') ? undefined : 'these are the words of iproute2 6');
    test.skipIf(reason !== undefined)(titled(`on a real kernel: ${title}`, reason), () =>
      on(startKernel(['sh']), async (guest) => expect(await transcript(guest, commands)).toBe(expected)),
    );

    test(`on the model: ${title}`, async () => {
      expect(await transcript(await startModel(), commands)).toBe(expected);
    });
  }
});

describe('the document', () => {
  test('carries the script byte for byte after seven quoted parameters', () => {
    const document = JSON.parse(JSON.stringify(addressDocument()));
    const lines: readonly string[] = document.mainSteps[0].inputs.runCommand;
    expect(`${lines.slice(8).join('\n')}\n`).toBe(text);
    expect(lines.slice(0, 8)).toEqual([
      '#!/bin/sh',
      "HOLDFAST_ACTION='{{ Action }}'",
      "HOLDFAST_MECHANISM='{{ Mechanism }}'",
      "HOLDFAST_ADDRESS='{{ Address }}'",
      "HOLDFAST_MAC='{{ Mac }}'",
      "HOLDFAST_SUBNET='{{ Subnet }}'",
      "HOLDFAST_PING='{{ PingList }}'",
      "HOLDFAST_ORDER='{{ Order }}'",
    ]);
  });

  test('has no other place for SSM to substitute, and is within the limit of 64 KB', () => {
    expect(text).not.toContain('{{');
    expect(JSON.stringify(addressDocument()).length).toBeLessThan(64 * 1024);
  });

  test.skipIf(!has('shellcheck'))(
    titled('shellcheck finds nothing in the script', has('shellcheck') ? undefined : 'shellcheck is missing'),
    async () => {
      expect(await execute('shellcheck', ['--shell=sh', script])).toEqual({
        exitCode: 0,
        stdout: '',
        stderr: '',
      });
    },
  );
});
