/** What the address script takes for its parameters, by the patterns of its document and by its own check. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { addressScript } from '../../lib/host/address-script.ts';
import { type AddressParameter, parameterPatterns } from '../../lib/host/document.ts';
import { answerOf } from './asked.ts';
import { eth1, execute, startModel } from './labs.ts';
import { has, shells, titled } from './shells.ts';

const text = `${addressScript()}main\n`;
const directory = mkdtempSync(join(tmpdir(), 'holdfast-parameters-'));
const script = join(directory, 'address.sh');
writeFileSync(script, text);
afterAll(() => rmSync(directory, { recursive: true }));

interface Refusal {
  readonly name: AddressParameter;
  readonly value: string;
  /** Of the other parameters. */
  readonly given?: Readonly<Record<string, string>>;
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
    ...['10.0.1.50"', '{{ Mac }}', '1'.repeat(5000), `${'1.'.repeat(2000)}1`, '10.0.1.50\r', '10.0.1.50\t'],
  ];
  const ipv6: readonly string[] = [
    ...[
      "fd00::50'; reboot; '",
      'fd00::50; reboot',
      'fd00::$(reboot)',
      '`reboot`::1',
      'fd00::50\nreboot',
      'fd00::50 ',
    ],
    ...[
      '::',
      '::1',
      ':fd00::1',
      'FD00::50',
      'fd00::５',
      'fd00::g',
      'fd00::12345',
      'fd00',
      'fd00:1',
      'fd00:*:1',
    ],
    ...[
      '1:2:3:4:5:6:7:8:9',
      'fd00::10.0.0.1',
      'fd00::1%eth0',
      'fd00::1/128',
      '{{ Mac }}::1',
      'fd00::1"',
      'fd00::\\',
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
    Mechanism: ['Secondary', 'secondary ', 'ipv4', 'ipv6;reboot', "overlay'", '$(reboot)', 'elastic\nx'],
    Address: [...ipv4, ...ipv6],
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
      ...ipv6.map((each) => `${each}/64`),
      ...[
        'fd00::1',
        'fd00::',
        'fd00::/',
        'fd00::/24',
        'fd00::/65',
        'fd00::/128',
        "fd00::/64'",
        'fd00::/64\nx',
      ],
    ],
    PingList: [
      ...ipv4,
      ...ipv6,
      ...['[10.0.1.1]:22', '[fd00::1]', '[fd00::1]:', '[fd00::1]:0', 'fd00::1]:22', '[fd00::1]:22;reboot'],
      ...[
        'fd00::1,',
        'none,fd00::1',
        'fd00::1 fd00::2',
        Array.from({ length: 9 }, () => 'fd00::1').join(','),
      ],
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
    Mechanism: 'HOLDFAST_MECHANISM',
    Address: 'HOLDFAST_ADDRESS',
    Mac: 'HOLDFAST_MAC',
    Subnet: 'HOLDFAST_SUBNET',
    PingList: 'HOLDFAST_PING',
    Order: 'HOLDFAST_ORDER',
  };
  const valid: Readonly<Record<string, string>> = {
    HOLDFAST_ACTION: 'status',
    HOLDFAST_MECHANISM: 'secondary',
    HOLDFAST_ADDRESS: '10.0.1.50',
    HOLDFAST_MAC: eth1,
    HOLDFAST_SUBNET: '10.0.1.0/24',
    HOLDFAST_PING: 'none',
    HOLDFAST_ORDER: '0',
  };
  const parameters = Object.keys(hostile) as readonly AddressParameter[];
  const table = parameters.flatMap((name) => hostile[name].map((value) => [name, value] as const));
  const of6 = { HOLDFAST_MECHANISM: 'ipv6', HOLDFAST_ADDRESS: 'fd00::50', HOLDFAST_SUBNET: 'fd00::/64' };
  /** In the right form, and still wrong: only the script can see it. */
  const misfits: readonly Refusal[] = [
    ...['10.0.1.7/24', '10.0.2.0/24', '10.0.1.128/24', '10.0.1.64/28', 'fd00::/64'].map(
      (value) => ({ name: 'Subnet', value }) as const,
    ),
    ...[
      ...['fd00::1', '2600:1f14::50', '1:2:3:4:5:6:7:8'].map(
        (value) => ({ name: 'Address', value }) as const,
      ),
      ...['fd00::1', '[fd00::1]:22', '10.0.1.100,fd00::1', '10.0.1.100:65536'].map(
        (value) => ({ name: 'PingList', value }) as const,
      ),
    ],
    // An overlay address is outside of the VPC, an interface's own is not.
    { name: 'Subnet', value: '10.0.1.0/24', given: { HOLDFAST_MECHANISM: 'overlay' } },
    { name: 'Subnet', value: '10.0.2.0/24', given: { HOLDFAST_MECHANISM: 'elastic' } },
    ...['10.0.1.50', 'fe80::1', 'ff02::1', 'fd00::1::2', 'fd00:1:2:3:4:5:6', 'fd00:::1', '64:ff9b::1'].map(
      (value) => ({ name: 'Address', value, given: of6 }) as const,
    ),
    ...['10.0.1.0/24', 'fd00::1/64', 'fd00:0:0:1::/64', 'fd00:::/64', 'fe80::/64'].map(
      (value) => ({ name: 'Subnet', value, given: of6 }) as const,
    ),
    ...[
      '10.0.1.100',
      '10.0.1.100:22',
      'fe80::1',
      '[fd00::9]:65536',
      'fd00::1,fd00::1::2',
      '[fe80::1]:22',
    ].map((value) => ({ name: 'PingList', value, given: of6 }) as const),
  ];
  const refused: readonly Refusal[] = [...table.map(([name, value]) => ({ name, value })), ...misfits];

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
      ...['secondary', 'ipv6', 'overlay', 'elastic'].map((each) => ['Mechanism', each] as const),
      ...['fd00::50', '2600:1f14:abc:0:1::ac12', 'fd00:1:2:3:4:5:6:7'].flatMap(
        (each) =>
          [
            ['Address', each],
            ['PingList', `10.0.1.1:22,${each},[${each}]:5432`],
          ] as const,
      ),
      ['Subnet', 'fd00::/44'],
      ['Subnet', '2600:1f14:abc:1200::/64'],
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
        for (const { name, value, given } of refused) {
          const environment = { ...valid, ...given, [variables[name]]: value };
          const outcome = await execute(command, [...args, script], environment);
          expect([value, outcome.exitCode, refusalIn(outcome.stderr)]).toEqual([value, 64, variables[name]]);
          expect(answerOf(outcome)).toMatchObject({ verdict: 'could-not-look', why: 'usage' });
        }
      },
      60_000,
    );
  }

  test('every hostile value is refused by the script on the model', async () => {
    const guest = await startModel();
    for (const { name, value, given } of refused) {
      const all = Object.entries({ ...valid, ...given, [variables[name]]: value });
      const preamble = all.map(([key, text]) => `${key}='${text.replaceAll("'", `'\\''`)}'`).join('\n');
      const outcome = await guest.run(`${preamble}\n${text}`);
      expect([value, outcome.exitCode, refusalIn(outcome.stderr)]).toEqual([value, 64, variables[name]]);
    }
  }, 60_000);

  function refusalIn(stderr: string): string | undefined {
    return stderr.match(/^(\w+) is '[\s\S]*'; allowed: ./)?.[1];
  }
});
