/**
 * An embedded AWS with a VPC over two Availability Zones: a server in each, a client in a subnet of its own, an overlay
 * address that the client's route table leads to ServerA, and an Elastic IP address on ServerA.
 */
import { EC2Client, type EC2ClientConfig } from '@aws-sdk/client-ec2';
import { Account } from '../../lib/emulator/account.ts';
import type { Clock } from '../../lib/emulator/clock.ts';
import { Ec2 } from '../../lib/emulator/ec2/model.ts';
import { ec2Service } from '../../lib/emulator/ec2/service.ts';
import { Gateway } from '../../lib/emulator/gateway.ts';
import { Fabric } from '../../lib/emulator/host/fabric.ts';
import { ModelHost } from '../../lib/emulator/host/model-host.ts';
import { sdkRequestHandler } from '../../lib/emulator/transports.ts';

export const vpcId = 'vpc-0123456789abcdef0';
export const subnetA = 'subnet-0aaaaaaaaaaaaaaaa';
export const subnetB = 'subnet-0bbbbbbbbbbbbbbbb';
const clientSubnet = 'subnet-0cccccccccccccccc';
export const serverA = 'i-0aaaaaaaaaaaaaaaa';
export const serverB = 'i-0bbbbbbbbbbbbbbbb';
export const client = 'i-0cccccccccccccccc';
/** Of two interfaces each; their source/destination checks are off. */
export const primaryA = 'eni-0aaaaaaaaaaaaaaa0';
export const backupA = 'eni-0aaaaaaaaaaaaaaa1';
export const primaryB = 'eni-0bbbbbbbbbbbbbbb0';
export const backupB = 'eni-0bbbbbbbbbbbbbbb1';
export const clientEni = 'eni-0cccccccccccccccc';
export const clientAddress = '10.0.3.10';
export const vip = '10.0.1.50';
export const overlay = '192.168.50.5';
export const clientTable = 'rtb-0cccccccccccccccc';
export const serverTable = 'rtb-0aaaaaaaaaaaaaaaa';
export const allocationId = 'eipalloc-0aaaaaaaaaaaaaaaa';
export const publicIp = '203.0.113.77';
export const volumeId = 'vol-0aaaaaaaaaaaaaaaa';
export const openGroup = 'sg-0aaaaaaaaaaaaaaaa';
export const isolationGroup = 'sg-0ffffffffffffffff';
export const nobody = '0dddddddddddddddd';

export interface TwoZones {
  readonly account: Account;
  readonly gateway: Gateway;
  readonly fabric: Fabric;
  readonly ec2: Ec2;
  readonly gatewayId: string;
  readonly ec2Client: EC2Client;
}

export function twoZones(clock: Clock): TwoZones {
  const account = new Account({ clock, seed: 'two zones' });
  const ec2 = new Ec2(account);
  const fabric = new Fabric(ec2);
  const gateway = new Gateway(account);
  gateway.add(ec2Service(ec2));

  const { internetGatewayId: gatewayId = '' } = ec2.networks.addVpc({
    id: vpcId,
    cidrs: ['10.0.0.0/16'],
    internetGateway: true,
  });
  const zone = (letter: string) => `us-east-1${letter}`;
  ec2.addSubnet({
    id: subnetA,
    vpcId,
    cidr: '10.0.1.0/24',
    ipv6Cidr: '2001:db8:0:1::/64',
    availabilityZone: zone('a'),
  });
  ec2.addSubnet({
    id: subnetB,
    vpcId,
    cidr: '10.0.2.0/24',
    ipv6Cidr: '2001:db8:0:2::/64',
    availabilityZone: zone('b'),
  });
  ec2.addSubnet({ id: clientSubnet, vpcId, cidr: '10.0.3.0/24', availabilityZone: zone('a') });
  ec2.securityGroups.add({ id: openGroup, name: 'servers', vpcId, hasRules: true });
  ec2.securityGroups.add({ id: isolationGroup, name: 'isolated', vpcId, hasRules: false });

  const open = { securityGroupIds: [openGroup], sourceDestCheck: false, tags: { Cluster: 'db' } };
  ec2.addNetworkInterface({
    id: primaryA,
    subnetId: subnetA,
    privateAddress: '10.0.1.10',
    secondaryAddresses: [vip],
    ipv6Addresses: ['2001:db8:0:1::10'],
    ...open,
  });
  ec2.addNetworkInterface({ id: backupA, subnetId: subnetA, privateAddress: '10.0.1.11', ...open });
  ec2.addNetworkInterface({ id: primaryB, subnetId: subnetB, privateAddress: '10.0.2.10', ...open });
  ec2.addNetworkInterface({ id: backupB, subnetId: subnetB, privateAddress: '10.0.2.11', ...open });
  ec2.addNetworkInterface({
    id: clientEni,
    subnetId: clientSubnet,
    privateAddress: clientAddress,
    securityGroupIds: [openGroup],
  });
  addInstance(ec2, fabric, serverA, [primaryA, backupA]);
  addInstance(ec2, fabric, serverB, [primaryB, backupB]);
  addInstance(ec2, fabric, client, [clientEni]);

  const toA = { [`${overlay}/32`]: primaryA };
  ec2.networks.addRouteTable({ id: clientTable, subnetIds: [clientSubnet], routes: toA });
  ec2.networks.addRouteTable({
    id: serverTable,
    subnetIds: [subnetA, subnetB],
    tags: { Cluster: 'db' },
    routes: { ...toA, '0.0.0.0/0': gatewayId },
  });
  ec2.elasticIps.add({ allocationId, publicIp, privateAddress: '10.0.1.10', tags: { Cluster: 'db' } });
  ec2.volumes.add({
    id: volumeId,
    sizeGib: 100,
    tags: { Cluster: 'db' },
    attachedTo: { instanceId: serverA, device: '/dev/sdf' },
  });
  for (const address of [vip, overlay]) ec2.host(serverA)?.addAddress('eth0', address, 32);
  return { account, gateway, fabric, ec2, gatewayId, ec2Client: clientOf(gateway) };
}

function addInstance(ec2: Ec2, fabric: Fabric, id: string, enis: readonly string[]): void {
  const { clock } = ec2.account;
  ec2.addInstance({
    id,
    type: 'm5.large',
    interfaces: enis.map((eniId, index) => ({ eniId, device: `eth${index}` })),
    host: ({ instanceId }) => new ModelHost({ id: instanceId, clock, fabric }),
  });
}

function clientOf(
  gateway: Gateway,
  credentials: EC2ClientConfig['credentials'] = { accessKeyId: 'test', secretAccessKey: 'test' },
): EC2Client {
  return new EC2Client({
    region: 'us-east-1',
    credentials,
    requestHandler: sdkRequestHandler(gateway) as NonNullable<EC2ClientConfig['requestHandler']>,
    maxAttempts: 1,
  });
}

/** Of a role that may do this and nothing else. */
export function clientWith({ account, gateway }: TwoZones, statement: object): EC2Client {
  account.iam.putRole('mover');
  account.iam.putRolePolicy('mover', 'inline', { Statement: [{ Effect: 'Allow', ...statement }] });
  return clientOf(gateway, account.iam.credentialsOf('mover'));
}
