/** The stories' own judgement: what was not as told is found, and named. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { CallRecord } from '../../lib/emulator/account.ts';
import type { Outcome, Summary } from '../../lib/recovery/audit.ts';
import type { FleetDefinition } from '../../lib/recovery/fleet.ts';
import type { Reason } from '../../lib/recovery/reasons.ts';
import { newRecord, type Place, type ResourceRecord } from '../../lib/recovery/resource.ts';
import { parseFleetFile } from '../../lib/stack/fleet-file.ts';
import { crossZoneResult, type MemberTold } from '../../lib/story/cross-zone-result.ts';
import { type ActTold, hierarchyResult } from '../../lib/story/hierarchy-result.ts';
import { stories } from '../../lib/story/stories.ts';

const [serverA, serverB] = ['i-0a1b2c3d4e5f60001', 'i-0b1b2c3d4e5f60002'] as const;
const VolumeId = 'vol-0a1b2c3d4e5f60070';
const TargetGroupArn =
  'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/db-clients/0a1b2c3d4e5f6080';
const outage = { lastAnswerMs: 1, nextAnswerMs: 2 };

test('a hierarchy that moved as it should has no problems', () => {
  expect(judge(goodCalls())).toEqual([]);
});

test.each<[string, (calls: Call[]) => readonly Call[], string]>([
  [
    'a volume that is detached under a unit that still runs',
    (calls) => swapped(calls, 'out data', 'DetachVolume'),
    'from ServerB to ServerA "out data" came after "out disk"',
  ],
  [
    'a database that is started before its volume is there',
    (calls) => swapped(calls, 'in database', 'AttachVolume'),
    'from ServerB to ServerA "in disk" came after "in data"',
  ],
  [
    'an address that moves before its dependents have left',
    (calls) => swapped(calls, 'move', 'DeregisterTargets'),
    'from ServerB to ServerA "out clients" came after "move"',
  ],
])('%s is found', (_, change, problem) => {
  expect(judge(change(goodCalls()))).toContain(problem);
});

test('an effect that is missing, or comes twice, is found', () => {
  const calls = goodCalls();
  const [problem = ''] = judge(calls.filter(({ name }) => name !== 'AttachVolume'));
  expect(problem).toMatch(/^from ServerB to ServerA the effects were out clients, /);
  expect(judge([...calls, ...calls.slice(-1)])).toHaveLength(1);
});

test('a unit that runs on both servers is found', () => {
  expect(judge(goodCalls(), ['ServerA', 'ServerB'])).toEqual([
    'from ServerB to ServerA: disk is in service on ServerA, ServerB',
  ]);
});

test('an overlay address whose second route stayed behind is found', () => {
  const problems = judgeZones([route('rtb-0a1b2c3d4e5f60030')], 'ServerB eth0');
  expect(problems).toEqual([
    'ip-app: failed-over by ec2:ReplaceRoute 172.30.0.50/32 → ServerB eth0 in rtb-0a1b2c3d4e5f60030',
  ]);
});

test('an address that EC2 has elsewhere than it was verified is found', () => {
  const routes = [route('rtb-0a1b2c3d4e5f60030'), route('rtb-0b1b2c3d4e5f60031')];
  expect(judgeZones(routes, 'ServerB eth0')).toEqual([]);
  expect(judgeZones(routes, 'ServerA eth1')).toEqual([
    'ip-app: EC2 has it on ServerA eth1, and it was verified on ServerB eth0',
  ]);
});

interface Call extends CallRecord {
  /** For the changes that a test makes. */
  readonly name: string;
}

/** A planned switchover from ServerB to ServerA. */
function goodCalls(): Call[] {
  const calls: readonly (readonly [name: string, operation: string, input: object])[] = [
    ['DeregisterTargets', 'DeregisterTargets', { TargetGroupArn, Targets: [{ Id: serverB }] }],
    ['out database', 'SendCommand', command('stop', 'database', serverB)],
    ['out data', 'SendCommand', command('stop', 'data', serverB)],
    ['out licence', 'SendCommand', command('stop', 'licence', serverB)],
    ['DetachVolume', 'DetachVolume', { VolumeId, InstanceId: serverB }],
    ['move', 'AssignPrivateIpAddresses', { PrivateIpAddress: ['10.0.1.50'] }],
    ['AttachVolume', 'AttachVolume', { VolumeId, InstanceId: serverA }],
    ['in licence', 'SendCommand', command('start', 'licence', serverA)],
    ['in data', 'SendCommand', command('start', 'data', serverA)],
    ['in database', 'SendCommand', command('start', 'database', serverA)],
    ['look', 'SendCommand', command('check', 'database', serverA)],
    ['RegisterTargets', 'RegisterTargets', { TargetGroupArn, Targets: [{ Id: serverA }] }],
  ];
  return calls.map(([name, operation, input], index) => ({ name, ...record(operation, input, index) }));
}

function command(action: string, name: string, instanceId: string): object {
  return { InstanceIds: [instanceId], Parameters: { Tag: ['ip-db'], Name: [name], Action: [action] } };
}

function route(RouteTableId: string): CallRecord {
  const DestinationCidrBlock = '172.30.0.50/32';
  const NetworkInterfaceId = 'eni-0b1b2c3d4e5f60020';
  return record('ReplaceRoute', { RouteTableId, DestinationCidrBlock, NetworkInterfaceId }, 1);
}

function record(operation: string, input: object, atMs: number): CallRecord {
  return { atMs, service: 'any', operation, callerArn: 'any', input };
}

function swapped(calls: readonly Call[], one: string, other: string): readonly Call[] {
  const [a, b] = [one, other].map((name) => calls.find((each) => each.name === name));
  return calls.map((each) => (each === a && b ? b : each === b && a ? a : each));
}

function judge(calls: readonly CallRecord[], diskOn: readonly string[] = ['ServerA']): readonly string[] {
  const fleet = fleetOf('hierarchy');
  const [resource] = fleet.resources;
  if (resource === undefined) throw new Error('the fleet has no resources');
  const inService = { state: 'ISP', server: 'ServerA', why: 'verified', atMs: 1 } as const;
  const dependents = resource.dependents ?? [];
  const told = {
    tag: resource.tag,
    record: {
      ...armedOn('ServerA', fleet),
      dependents: Object.fromEntries(dependents.map(({ name }) => [name, inService])),
    },
    recoveries: [
      summary('failed-over', 'instance-not-running', { server: 'ServerB', interface: 'eth0' }),
      summary('failed-over', 'ordered', { server: 'ServerA', interface: 'eth0' }),
    ],
    outages: [outage, outage],
  };
  const act: ActTold = {
    from: 'ServerB',
    to: 'ServerA',
    sinceMs: 0,
    untilMs: 100,
    graceful: true,
    standing: dependents.map(({ name }) => (name === 'disk' ? diskOn : ['ServerA'])),
  };
  return hierarchyResult({ told, fleet, resource, acts: [act], code: 0 }, [], calls).problems;
}

function judgeZones(calls: readonly CallRecord[], owner: string): readonly string[] {
  const fleet = fleetOf('cross-zone');
  const [resource] = fleet.resources;
  if (resource === undefined) throw new Error('the fleet has no resources');
  const member: MemberTold = {
    tag: resource.tag,
    record: armedOn('ServerB', fleet),
    recoveries: [summary('failed-over', 'instance-not-running', { server: 'ServerB', interface: 'eth0' })],
    outages: [outage],
    resource,
    owner,
    clients: [{ who: '10.0.1.100', outages: [outage] }],
  };
  const acts = [{ outcome: 'failed-over', sinceMs: 0, untilMs: 100 }] as const;
  return crossZoneResult({ members: [member], acts, fleet }, [], calls).problems;
}

function fleetOf(story: 'hierarchy' | 'cross-zone'): FleetDefinition {
  const { fleetFile } = stories[story];
  return parseFleetFile(readFileSync(fleetFile, 'utf8'), fleetFile).definition;
}

function armedOn(activeServer: string, fleet: FleetDefinition): ResourceRecord {
  const [resource] = fleet.resources;
  if (resource === undefined) throw new Error('the fleet has no resources');
  return { ...newRecord(fleet, resource), state: 'ISP', activeServer };
}

function summary(outcome: Outcome, reason: Reason, to: Place): Summary {
  return {
    version: 1,
    kind: 'summary',
    tag: 'any',
    recoveryId: 'any',
    epoch: 1,
    startedAtMs: 1,
    atMs: 1,
    trigger: { kind: 'tick', atMs: 1 },
    outcome,
    reason,
    words: '',
    from: null,
    to,
    stagesMs: {},
  };
}
