import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { addressScript } from '../../lib/host/address-script.ts';
import { type AddressParameter, addressDocument, parameterPatterns } from '../../lib/host/document.ts';
import { answerOf, cases, rendered } from './cases.ts';
import { eth1, execute, type Guest, removeKernels, startKernel, startModel } from './labs.ts';
import { has, noKernel, shells, titled } from './shells.ts';
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

/** Each command with what it says and its exit code; what differs from machine to machine is left out. */
async function transcript(guest: Guest, commands: readonly string[]): Promise<string> {
  const { stdout } = await guest.run(
    commands.map((command) => `echo '$ ${command}'\n${command} 2>&1\necho "= $?"`).join('\n'),
  );
  return `\n${stdout}`
    .replaceAll(/@if\d+/g, '')
    .replaceAll(/ link-netns(id)? \S+/g, '')
    .replaceAll(/mtu \d+ qdisc \S+/g, 'mtu M qdisc Q')
    .replaceAll(/time=\S+ ms/g, 'time=T ms')
    .replaceAll(/time \d+ms/g, 'time Tms')
    .replaceAll(/mdev = \S+ ms/g, 'mdev = T ms')
    .replaceAll(/[ \t]+\n/g, '\n');
}

describe('the parameters', () => {
  const ipv4: readonly string[] = [
    ...[
      "10.0.1.50'; reboot; '",
      '10.0.1.50; reboot',
      '$(reboot)',
      '`reboot`',
      '10.0.1.50\nreboot',
      '10.0.1.50 ',
    ],
    ...[
      '',
      ' ',
      '10.0.1',
      '10.0.1.50.1',
      '10.0.1.',
      '.10.0.1',
      '10..0.1',
      '10.0.1.256',
      '10.0.1.1000',
      '10.0.01.5',
    ],
    ...[
      '010.0.1.50',
      '10.0.1.٥',
      '１０.0.1.50',
      '10.0.1.-5',
      '10.0.1.+5',
      '10.0.1.0x5',
      '*',
      '10.0.1.*',
      '"',
      '\\',
    ],
    ...[
      '10.0.1.50"',
      '{{ Mac }}',
      '1'.repeat(5000),
      `${'1.'.repeat(2000)}1`,
      'fd00::1',
      '10.0.1.50\r',
      '10.0.1.50\t',
    ],
  ];
  const hostile: Readonly<Record<AddressParameter, readonly string[]>> = {
    Action: [
      '',
      'Restore',
      'restore ',
      'restore;reboot',
      '$(reboot)',
      "'",
      'fail',
      'restore\nremove',
      'r'.repeat(5000),
    ],
    Address: ipv4,
    Mac: [
      ...['', eth1.toUpperCase(), '02:00:00:00:00', `${eth1}:00`, '02-00-00-00-00-0b', `${eth1} `],
      ...[`${eth1}'`, `${eth1}\nx`, '$(reboot)', '`reboot`', '02:00:00:00:00:0g', '０2:00:00:00:00:0b', '*'],
    ],
    Subnet: [
      ...ipv4.map((each) => `${each}/24`),
      ...[
        '10.0.1.0',
        '10.0.1.0/',
        '10.0.1.0/15',
        '10.0.1.0/29',
        '10.0.1.0/024',
        '10.0.1.0/24/24',
        '10.0.1.0/2４',
        '/24',
      ],
      ...["10.0.1.0/24'", '10.0.1.0/24;reboot', '10.0.1.0/24\nx', '10.0.1.0/24 '],
    ],
    PingList: [
      ...ipv4,
      ...['NONE', 'none,10.0.1.1', ',', '10.0.1.1,', ',10.0.1.1', '10.0.1.1,,10.0.1.2', '10.0.1.1 10.0.1.2'],
      ...['10.0.1.1;10.0.1.2', '-f', '10.0.1.1,-f', Array.from({ length: 9 }, () => '10.0.1.1').join(',')],
    ],
    Order: [
      '-1',
      '+1',
      ' 1',
      '1 ',
      '1;reboot',
      "1'",
      '1\n2',
      '١',
      '1e3',
      '0x10',
      '1'.repeat(16),
      '$(reboot)',
    ],
  };
  const variables: Readonly<Record<AddressParameter, string>> = {
    Action: 'HOLDFAST_ACTION',
    Address: 'HOLDFAST_ADDRESS',
    Mac: 'HOLDFAST_MAC',
    Subnet: 'HOLDFAST_SUBNET',
    PingList: 'HOLDFAST_PING',
    Order: 'HOLDFAST_ORDER',
  };
  const valid: Readonly<Record<string, string>> = {
    HOLDFAST_ACTION: 'status',
    HOLDFAST_ADDRESS: '10.0.1.50',
    HOLDFAST_MAC: eth1,
    HOLDFAST_SUBNET: '10.0.1.0/24',
    HOLDFAST_PING: 'none',
    HOLDFAST_ORDER: '0',
  };
  const parameters = Object.keys(hostile) as readonly AddressParameter[];
  const table = parameters.flatMap((name) => hostile[name].map((value) => [name, value] as const));
  /** In the right form, and still wrong: only the script can see it. */
  const misfits = ['10.0.1.7/24', '10.0.2.0/24', '10.0.1.128/24', '10.0.1.64/28'];
  const refused = [...table, ...misfits.map((each) => ['Subnet', each] as const)];

  test('every hostile value is refused by the pattern of the document', () => {
    for (const [name, value] of table)
      expect([value, new RegExp(parameterPatterns[name]).test(value)]).toEqual([value, false]);
  });

  test('the patterns let ordinary values through', () => {
    const ordinary: readonly (readonly [AddressParameter, string])[] = [
      ['Action', 'restore'],
      ['Address', '0.0.0.0'],
      ['Address', '255.249.199.99'],
      ['Mac', '0a:ff:10:99:cd:ef'],
      ['Subnet', '10.0.0.0/16'],
      ['Subnet', '10.0.1.240/28'],
      ['PingList', 'none'],
      ['PingList', Array.from({ length: 8 }, () => '10.0.1.1').join(',')],
    ];
    for (const [name, value] of ordinary)
      expect([value, new RegExp(parameterPatterns[name]).test(value)]).toEqual([value, true]);
  });

  test('the patterns use nothing that either Java or RE2 lacks', () => {
    for (const pattern of Object.values(parameterPatterns)) {
      expect(pattern).toMatch(/^\^.*\$$/);
      expect(pattern).not.toMatch(/\(\?|\\[1-9pPbBdDwWsSAzZQEkK]|[*+?}]\+/);
    }
  });

  for (const [command, ...args] of shells) {
    const reason = has(command) ? undefined : `${command} is missing`;
    test.skipIf(reason !== undefined)(
      titled(`every hostile value is refused by the script under ${command}`, reason),
      async () => {
        for (const [name, value] of refused) {
          const outcome = await execute(command, [...args, script], { ...valid, [variables[name]]: value });
          expect([value, outcome.exitCode, refusalIn(outcome.stderr)]).toEqual([value, 64, variables[name]]);
          expect(answerOf(outcome)).toMatchObject({ verdict: 'could-not-look', why: 'usage' });
        }
      },
      60_000,
    );
  }

  test('every hostile value is refused by the script on the model', async () => {
    const guest = await startModel();
    for (const [name, value] of refused) {
      const given = Object.entries({ ...valid, [variables[name]]: value });
      const preamble = given.map(([key, text]) => `${key}='${text.replaceAll("'", `'\\''`)}'`).join('\n');
      const outcome = await guest.run(`${preamble}\n${text}`);
      expect([value, outcome.exitCode, refusalIn(outcome.stderr)]).toEqual([value, 64, variables[name]]);
    }
  }, 60_000);

  function refusalIn(stderr: string): string | undefined {
    return stderr.match(/^(\w+) is '[\s\S]*'; allowed: ./)?.[1];
  }
});

describe('the document', () => {
  test('carries the script byte for byte after six quoted parameters', () => {
    const document = JSON.parse(JSON.stringify(addressDocument()));
    const lines: readonly string[] = document.mainSteps[0].inputs.runCommand;
    expect(`${lines.slice(7).join('\n')}\n`).toBe(text);
    expect(lines.slice(0, 7)).toEqual([
      '#!/bin/sh',
      "HOLDFAST_ACTION='{{ Action }}'",
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
