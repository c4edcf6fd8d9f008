/** What may depend on an address, one of each kind but another address, and the rules of a failover that asks a person. */
import type { DependentDefinition, DependentWork } from '../../lib/recovery/dependent.ts';
import { defaultFailover, type FailoverRules } from '../../lib/recovery/fleet.ts';

const minute = 60_000;

export function needing(
  name: string,
  work: DependentWork,
  needs: readonly string[] = [],
  tries = 1,
): DependentDefinition {
  return { name, needs: [...needs], startMs: minute, stopMs: minute, tries, onFailure: 'stay', work };
}

export const postgres: DependentWork = { kind: 'systemd', unit: 'postgresql.service' };

/** A database: the volume below, the programs on it, and on top what its clients reach it by. */
export const everyKind: DependentDefinition[] = [
  needing(
    'web',
    {
      kind: 'target',
      targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/73e2d6bc24d8a067',
      as: 'instance',
      port: 5432,
    },
    ['postgres', 'backup'],
  ),
  needing('postgres', postgres, ['data'], 2),
  needing(
    'backup',
    {
      kind: 'command',
      start: ['/opt/backup', 'start'],
      stop: ['/opt/backup', 'stop'],
      check: ['/opt/backup', 'check'],
    },
    ['data'],
  ),
  needing('data', { kind: 'volume', volumeId: 'vol-0a1b2c3d4e5f60001', device: '/dev/sdf' }),
  needing('public', { kind: 'elasticIp', allocationId: 'eipalloc-0a1b2c3d4e5f60001' }),
  needing('vpn', {
    kind: 'route',
    destination: '10.9.0.0/16',
    routeTables: ['rtb-0a1b2c3d4e5f60001', 'rtb-0a1b2c3d4e5f60002'],
  }),
  needing('name', {
    kind: 'dns',
    zoneId: 'Z1',
    name: 'db.example.com',
    type: 'CNAME',
    ttlS: 5,
    values: { ServerA: 'a.example.com', ServerB: 'b.example.com' },
  }),
];

export const asking: FailoverRules = {
  ...defaultFailover,
  confirm: { withinMs: 10 * minute, otherwise: 'hold' },
};
