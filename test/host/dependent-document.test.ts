import { describe, expect, test } from 'vitest';
import {
  type DependentParameter,
  dependentDocument,
  dependentPatterns,
  type HostDependent,
} from '../../lib/host/dependent-document.ts';
import { linesOf } from './dependent-lab.ts';

const database: HostDependent = {
  tag: 'ip-db',
  name: 'database',
  timeoutS: 60,
  run: { kind: 'systemd', unit: 'postgresql@16-main.service' },
};
const words = [
  "it's",
  '$(reboot)',
  '`reboot`',
  '{{ Tag }}',
  '{{{ssm:x}}}',
  '  # no comment',
  '\n\n# a line\n',
  '',
];
const application: HostDependent = {
  tag: 'ip-db',
  name: 'app',
  timeoutS: 30,
  run: { kind: 'command', start: ['/opt/app', 'start', ...words], stop: ['/opt/app', 'stop'], check: null },
};

interface Content {
  readonly parameters: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly mainSteps: readonly [{ readonly inputs: { readonly timeoutSeconds: string } }];
}

function contentOf(dependents: readonly HostDependent[]): Content {
  return JSON.parse(JSON.stringify(dependentDocument(dependents))) as Content;
}

describe('the parameters', () => {
  const hostileWords: readonly string[] = [
    ...[
      '',
      ' ',
      'Db',
      '-db',
      'db ',
      'db\n',
      'db\nx',
      "db'",
      'db"',
      'db;reboot',
      '$(reboot)',
      '`reboot`',
      'ip-db/app',
    ],
    ...['../x', 'db.x', 'db_x', 'dß', '*', '\\', '{{ Tag }}', 'd'.repeat(64), 'db\r', 'db\t', 'ｄb'],
  ];
  const hostile: Readonly<Record<DependentParameter, readonly string[]>> = {
    Tag: hostileWords,
    Name: hostileWords,
    Action: ['', 'Start', 'start ', 'restart', 'start;reboot', 'kind', "'", 'start\nstop', 's'.repeat(5000)],
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
  const parameters = Object.keys(hostile) as readonly DependentParameter[];

  test('are tag, name, action and order, and nothing of what is run', () => {
    expect(Object.keys(contentOf([database, application]).parameters)).toEqual(parameters);
  });

  test('every hostile value is refused by the pattern of the document', () => {
    for (const name of parameters)
      for (const value of hostile[name])
        expect([name, value, new RegExp(dependentPatterns[name]).test(value)]).toEqual([name, value, false]);
  });

  test('the patterns let ordinary values through', () => {
    const ordinary = [
      ...(['ip-db', '0', 'a'.repeat(63)] as const).flatMap((each) => [
        ['Tag', each] as const,
        ['Name', each] as const,
      ]),
      ...(['start', 'stop', 'check'] as const).map((each) => ['Action', each] as const),
      ...(['0', '1767607200500'] as const).map((each) => ['Order', each] as const),
    ];
    for (const [name, value] of ordinary)
      expect([value, new RegExp(dependentPatterns[name]).test(value)]).toEqual([value, true]);
  });

  test('the patterns use nothing that either Java or RE2 lacks', () => {
    for (const pattern of Object.values(dependentPatterns)) {
      expect(pattern).toMatch(/^\^.*\$$/);
      expect(pattern).not.toMatch(/\(\?|\\[1-9pPbBdDwWsSAzZQEkK]|[*+?}]\+/);
    }
  });
});

describe('the document', () => {
  const lines = linesOf(dependentDocument([database, application]));

  test('has each parameter once, in single quotes, and no other place for SSM to substitute', () => {
    const text = lines.join('\n');
    expect(lines.slice(0, 5)).toEqual([
      '#!/bin/sh',
      "HOLDFAST_TAG='{{ Tag }}'",
      "HOLDFAST_NAME='{{ Name }}'",
      "HOLDFAST_ACTION='{{ Action }}'",
      "HOLDFAST_ORDER='{{ Order }}'",
    ]);
    expect(text.match(/\{\{/g)).toHaveLength(4);
  });

  test('has what is declared in single quotes, line for line', () => {
    const text = lines.join('\n');
    expect(text).toContain(
      "'ip-db/database kind') kind=systemd limit=60 unit='postgresql@16-main.service' ;;",
    );
    expect(text).toContain("'ip-db/app kind') kind=command limit=30 checkable=false ;;");
    expect(text).toContain(
      `'ip-db/app start') bounded "$limit" '/opt/app' 'start' 'it'\\''s' '$(reboot)' '\`reboot\`' '{''{ Tag }}' '{''{''{ssm:x}}}' '  # no comment' '\n\n# a line\n' '' ;;`,
    );
    expect(text).not.toContain('ip-db/app check');
  });

  test.each([
    ['without a dependent', [], 30],
    ['with a unit', [database], 140],
    ['with a program that has no check', [application], 50],
    [
      'with a program that has one',
      [{ ...application, run: { ...application.run, check: ['/opt/app'] } }],
      120,
    ],
    ['with both', [database, application], 140],
  ] as readonly (readonly [string, readonly HostDependent[], number])[])(
    'gives the script time for all that may hang: %s',
    (_, dependents, seconds) => {
      expect(contentOf(dependents).mainSteps[0].inputs.timeoutSeconds).toBe(String(seconds));
    },
  );

  const long = (count: number): readonly HostDependent[] =>
    Array.from({ length: count }, (_, index) => ({
      ...application,
      name: `app-${index}`,
      run: { kind: 'command', start: ['/opt/app', 'ü'.repeat(500)], stop: ['true'], check: null },
    }));

  test('is refused with its size and the limit when it is over 64 KB', () => {
    const size = /^the SSM document of 60 dependents is (\d+) bytes; at most 65536 are allowed: /;
    expect(() => dependentDocument(long(60))).toThrow(size);
    expect(JSON.stringify(dependentDocument(long(20))).length).toBeLessThan(64 * 1024);
  });

  test('takes a hundred units', () => {
    const units = Array.from({ length: 100 }, (_, index) => ({ ...database, name: `unit-${index}` }));
    expect(JSON.stringify(dependentDocument(units)).length).toBeLessThan(32 * 1024);
  });
});

describe('a declaration is refused, by tag and name:', () => {
  const command = { kind: 'command', start: ['/opt/app'], stop: ['/opt/app'], check: null } as const;
  test.each([
    ['a tag with a slash', { ...database, tag: 'ip/db' }, 'dependent ip/db/database: "ip/db" does not match'],
    ['a name with a quote', { ...database, name: "d'b" }, '"d\'b" does not match'],
    ['no time', { ...database, timeoutS: 0 }, 'a timeout of 0 s; allowed: whole seconds from 1 to 43200'],
    ['half a second', { ...database, timeoutS: 1.5 }, 'a timeout of 1.5 s'],
    ['two days', { ...database, timeoutS: 172_800 }, 'a timeout of 172800 s'],
    [
      'a unit that is a pattern',
      { ...database, run: { kind: 'systemd', unit: 'a*.service' } },
      'not the name of a unit',
    ],
    [
      'a unit and more',
      { ...database, run: { kind: 'systemd', unit: 'a.service b' } },
      'not the name of a unit',
    ],
    ['no program', { ...database, run: { ...command, stop: [] } }, 'a command without a program'],
    [
      'a program without a name',
      { ...database, run: { ...command, check: [''] } },
      'a command without a program',
    ],
    ['a NUL', { ...database, run: { ...command, start: ['a\0b'] } }, '"a\\u0000b" has a NUL in it'],
  ] as readonly (readonly [string, HostDependent, string])[])('%s', (_, dependent, message) => {
    expect(() => dependentDocument([dependent])).toThrow(message);
  });

  test('two of one name', () => {
    expect(() => dependentDocument([database, application, { ...database, timeoutS: 5 }])).toThrow(
      'dependent ip-db/database: is declared twice',
    );
    expect(() => dependentDocument([database, { ...database, tag: 'ip-web' }])).not.toThrow();
  });
});
