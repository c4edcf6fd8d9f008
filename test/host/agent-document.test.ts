import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readCommandDocument } from '../../lib/emulator/ssm/command-document.ts';
import {
  type AgentConfiguration,
  agentConfiguration,
  agentDocument,
  agentVersion,
} from '../../lib/host/agent-document.ts';
import { agentScript } from '../../lib/host/agent-script.ts';
import { execute, type Outcome } from './labs.ts';
import { missing, shells, titled } from './shells.ts';

const configuration: AgentConfiguration = {
  fleet: 'main',
  region: 'us-east-1',
  addresses: [
    { tag: 'ip-db', address: '10.0.1.50', subnet: '10.0.1.0/24', pingList: ['10.0.1.100', '10.0.1.2'] },
    { tag: 'ip-web', address: '10.0.1.51', subnet: '10.0.1.0/24', pingList: [] },
  ],
};
const unit = readFileSync(
  fileURLToPath(new URL('../../lib/host/holdfast-agent.service', import.meta.url)),
  'utf8',
);
const version = agentVersion(configuration);
const text = agentScript().text.replace(/^VERSION=.*$/m, `VERSION=${version}`);
const another = { ...configuration, region: 'eu-west-1' };

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-root-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function linesOf(given: AgentConfiguration): readonly string[] {
  const document = JSON.parse(JSON.stringify(agentDocument(given)));
  return document.mainSteps[0].inputs.runCommand;
}

function rendered(action: string, given = configuration, wanted = 'any'): string {
  return linesOf(given).join('\n').replace('{{ Action }}', action).replace('{{ Version }}', wanted);
}

function files(): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    .toSorted();
}

function answerOf({ stdout, stderr, exitCode }: Outcome): unknown {
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)?.replace('HOLDFAST-AGENT ', '') ?? '');
}

test('the configuration names the fleet, its addresses and, where they are not those of AWS, its endpoints', () => {
  expect(agentConfiguration({ ...configuration, endpoints: { imds: 'http://10.0.0.1' } })).toBe(
    `fleet main
region us-east-1
imds http://10.0.0.1
address ip-db 10.0.1.50 10.0.1.0/24 10.0.1.100,10.0.1.2
address ip-web 10.0.1.51 10.0.1.0/24 none
`,
  );
});

test('the configuration says what an address is besides secondary, with the subnet where it is the same everywhere', () => {
  const addresses = (['secondary', 'ipv6', 'overlay', 'elastic'] as const).map((mechanism) => ({
    mechanism,
    tag: `ip-${mechanism}`,
    address: { secondary: '10.0.1.50', ipv6: 'fd00::50', overlay: '192.168.7.50', elastic: '203.0.113.9' }[
      mechanism
    ],
    subnet: mechanism === 'ipv6' ? 'fd00::/64' : '10.0.1.0/24',
    pingList: mechanism === 'ipv6' ? ['fd00::9', '[fd00::9]:22'] : [],
  }));
  expect(
    agentConfiguration({ ...configuration, addresses })
      .split('\n')
      .slice(2),
  ).toEqual([
    'address ip-secondary 10.0.1.50 10.0.1.0/24 none',
    'address ip-ipv6 fd00::50 fd00::/64 fd00::9,[fd00::9]:22 ipv6',
    'address ip-overlay 192.168.7.50 none none overlay',
    'address ip-elastic 203.0.113.9 none none elastic',
    '',
  ]);
});

describe('the document', () => {
  test('is one that SSM takes, with each parameter in one place', () => {
    expect(readCommandDocument(agentDocument(configuration)).step?.timeoutSeconds).toBe('60');
    expect(JSON.stringify(agentDocument(configuration)).match(/\{\{ \w+/g)).toEqual([
      '{{ Action',
      '{{ Version',
    ]);
  });

  test.each([
    ['secondary', '10.100.100.', '10.100.100.0/24', ['10.100.100.100', '10.100.100.101']],
    [
      'ipv6',
      '2600:1f14:abc:1200::',
      '2600:1f14:abc:1200::/64',
      ['2600:1f14:abc:1200::1:1', '2600:1f14:abc:1200::1:2'],
    ],
    ['overlay', '192.168.100.', '10.100.100.0/24', ['10.100.100.100', '10.100.100.101']],
    ['elastic', '203.0.113.', '10.100.100.0/24', ['10.100.100.100', '10.100.100.101']],
  ] as const)(
    'is within the limit of 64 KB with as many %s addresses as a fleet may have',
    (mechanism, base, subnet, pingList) => {
      const addresses = Array.from({ length: 50 }, (_, n) => ({
        mechanism,
        tag: `a-rather-long-name-of-an-address-${n}`,
        address: `${base}${100 + n}`,
        subnet,
        pingList,
      }));
      expect(JSON.stringify(agentDocument({ ...configuration, addresses })).length).toBeLessThan(64 * 1024);
    },
  );

  test('has another version with another configuration, and takes sixteen hexadecimal digits or any for one', () => {
    expect(agentVersion({ ...configuration })).toBe(version);
    expect(agentVersion(another)).not.toBe(version);
    expect(agentScript(unit).version).not.toBe(agentScript().version);
    const { parameters } = readCommandDocument(agentDocument(configuration));
    const pattern = new RegExp(parameters.get('Version')?.allowedPattern ?? '');
    for (const taken of [version, 'any']) expect([taken, pattern.test(taken)]).toEqual([taken, true]);
    for (const refused of ['', 'Any', `${version}0`, version.slice(1), "any'", 'any;reboot', '$(reboot)'])
      expect([refused, pattern.test(refused)]).toEqual([refused, false]);
  });

  test('has the agent, its unit and its configuration in it, byte for byte', () => {
    const lines = `${linesOf(configuration).join('\n')}\n`;
    for (const carried of [text, unit, agentConfiguration(configuration)])
      expect(lines).toContain(`<<'HOLDFAST_END'\n${carried}HOLDFAST_END\n`);
  });

  const reason = missing('shellcheck');
  test.skipIf(reason !== undefined)(
    titled('and the agent itself leave shellcheck nothing to find', reason),
    async () => {
      // Words are split on purpose; functions are called by names in variables.
      const checks = ['--shell=sh', '--exclude=SC2086,SC2317,SC2329', '-'];
      for (const [index, script] of [text, rendered('install')].entries()) {
        const file = join(root, `script-${index}`);
        writeFileSync(file, script);
        expect(await execute('shellcheck', [...checks.slice(0, -1), file])).toEqual({
          exitCode: 0,
          stdout: '',
          stderr: '',
        });
      }
    },
  );
});

describe.each(shells.map((words) => ({ words, name: words.join(' ') })))('under $name', ({ words }) => {
  const [shell, ...args] = words;
  const reason = missing(shell, 'curl', 'openssl', 'ip');
  const run = (script: string) => execute(shell, [...args, '-c', script], { HOLDFAST_ROOT: root });

  test.skipIf(reason !== undefined)(
    titled('installs, finds nothing to do, updates, says so and takes all of it off', reason),
    async () => {
      const common = { v: 1, carries: version };
      const installed = { ...common, version, service: 'installed' };
      const absent = { ...common, version: null, service: 'absent' };
      expect(answerOf(await run(rendered('status')))).toEqual({
        ...absent,
        action: 'status',
        changed: false,
      });
      const install = { ...installed, action: 'install' };
      expect(answerOf(await run(rendered('install')))).toEqual({ ...install, changed: true });
      expect(files()).toEqual([
        '/etc/holdfast/agent.conf',
        '/etc/systemd/system/holdfast-agent.service',
        '/opt/holdfast/holdfast-agent',
      ]);
      expect(readFileSync(join(root, '/opt/holdfast/holdfast-agent'), 'utf8')).toBe(text);
      expect(readFileSync(join(root, '/etc/systemd/system/holdfast-agent.service'), 'utf8')).toBe(unit);
      expect(answerOf(await run(rendered('install')))).toEqual({ ...install, changed: false });
      const carries = agentVersion(another);
      expect(answerOf(await run(rendered('install', another, carries)))).toEqual({
        ...install,
        version: carries,
        carries,
        changed: true,
      });
      expect(readFileSync(join(root, '/etc/holdfast/agent.conf'), 'utf8')).toBe(agentConfiguration(another));
      expect(await run(rendered('install', configuration, carries))).toEqual({
        exitCode: 75,
        stdout: '',
        stderr: `HOLDFAST_VERSION is '${carries}'; this document carries ${version}, and nothing was changed: run the document's new version\n`,
      });
      expect(answerOf(await run(rendered('status', configuration, carries)))).toMatchObject({
        version: carries,
        carries: version,
      });
      expect(answerOf(await run(rendered('remove')))).toEqual({ ...absent, action: 'remove', changed: true });
      expect(files()).toEqual([]);
      expect(answerOf(await run(rendered('remove')))).toEqual({
        ...absent,
        action: 'remove',
        changed: false,
      });
    },
  );

  test.skipIf(reason !== undefined)(
    titled('the agent says its version, and refuses a configuration with something unknown in it', reason),
    async () => {
      const file = join(root, 'agent');
      const conf = join(root, 'agent.conf');
      writeFileSync(file, text);
      expect(await execute(shell, [...args, file, '--version'])).toMatchObject({ stdout: `${version}\n` });
      const good = agentConfiguration(configuration);
      for (const [line, complaint] of [
        ['fleet', "'fleet' is not known"],
        ['colour red', "'colour red' is not known"],
        ['fastLane true', "'fastLane true' is not known"],
        ['heartbeat 0', "'0' is not a whole number"],
        ['heartbeat x', "'x' is not a whole number"],
        ['address ip-x 10.0.1.256 10.0.1.0/24 none', 'ip-x 10.0.1.256'],
        ['address ip-x 10.0.2.1 10.0.1.0/24 none', 'ip-x 10.0.2.1'],
        ['address ip-x 10.0.1.52 10.0.1.0/24 x', 'ip-x 10.0.1.52'],
        ['address ip-x $(reboot) 10.0.1.0/24 none', 'quotes'],
        ['address ip-x fd00::50 fd00::/64 none', 'ip-x fd00::50'],
        ['address ip-x 10.0.1.52 10.0.1.0/24 none teleport', 'ip-x 10.0.1.52'],
        ['address ip-x fd00::50 fd00:0:0:1::/64 none ipv6', 'ip-x fd00::50'],
        ['address ip-x fd00::50 fd00::/64 10.0.1.9 ipv6', 'ip-x fd00::50'],
        ['address ip-x 192.168.7.50 10.0.1.0/24 none overlay', 'ip-x 192.168.7.50'],
        ['address ip-x 203.0.113.9 none fd00::9 elastic', 'ip-x 203.0.113.9'],
        ['address ip-x 203.0.113.9 none none elastic more', 'is not known'],
        ['address ip"x 10.0.1.52 10.0.1.0/24 none', 'quotes'],
        ['fleet a\\b', 'quotes'],
      ]) {
        writeFileSync(conf, `${good}${line}\n`);
        const { exitCode, stderr } = await execute(shell, [...args, file, '--once', conf]);
        expect([line, exitCode, stderr]).toEqual([line, 78, expect.stringContaining(complaint ?? '')]);
      }
      expect(await execute(shell, [...args, file, '--frob'])).toMatchObject({ exitCode: 64 });
      expect(await execute(shell, [...args, file, join(root, 'none')])).toMatchObject({ exitCode: 78 });
    },
  );
});
