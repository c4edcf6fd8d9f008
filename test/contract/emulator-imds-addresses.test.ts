import {
  AssignIpv6AddressesCommand,
  AssociateAddressCommand,
  DisassociateAddressCommand,
  EC2Client,
  type EC2ClientConfig,
  UnassignIpv6AddressesCommand,
} from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, it } from 'vitest';
import { Account } from '../../lib/emulator/account.ts';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { Ec2 } from '../../lib/emulator/ec2/model.ts';
import { ec2Service } from '../../lib/emulator/ec2/service.ts';
import { Gateway } from '../../lib/emulator/gateway.ts';
import { Fabric } from '../../lib/emulator/host/fabric.ts';
import { ModelHost } from '../../lib/emulator/host/model-host.ts';
import { Imds } from '../../lib/emulator/imds/imds.ts';
import { sdkRequestHandler } from '../../lib/emulator/transports.ts';

const instanceId = 'i-0aaaaaaaaaaaaaaaa';
const [first, second] = ['eni-0aaaaaaaaaaaaaaa0', 'eni-0aaaaaaaaaaaaaaa1'];
const [firstMac, secondMac] = ['02:00:00:00:00:0a', '02:00:00:00:00:0b'];
const vip6 = '2001:db8:1::50';
const publicIp = '203.0.113.9';
const allocationId = 'eipalloc-0aaaaaaaaaaaaaaa0';

let clock: VirtualClock;
let imds: Imds;
let client: EC2Client;

beforeEach(() => {
  clock = new VirtualClock();
  const account = new Account({ clock, seed: 'metadata' });
  const ec2 = new Ec2(account);
  const fabric = new Fabric(ec2);
  const gateway = new Gateway(account);
  gateway.add(ec2Service(ec2));
  client = new EC2Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: sdkRequestHandler(gateway) as NonNullable<EC2ClientConfig['requestHandler']>,
    maxAttempts: 1,
  });
  const { id: vpcId } = ec2.networks.addVpc({ cidrs: ['10.0.0.0/16'], internetGateway: true });
  const { id: subnetId } = ec2.addSubnet({ vpcId, cidr: '10.0.1.0/24', ipv6Cidr: '2001:db8:1::/64' });
  ec2.addNetworkInterface({ id: first, subnetId, privateAddress: '10.0.1.10', macAddress: firstMac });
  ec2.addNetworkInterface({ id: second, subnetId, privateAddress: '10.0.1.11', macAddress: secondMac });
  ec2.addInstance({
    id: instanceId,
    type: 'm5.large',
    interfaces: [
      { eniId: first, device: 'eth0' },
      { eniId: second, device: 'eth1' },
    ],
    host: () => new ModelHost({ id: instanceId, clock, fabric }),
  });
  ec2.elasticIps.add({ allocationId, publicIp });
  imds = new Imds(account, ec2);
});

function read(mac: string, name: string): string | number {
  const token = imds.handle(instanceId, {
    method: 'PUT',
    path: '/latest/api/token',
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
  }).body;
  const path = `/latest/meta-data/network/interfaces/macs/${mac}/${name}`;
  const { status, body } = imds.handle(instanceId, {
    method: 'GET',
    path,
    headers: { 'x-aws-ec2-metadata-token': token },
  });
  return status === 200 ? body : status;
}

async function assign(to: string, from?: string): Promise<void> {
  const addresses = { Ipv6Addresses: [vip6] };
  if (from !== undefined)
    await clock.run(
      client.send(new UnassignIpv6AddressesCommand({ ...addresses, NetworkInterfaceId: from })),
    );
  await clock.run(client.send(new AssignIpv6AddressesCommand({ ...addresses, NetworkInterfaceId: to })));
}

async function associate(to: string): Promise<string> {
  const command = { AllocationId: allocationId, NetworkInterfaceId: to, AllowReassociation: true };
  const { AssociationId } = await clock.run(client.send(new AssociateAddressCommand(command)));
  return AssociationId ?? '';
}

describe('the metadata of an interface', () => {
  it('list its IPv6 addresses, and have no list where there is none', async () => {
    expect([firstMac, secondMac].map((mac) => read(mac, 'ipv6s'))).toEqual([404, 404]);
    await assign(first);
    expect([firstMac, secondMac].map((mac) => read(mac, 'ipv6s'))).toEqual([vip6, 404]);
    await assign(second, first);
    expect([firstMac, secondMac].map((mac) => read(mac, 'ipv6s'))).toEqual([404, vip6]);
  });

  it('list its public addresses, and the private one that each leads to', async () => {
    const of = (mac: string) =>
      ['public-ipv4s', 'ipv4-associations/', `ipv4-associations/${publicIp}`].map((name) => read(mac, name));
    expect(of(firstMac)).toEqual([404, 404, 404]);
    await associate(first);
    expect([of(firstMac), of(secondMac)]).toEqual([
      [publicIp, publicIp, '10.0.1.10'],
      [404, 404, 404],
    ]);
    const AssociationId = await associate(second);
    expect([of(firstMac), of(secondMac)]).toEqual([
      [404, 404, 404],
      [publicIp, publicIp, '10.0.1.11'],
    ]);
    await clock.run(client.send(new DisassociateAddressCommand({ AssociationId })));
    expect(of(secondMac)).toEqual([404, 404, 404]);
  });

  it('show both only after the lag', async () => {
    await assign(first);
    await associate(first);
    imds.lagMs = 30_000;
    await clock.advance(60_000);
    await assign(second, first);
    await associate(second);
    await clock.advance(29_000);
    expect([read(firstMac, 'ipv6s'), read(firstMac, 'public-ipv4s')]).toEqual([vip6, publicIp]);
    await clock.advance(1_000);
    expect([read(firstMac, 'ipv6s'), read(firstMac, 'public-ipv4s')]).toEqual([404, 404]);
    expect([read(secondMac, 'ipv6s'), read(secondMac, 'public-ipv4s')]).toEqual([vip6, publicIp]);
  });
});
