/** The stories of dependents and of zones, each told once as a user has it told, side by side: they mostly wait. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { AuditRecord } from '../../lib/recovery/audit.ts';
import { begin, type Finished } from './programs.ts';

let hierarchy: Told;
let crossZone: Told;
let onOtherFleet: Finished;
beforeAll(async () => {
  [hierarchy, crossZone, onOtherFleet] = await Promise.all([
    tell('hierarchy'),
    tell('cross-zone'),
    begin('start.ts', ['--once', '--port', '0', '--story', 'hierarchy', '--fleet', 'fleet.yaml']),
  ]);
}, 200_000);

describe('hierarchy', () => {
  test('ends as told: all of it fails over, and comes back when it is ordered', () => {
    const { result } = hierarchy;
    expect(result).toMatchObject({ ok: true, story: 'hierarchy', problems: [] });
    expect(result.resources).toEqual([
      {
        tag: 'ip-db',
        state: 'ISP',
        activeServer: 'ServerA',
        info: {
          ServerA: 'ServerA eth0 10.0.1.50 ffffff00 eth1',
          ServerB: 'ServerB eth0 10.0.1.50 ffffff00 eth1',
        },
        dependents: {
          disk: { state: 'ISP', server: 'ServerA' },
          data: { state: 'ISP', server: 'ServerA' },
          licence: { state: 'ISP', server: 'ServerA' },
          database: { state: 'ISP', server: 'ServerA' },
          clients: { state: 'ISP', server: 'ServerA' },
        },
      },
    ]);
    expect(acted(result)).toEqual(['ip-db failed-over instance-not-running', 'ip-db failed-over ordered']);
  });

  test('takes dependents out parents first and in children first, by these calls and no others', () => {
    const { result } = hierarchy;
    const disk = 'vol-0a1b2c3d4e5f60070';
    const into = (server: string) => [
      `ec2:AttachVolume ${disk} → ${server}`,
      `ssm:SendCommand start data on ${server}`,
      `ssm:SendCommand start database on ${server}`,
      `elasticloadbalancing:RegisterTargets ${server} → db-clients`,
    ];
    // The licence has no part in the order of the volume and the mount: both may be first.
    const effects = result.effects
      .map(({ text }) => text)
      .filter((text) => !/(licence|restore|remove) /.test(text));
    expect(effects).toEqual([
      'elasticloadbalancing:DeregisterTargets ServerA from db-clients',
      `ec2:DetachVolume ${disk} from ServerA`,
      'ec2:AssignPrivateIpAddresses 10.0.1.50 → ServerB eth0',
      ...into('ServerB'),
      'elasticloadbalancing:DeregisterTargets ServerB from db-clients',
      'ssm:SendCommand stop database on ServerB',
      'ssm:SendCommand stop data on ServerB',
      `ec2:DetachVolume ${disk} from ServerB`,
      'ec2:AssignPrivateIpAddresses 10.0.1.50 → ServerA eth0',
      ...into('ServerA'),
    ]);
  });

  test('says by whom each dependent was known to be stopped', () => {
    const { result, told } = hierarchy;
    const stopped = result.audit.flatMap((record) =>
      record.kind === 'step' && record.step === 'dependent-stopped'
        ? [(record.evidence as { readonly name: string; readonly detail: string }).detail]
        : [],
    );
    expect(stopped.filter((detail) => detail === 'EC2 says that the instance is stopped')).toHaveLength(3);
    expect(told).toMatch(/ {2}out {2}database {2}ServerA +\d+ ms {2}EC2 says that the instance is stopped\n/);
    expect(told).toMatch(/ {2}in {3}disk {6}ServerB +\d+ ms {2}in service\n/);
  });

  test('draws the graph where it is in service, three times', () => {
    const { told } = hierarchy;
    const graph = (server: string) =>
      [
        `  clients        target   db-clients             healthy on ${server}`,
        `  └─ database    systemd  couchdb.service        active on ${server}`,
        `     ├─ data     systemd  var-lib-couchdb.mount  active on ${server}`,
        `     │  └─ disk  volume   vol-0a1b2c3d4e5f60070  attached on ${server}`,
        `     └─ licence  command  /opt/licence/licenced  active on ${server}`,
        `  ip-db          address  10.0.1.50              ISP on ${server} eth0`,
        '',
      ].join('\n');
    expect(told.split(graph('ServerA'))).toHaveLength(3);
    expect(told.split(graph('ServerB'))).toHaveLength(2);
  });
});

describe('cross-zone', () => {
  test('ends as told: both addresses go to the backup interface, then to the other zone', () => {
    const { result } = crossZone;
    expect(result).toMatchObject({ ok: true, story: 'cross-zone', problems: [] });
    expect(result.resources).toMatchObject([
      { tag: 'ip-app', state: 'ISP', activeServer: 'ServerB', owner: 'ServerB eth0' },
      { tag: 'ip-web', state: 'ISP', activeServer: 'ServerB', owner: 'ServerB eth0' },
    ]);
    expect(acted(result).toSorted()).toEqual([
      'ip-app failed-over instance-not-running',
      'ip-app moved-to-backup no-carrier',
      'ip-web failed-over instance-not-running',
      'ip-web moved-to-backup no-carrier',
    ]);
  });

  test('replaces the route in every table, and associates the Elastic IP, once for each move', () => {
    const { result, told } = crossZone;
    const moves = result.effects.map(({ text }) => text).filter((text) => text.startsWith('ec2:'));
    const to = (place: string) => [
      `ec2:AssociateAddress 203.0.113.50 → ${place}`,
      `ec2:ReplaceRoute 172.30.0.50/32 → ${place} in rtb-0a1b2c3d4e5f60030`,
      `ec2:ReplaceRoute 172.30.0.50/32 → ${place} in rtb-0b1b2c3d4e5f60031`,
    ];
    expect(moves.slice(0, 3).toSorted()).toEqual(to('ServerA eth1'));
    expect(moves.slice(3).toSorted()).toEqual(to('ServerB eth0'));
    expect(told).toContain('  ip-app moved by 2 × ReplaceRoute\n  ip-web moved by 1 × AssociateAddress\n');
  });

  test('shows who gets an answer: clients in both zones and on the internet', () => {
    const { told } = crossZone;
    expect(told).toContain(
      [
        '  172.30.0.50/32 → ServerB eth0 (us-east-1b) in rtb-0a1b2c3d4e5f60030',
        '  172.30.0.50/32 → ServerB eth0 (us-east-1b) in rtb-0b1b2c3d4e5f60031',
        '  172.30.0.50 answers 10.0.1.100: yes, 10.0.2.100: yes',
        '  203.0.113.50 → ServerB eth0 (us-east-1b), private address 10.0.2.20',
        '  203.0.113.50 answers the internet: yes',
        '',
      ].join('\n'),
    );
  });
});

interface Result {
  readonly ok: boolean;
  readonly problems: readonly string[];
  readonly resources: readonly object[];
  readonly recoveries: readonly { readonly tag: string; readonly outcome: string; readonly reason: string }[];
  readonly effects: readonly { readonly text: string }[];
  readonly audit: readonly AuditRecord[];
}

test('a fleet that is none for the story is told so', () => {
  const { code, stdout } = onOtherFleet;
  expect(stdout).toContain('the story needs a resource with dependents; choose another with --story');
  expect(code).toBe(78);
});

interface Told {
  readonly result: Result;
  readonly told: string;
}

async function tell(story: string): Promise<Told> {
  const args = ['--once', '--json', '--story', story, '--port', '0', '--speed', '60'];
  const { code, stdout, stderr } = await begin('start.ts', args);
  expect(stderr).toContain('The story ended as told.');
  expect(code).toBe(0);
  return { result: JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? ''), told: stderr };
}

/** What changed something, oldest first. */
function acted({ recoveries }: Result): readonly string[] {
  return recoveries
    .filter(({ outcome }) => outcome !== 'held' && outcome !== 'failed')
    .map(({ tag, outcome, reason }) => `${tag} ${outcome} ${reason}`);
}
