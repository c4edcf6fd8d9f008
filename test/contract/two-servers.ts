/** An embedded AWS with two servers in one subnet, each with a primary and a backup interface. */
import { EC2Client, type EC2ClientConfig } from '@aws-sdk/client-ec2';
import { SSMClient, type SSMClientConfig } from '@aws-sdk/client-ssm';
import { Account, type AwsEvent, type Datum } from '../../lib/emulator/account.ts';
import type { Clock } from '../../lib/emulator/clock.ts';
import { Ec2 } from '../../lib/emulator/ec2/model.ts';
import { ec2Service } from '../../lib/emulator/ec2/service.ts';
import { Gateway } from '../../lib/emulator/gateway.ts';
import { Fabric } from '../../lib/emulator/host/fabric.ts';
import { ModelHost } from '../../lib/emulator/host/model-host.ts';
import { Ssm } from '../../lib/emulator/ssm/model.ts';
import { ssmService } from '../../lib/emulator/ssm/service.ts';
import { sdkRequestHandler } from '../../lib/emulator/transports.ts';

export const vip = '10.0.1.50';
export const subnetId = 'subnet-0123456789abcdef0';
export const otherSubnetId = 'subnet-0123456789abcdef1';
export const serverA = 'i-0aaaaaaaaaaaaaaaa';
export const serverB = 'i-0bbbbbbbbbbbbbbbb';
export const primaryA = 'eni-0aaaaaaaaaaaaaaa0';
export const backupA = 'eni-0aaaaaaaaaaaaaaa1';
export const primaryB = 'eni-0bbbbbbbbbbbbbbb0';
export const backupB = 'eni-0bbbbbbbbbbbbbbb1';
export const spare = 'eni-0cccccccccccccccc';

export interface TwoServers {
  readonly account: Account;
  readonly gateway: Gateway;
  readonly fabric: Fabric;
  readonly ec2: Ec2;
  readonly ssm: Ssm;
  readonly events: AwsEvent[];
  readonly metrics: Datum[];
}

/** The protected address is on the primary interface of ServerA; a spare interface is in another subnet. */
export function twoServers(clock: Clock): TwoServers {
  const account = new Account({ clock, seed: 'two servers' });
  const ec2 = new Ec2(account);
  const fabric = new Fabric(ec2);
  const ssm = new Ssm(account, ec2);
  const gateway = new Gateway(account);
  gateway.add(ec2Service(ec2));
  gateway.add(ssmService(ssm));
  const events: AwsEvent[] = [];
  const metrics: Datum[] = [];
  account.onEvent((event) => events.push(event));
  account.onMetric((datum) => metrics.push(datum));

  ec2.addSubnet({ id: subnetId, cidr: '10.0.1.0/24' });
  ec2.addSubnet({ id: otherSubnetId, cidr: '10.0.2.0/24' });
  const host = ({ instanceId }: { readonly instanceId: string }) =>
    new ModelHost({ id: instanceId, clock, fabric });
  const tags = { Cluster: 'db' };
  ec2.addNetworkInterface({
    id: primaryA,
    subnetId,
    privateAddress: '10.0.1.10',
    macAddress: '02:00:00:00:0a:00',
    secondaryAddresses: [vip],
    tags,
  });
  ec2.addNetworkInterface({ id: backupA, subnetId, privateAddress: '10.0.1.11', tags });
  ec2.addNetworkInterface({ id: primaryB, subnetId, privateAddress: '10.0.1.20', tags });
  ec2.addNetworkInterface({ id: backupB, subnetId, privateAddress: '10.0.1.21' });
  ec2.addNetworkInterface({ id: spare, subnetId: otherSubnetId, privateAddress: '10.0.2.10' });
  ec2.addInstance({
    id: serverA,
    name: 'ServerA',
    type: 'm5.large',
    tags,
    interfaces: [
      { eniId: primaryA, device: 'eth0' },
      { eniId: backupA, device: 'eth1' },
    ],
    host,
  });
  ec2.addInstance({
    id: serverB,
    name: 'ServerB',
    type: 't3.small',
    interfaces: [
      { eniId: primaryB, device: 'eth0' },
      { eniId: backupB, device: 'eth1' },
    ],
    host,
  });
  return { account, gateway, fabric, ec2, ssm, events, metrics };
}

const operator = { accessKeyId: 'test', secretAccessKey: 'test' } as const;

export function ec2Client({ gateway }: TwoServers, credentials: EC2ClientConfig['credentials'] = operator) {
  return new EC2Client({
    region: 'us-east-1',
    credentials,
    requestHandler: sdkRequestHandler(gateway) as NonNullable<EC2ClientConfig['requestHandler']>,
    maxAttempts: 1,
  });
}

export function ssmClient({ gateway }: TwoServers, credentials: SSMClientConfig['credentials'] = operator) {
  return new SSMClient({
    region: 'us-east-1',
    credentials,
    requestHandler: sdkRequestHandler(gateway) as NonNullable<SSMClientConfig['requestHandler']>,
    maxAttempts: 1,
  });
}

/** `accepted`, or AWS's code and message. */
export function refusal(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'accepted',
    (error: Error) => `${error.name}: ${error.message}`,
  );
}

/** A Command document whose one step runs these lines. */
export function scriptDocument(lines: readonly string[], step: object = {}) {
  const inputs = { runCommand: lines, timeoutSeconds: '60' };
  return {
    schemaVersion: '2.2',
    mainSteps: [{ action: 'aws:runShellScript', name: 'run', inputs, ...step }],
  };
}

export const greeting = {
  schemaVersion: '2.2',
  description: 'says hello',
  parameters: {
    Name: { type: 'String', allowedPattern: '^[a-z]+$' },
    Tone: { type: 'String', default: 'warm', allowedValues: ['warm', 'cold'] },
    Seconds: { type: 'String', default: '60' },
  },
  mainSteps: [
    {
      action: 'aws:runShellScript',
      name: 'greet',
      precondition: { StringEquals: ['platformType', 'Linux'] },
      inputs: {
        timeoutSeconds: '{{ Seconds }}',
        runCommand: ["echo 'hello {{ Name }}'", 'echo {{Tone}} >&2'],
      },
    },
  ],
};
