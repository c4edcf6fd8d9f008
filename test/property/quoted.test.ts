import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { Fabric } from '../../lib/emulator/host/fabric.ts';
import { ModelHost } from '../../lib/emulator/host/model-host.ts';
import { quoted } from '../../lib/host/quoted.ts';
import { missing, shells, titled } from '../host/shells.ts';

const runs = 60;

/** What a shell would stumble over more often than chance has it. */
const word = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "'",
        '"',
        '`',
        '$',
        '\\',
        '\n',
        '$(id)',
        '{{',
        '}}',
        '{{ Tag }}',
        '*',
        '-',
        '#',
        ' ',
        ';',
        '!',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join('').replaceAll('\0', ''));

for (const [command, ...args] of shells) {
  const reason = missing(command);
  test.skipIf(reason !== undefined)(
    titled(`every word comes through ${command} as it was quoted`, reason),
    () => {
      void fc.assert(
        fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
          const script = `printf '%s\\0' ${words.map(quoted).join(' ')}`;
          const { stdout } = spawnSync(command, [...args, '-c', script]);
          expect(stdout.toString('utf8')).toBe(words.map((each) => `${each}\0`).join(''));
        }),
        { numRuns: runs },
      );
    },
  );
}

test('every word comes through the shell of the model as it was quoted', async () => {
  const clock = new VirtualClock();
  const host = new ModelHost({ id: 'i-guest', clock, fabric: new Fabric({ eniOwning: () => undefined }) });
  host.boot();
  host.writeProgram('/bin/tell', `printf '<%s>' "$1"`);
  await fc.assert(
    fc.asyncProperty(word, async (each) => {
      // The model's shell has texts where others have bytes: what is no text is not the same there and back.
      // And it refuses what it would invert (test/unit/model-host.test.ts).
      fc.pre(each.isWellFormed() && !each.includes('[!'));
      const { stdout } = await clock.run(
        host.exec(`timeout 5 /bin/tell ${quoted(each)}`, { timeoutMs: 60_000 }),
      );
      expect(stdout).toBe(`<${each}>`);
    }),
    { numRuns: runs },
  );
});

test('no quoted word has a place where SSM would put a parameter', () => {
  void fc.assert(fc.property(word, (each) => !quoted(each).includes('{{')));
});
