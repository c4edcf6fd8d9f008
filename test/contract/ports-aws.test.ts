/**
 * The real adapters keep the contract of the ports, over the embedded AWS: real SDK clients, real wire, no network.
 * Deviations from AWS itself are those of the embedded AWS; there is none that is particular to this file.
 */
import { setImmediate } from 'node:timers/promises';
import { CreateTableCommand, DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { StopInstancesCommand } from '@aws-sdk/client-ec2';
import { CreateDocumentCommand } from '@aws-sdk/client-ssm';
import { expect, test } from 'vitest';
import { ec2Addresses } from '../../lib/aws/addresses.ts';
import { dynamoAudit, readAudit } from '../../lib/aws/audit.ts';
import { type Clients, createClients } from '../../lib/aws/clients.ts';
import { ssmHosts } from '../../lib/aws/hosts.ts';
import { ec2Instances } from '../../lib/aws/instances.ts';
import { dynamoLedger } from '../../lib/aws/ledger.ts';
import type { Table } from '../../lib/aws/table.ts';
import { dynamoWords } from '../../lib/aws/words.ts';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { DynamoDb } from '../../lib/emulator/dynamodb/dynamodb.ts';
import { dynamoDbService } from '../../lib/emulator/dynamodb/service.ts';
import { ec2Throttle } from '../../lib/emulator/faults.ts';
import type { HostDriver } from '../../lib/emulator/host/driver.ts';
import { sdkRequestHandler } from '../../lib/emulator/transports.ts';
import { addressDocument } from '../../lib/host/document.ts';
import { auditContract, instancesContract, type Subject } from './ports.ts';
import { hostsContract } from './ports-hosts.ts';
import { ledgerContract } from './ports-ledger.ts';
import { wordsContract } from './ports-words.ts';
import { backupA, primaryA, serverA, serverB, type TwoServers, twoServers, vip } from './two-servers.ts';

const tableLooks = 1_000;

interface Opened extends Subject {
  readonly aws: TwoServers;
  readonly clients: Clients;
  readonly retrying: { readonly clock: VirtualClock; readonly chance: () => number };
}

function open(): Opened {
  const clock = new VirtualClock();
  const aws = twoServers(clock);
  aws.gateway.addRaw(dynamoDbService(new DynamoDb(aws.account)));
  const clients = createClients({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: sdkRequestHandler(aws.gateway),
  });
  const retrying = { clock, chance: () => 0.5 };
  return { aws, clients, retrying, now: () => clock.now(), run: (promise) => clock.run(promise) };
}

async function tableIn({ clients, retrying, run }: Opened): Promise<Table> {
  const key = [
    { AttributeName: 'pk', AttributeType: 'S', KeyType: 'HASH' },
    { AttributeName: 'sk', AttributeType: 'S', KeyType: 'RANGE' },
  ] as const;
  await run(
    clients.dynamodb.send(
      new CreateTableCommand({
        TableName: 'states',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: key.map(({ AttributeName, AttributeType }) => ({
          AttributeName,
          AttributeType,
        })),
        KeySchema: key.map(({ AttributeName, KeyType }) => ({ AttributeName, KeyType })),
      }),
    ),
  );
  // A table takes its time to be there, here as on AWS.
  for (let look = 1; ; look += 1) {
    const { Table: table } = await run(
      clients.dynamodb.send(new DescribeTableCommand({ TableName: 'states' })),
    );
    if (table?.TableStatus === 'ACTIVE') return { dynamodb: clients.dynamodb, name: 'states', retrying };
    if (look === tableLooks) throw new Error(`the table is ${table?.TableStatus}`);
    await setImmediate();
  }
}

/** More often than any adapter tries again. */
function throttle({ aws }: Opened, operation: string): void {
  aws.account.faults.add({ operation, effect: ec2Throttle, times: 1_000 });
}

ledgerContract(async () => {
  const opened = open();
  return { ...opened, ledger: dynamoLedger(await tableIn(opened)) };
});

wordsContract(async () => {
  const opened = open();
  return { ...opened, words: dynamoWords(await tableIn(opened)) };
});

auditContract(async () => {
  const opened = open();
  const table = await tableIn(opened);
  return { ...opened, audit: dynamoAudit(table), read: (tag) => readAudit(table, tag, 100) };
});

instancesContract(async () => {
  const opened = open();
  const { aws, clients, retrying, run } = opened;
  await retrying.clock.advance(600_000);
  return {
    ...opened,
    instances: ec2Instances(clients, retrying),
    running: [serverA, serverB],
    stop: async () => {
      await run(clients.ec2.send(new StopInstancesCommand({ InstanceIds: [serverA] })));
      await retrying.clock.advance(600_000);
    },
    lose: async () => {
      aws.ec2.failHost(serverA, { stopsAfterMs: 1_000 });
      await retrying.clock.advance(600_000);
    },
    silence: async () => {
      aws.ssm.cutOff(serverA);
      await retrying.clock.advance(600_000);
    },
    failLooks: () => throttle(opened, 'DescribeInstanceStatus'),
  };
});

hostsContract(async () => {
  const opened = open();
  const { aws, clients, retrying, run } = opened;
  await run(clients.ssm.send(documentCommand()));
  const hosts = ssmHosts(clients.ssm, 'address', retrying);
  const question = {
    mechanism: 'secondary',
    address: vip,
    subnet: '10.0.1.0/24',
    pingList: ['10.0.1.20'],
  } as const;
  const primaryMac = aws.ec2.world.interface(primaryA).macAddress;
  const backupMac = aws.ec2.world.interface(backupA).macAddress;
  await run(hosts.ask(serverA, { ...question, action: 'restore', mac: primaryMac }, 20_000));
  return {
    ...opened,
    hosts,
    instanceId: serverA,
    question,
    primaryMac,
    backupMac,
    reassign: () => run(ec2Addresses(clients.ec2, retrying).move([held], backupA)),
    loseAddress: () => host(aws).deleteAddress('eth0', vip),
    breakLink: (which) => host(aws).setLink(which === 'primary' ? 'eth0' : 'eth1', 'down'),
    silence: () => aws.ssm.cutOff(serverA),
  };
});

test('a host is told the mechanism of an address that is no ordinary one', async () => {
  const opened = open();
  const { aws, clients, retrying, run } = opened;
  await run(clients.ssm.send(documentCommand()));
  const hosts = ssmHosts(clients.ssm, 'address', retrying);
  const mac = aws.ec2.world.interface(primaryA).macAddress;
  const address = '192.168.50.5';
  const question = { action: 'restore', mechanism: 'overlay', address, mac, pingList: [] } as const;
  const answer = await run(hosts.ask(serverA, { ...question, subnet: '10.0.1.0/24' }, 20_000));
  expect(answer).toMatchObject({
    kind: 'found',
    value: { address, os: 'here', why: 'verified-without-path' },
  });
});

const held = { address: vip, mechanism: { kind: 'secondary' } } as const;

function documentCommand(): CreateDocumentCommand {
  const Content = JSON.stringify(addressDocument());
  return new CreateDocumentCommand({ Name: 'address', Content, DocumentType: 'Command' });
}

function host(aws: TwoServers): HostDriver {
  const driver = aws.ec2.host(serverA);
  if (driver === undefined) throw new Error('ServerA has no host');
  return driver;
}
