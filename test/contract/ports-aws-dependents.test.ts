/**
 * Adapters of dependents keep the contract over the embedded AWS: units and commands on two servers, a volume between
 * them, a record in Route 53, a target of a load balancer.
 */
import { CreateDocumentCommand } from '@aws-sdk/client-ssm';
import { describe, expect, test } from 'vitest';
import { createClients } from '../../lib/aws/clients.ts';
import { awsDependents } from '../../lib/aws/dependents.ts';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { ec2Throttle } from '../../lib/emulator/faults.ts';
import { ModelHost } from '../../lib/emulator/host/model-host.ts';
import { Route53 } from '../../lib/emulator/route53/route53.ts';
import { route53Service } from '../../lib/emulator/route53/service.ts';
import { sdkRequestHandler } from '../../lib/emulator/transports.ts';
import { dependentDocument } from '../../lib/host/dependent-document.ts';
import type { DependentDefinition, DependentWork } from '../../lib/recovery/dependent.ts';
import { elbv2Account } from './elbv2-account.ts';
import {
  dependentsContract,
  type HostDependentsSubject,
  hostDependentsContract,
} from './ports-dependents.ts';
import { primaryA, primaryB, serverA, serverB, type TwoServers } from './two-servers.ts';

const volumeId = 'vol-0aaaaaaaaaaaaaaaa';
const zoneId = 'Z0123456789ABCDEFGHIJ';
const unit = 'db.service';
const tries = 1_000;
const ms = 60_000;

const systemd = { kind: 'systemd', unit } as const;
const command = { kind: 'command', start: ['/opt/up'], stop: ['/opt/down'], check: ['/opt/check'] } as const;
const values = { ServerA: '10.0.1.10', ServerB: '10.0.1.20' };
const dns = { kind: 'dns', zoneId, name: 'DB.example.com.', type: 'A', ttlS: 10, values } as const;
const volume = { kind: 'volume', volumeId, device: '/dev/sdf' } as const;

/** @param look the operation by which it is looked at */
async function open(
  workOf: (groupArn: string) => DependentWork,
  look: string,
): Promise<HostDependentsSubject & { readonly aws: TwoServers }> {
  const clock = new VirtualClock();
  const { aws, elbv2, db } = elbv2Account(clock);
  const route53 = new Route53(aws.account);
  aws.gateway.addRaw(route53Service(route53));
  route53.addHostedZone({
    id: zoneId,
    name: 'example.com',
    records: [{ name: 'db.example.com', type: 'A', ttlSeconds: 10, values: ['10.0.1.10'] }],
  });
  aws.ec2.volumes.add({ id: volumeId, attachedTo: { instanceId: serverA, device: '/dev/sdf' } });
  elbv2.isHealthy = () => true;
  const clients = createClients({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: sdkRequestHandler(aws.gateway),
  });
  const run = <T>(promise: Promise<T>) => clock.run(promise);
  const work = workOf(db.arn);
  const common = { name: 'it', startMs: ms, stopMs: ms, tries: 1, onFailure: 'stay' } as const;
  const dependent: DependentDefinition = { ...common, needs: [], work };
  await run(clients.ssm.send(documentOf(work)));
  await prepare(aws);
  await clock.advance(ms);
  return {
    aws,
    run,
    now: () => clock.now(),
    dependents: awsDependents(clients, 'dependents', { clock, chance: () => 0.5 }),
    dependent,
    here: { tag: 'ip-db', server: 'ServerA', instanceId: serverA, eniId: primaryA, address: '10.0.1.10' },
    there: { tag: 'ip-db', server: 'ServerB', instanceId: serverB, eniId: primaryB, address: '10.0.1.20' },
    settle: () => clock.advance(2 * ms),
    failLooks: () => aws.account.faults.add({ operation: look, effect: ec2Throttle, times: tries }),
    silence: () => aws.ssm.cutOff(serverA),
  };
}

function documentOf(work: DependentWork): CreateDocumentCommand {
  const run = work.kind === 'systemd' || work.kind === 'command' ? work : systemd;
  return new CreateDocumentCommand({
    Name: 'dependents',
    DocumentType: 'Command',
    Content: JSON.stringify(dependentDocument([{ tag: 'ip-db', name: 'it', timeoutS: 10, run }])),
  });
}

/** The unit, and what a command starts, are there on both servers and run on ServerA. */
async function prepare(aws: TwoServers): Promise<void> {
  for (const instanceId of [serverA, serverB]) {
    const host = hostOf(aws, instanceId);
    host.units.install({ name: unit });
    host.writeProgram('/opt/up', '#!/bin/sh\ntouch /opt/is-up\n');
    host.writeProgram('/opt/down', '#!/bin/sh\nrm -f /opt/is-up\n');
    host.writeProgram('/opt/check', '#!/bin/sh\n[ -e /opt/is-up ] || exit 3\n');
  }
  const host = hostOf(aws, serverA);
  host.units.start(unit);
  host.writeProgram('/opt/is-up', '');
}

function hostOf(aws: TwoServers, instanceId: string): ModelHost {
  const host = aws.ec2.host(instanceId);
  if (!(host instanceof ModelHost)) throw new Error(`${instanceId} is no guest in memory`);
  return host;
}

const alike = { exclusive: false, stops: true, moves: false };

describe('systemd', () => {
  dependentsContract(alike, () => open(() => systemd, 'SendCommand'));
  hostDependentsContract(() => open(() => systemd, 'SendCommand'));

  test('a unit that fails to start is no fault, and is seen to have failed', async () => {
    const { aws, dependents, dependent, there, now, run } = await open(() => systemd, 'SendCommand');
    hostOf(aws, serverB).units.fault(unit, 'fails-to-start');
    await run(dependents.start(dependent, there, now()));
    expect(await run(dependents.look(dependent, there))).toMatchObject({ value: { state: 'failed' } });
  });
});

describe('command', () => {
  const work = { ...command, start: [...command.start], stop: [...command.stop], check: [...command.check] };
  dependentsContract(alike, () => open(() => work, 'SendCommand'));
  hostDependentsContract(() => open(() => work, 'SendCommand'));

  test('one without a check is in no known state, and says so when its start fails', async () => {
    const unchecked = { ...work, check: null };
    const { aws, dependents, dependent, there, now, run } = await open(() => unchecked, 'SendCommand');
    expect(await run(dependents.look(dependent, there))).toMatchObject({ value: { state: 'unknown' } });
    await run(dependents.start(dependent, there, now()));
    hostOf(aws, serverB).writeProgram('/opt/up', '#!/bin/sh\necho no luck\nexit 1\n');
    await expect(run(dependents.start(dependent, there, now() + 1))).rejects.toMatchObject({
      name: 'Fault',
      code: 'refused',
      message: expect.stringContaining('no luck'),
    });
  });

  test('one that the document does not declare is not run', async () => {
    const { dependents, dependent, here, now, run } = await open(() => work, 'SendCommand');
    const other = { ...dependent, name: 'other' };
    await expect(run(dependents.start(other, here, now()))).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('volume', () => {
  dependentsContract({ exclusive: true, stops: true, moves: false }, () =>
    open(() => volume, 'DescribeVolumes'),
  );

  test('one that the server does not let go of stays on its way, without force', async () => {
    const { aws, dependents, dependent, here, there, run, settle } = await open(
      () => volume,
      'DescribeVolumes',
    );
    aws.ec2.volumes.hold(volumeId, true);
    await run(dependents.stop(dependent, here, 1));
    await settle();
    for (const at of [here, there])
      expect(await run(dependents.look(dependent, at))).toMatchObject({ value: { state: 'changing' } });
    await expect(run(dependents.start(dependent, there, 1))).rejects.toMatchObject({
      code: 'refused',
      retry: 'later',
    });
  });
});

describe('dns', () => {
  const work = dns;
  dependentsContract({ exclusive: true, stops: false, moves: true }, () =>
    open(() => work, 'ListResourceRecordSets'),
  );

  test('a server that has no value is refused', async () => {
    const { dependents, dependent, there, run } = await open(() => work, 'ListResourceRecordSets');
    const at = { ...there, server: 'ServerC' };
    await expect(run(dependents.start(dependent, at, 1))).rejects.toMatchObject({ code: 'unknown-server' });
  });
});

describe('target', () => {
  const work = (targetGroupArn: string) =>
    ({ kind: 'target', targetGroupArn, as: 'instance', port: null }) as const;
  dependentsContract(alike, () => open(work, 'DescribeTargetHealth'));

  test('one that is being deregistered is on its way out as long as its connections may last', async () => {
    const { dependents, dependent, here, run } = await open(work, 'DescribeTargetHealth');
    await run(dependents.stop(dependent, here, 1));
    expect(await run(dependents.look(dependent, here))).toMatchObject({ value: { state: 'changing' } });
  });
});
