/** The fleet of the tests: two or three servers in one subnet, each with eth0 and eth1, and one or more addresses. */
import type { FleetDefinition, RecoveryPolicy, ResourceDefinition } from '../../lib/recovery/fleet.ts';
import { defaultPolicy } from '../../lib/recovery/fleet.ts';
import { healthAlarmName, statusAlarmName } from '../../lib/recovery/names.ts';
import type { Trigger } from '../../lib/recovery/trigger.ts';

export const subnet = '10.0.1.0/24';
export const vip = '10.0.1.50';
export const tag = 'ip-db';
export const pingTarget = '10.0.1.100';
export const serverNames = ['ServerA', 'ServerB', 'ServerC'] as const;
type ServerName = (typeof serverNames)[number];

export function instanceOf(server: string): string {
  return `i-${server.slice(-1).toLowerCase().repeat(17)}`;
}

export function eniOf(server: string, device: string): string {
  return `eni-${server.slice(-1).toLowerCase()}${device.slice(-1)}`;
}

export interface FleetPlan {
  readonly servers?: readonly ServerName[];
  /** Whether the resource has a backup interface on every server. */
  readonly backup?: boolean;
  readonly resource?: Partial<ResourceDefinition>;
  /** Further resources, on the same servers. */
  readonly others?: readonly (Partial<ResourceDefinition> & Pick<ResourceDefinition, 'tag' | 'address'>)[];
  readonly policy?: Partial<RecoveryPolicy>;
  readonly fastLane?: boolean;
}

export function fleetOf(plan: FleetPlan = {}): FleetDefinition {
  const servers = plan.servers ?? ['ServerA', 'ServerB'];
  const resource: ResourceDefinition = {
    tag,
    address: vip,
    subnet,
    prefixLength: 24,
    pingList: [pingTarget],
    automation: 'on',
    candidates: servers.map((server, index) => ({
      server,
      priority: index + 1,
      interface: 'eth0',
      backup: (plan.backup ?? true) ? 'eth1' : null,
    })),
    ...plan.resource,
  };
  return {
    version: 1,
    name: 'test',
    servers: Object.fromEntries(servers.map((server) => [server, serverOf(server)])),
    fastLane: plan.fastLane ?? false,
    resources: [resource, ...(plan.others ?? []).map((other) => ({ ...bare(resource), ...other }))],
    policy: { ...defaultPolicy, ...plan.policy },
  };
}

/** What another resource of the same servers is like; what depends on this one does not depend on that one. */
function bare({ dependents: _, failover: __, ...resource }: ResourceDefinition): ResourceDefinition {
  return resource;
}

function serverOf(server: ServerName): FleetDefinition['servers'][string] {
  const row = (serverNames.indexOf(server) + 1) * 10;
  return {
    instanceId: instanceOf(server),
    interfaces: {
      eth0: { eniId: eniOf(server, 'eth0'), address: `10.0.1.${row}` },
      eth1: { eniId: eniOf(server, 'eth1'), address: `10.0.1.${row + 1}` },
    },
  };
}

export function healthAlarm(atMs: number, about: string = tag): Extract<Trigger, { kind: 'alarm' }> {
  const alarmName = healthAlarmName('test', about);
  return { kind: 'alarm', via: 'direct', alarmName, state: 'ALARM', atMs, why: 'Threshold Crossed' };
}

/** The event of a direct Lambda action of an alarm. */
export function alarmEvent(alarmName: string, atMs: number, value = 'ALARM'): unknown {
  const timestamp = new Date(atMs).toISOString().replace('Z', '+0000');
  return {
    source: 'aws.cloudwatch',
    alarmArn: `arn:aws:cloudwatch:us-east-1:123456789012:alarm:${alarmName}`,
    accountId: '123456789012',
    time: timestamp,
    region: 'us-east-1',
    alarmData: {
      alarmName,
      state: { value, reason: 'Threshold Crossed', timestamp },
      previousState: { value: 'OK', reason: '', timestamp },
      configuration: { description: '', metrics: [] },
    },
  };
}

export function healthEvent(atMs: number, value = 'ALARM', about: string = tag): unknown {
  return alarmEvent(healthAlarmName('test', about), atMs, value);
}

export function statusEvent(atMs: number, server: string): unknown {
  return alarmEvent(statusAlarmName('test', server), atMs);
}
