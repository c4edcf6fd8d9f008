/** What becomes of packets when EC2 is told to move an overlay, an Elastic IP or an IPv6 address, or to isolate. */
import {
  AssignIpv6AddressesCommand,
  AssociateAddressCommand,
  CreateRouteCommand,
  DeleteRouteCommand,
  DisassociateAddressCommand,
  ModifyNetworkInterfaceAttributeCommand,
  ReplaceRouteCommand,
  StopInstancesCommand,
  UnassignIpv6AddressesCommand,
} from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { type Endpoint, Fabric } from '../../lib/emulator/host/fabric.ts';
import {
  allocationId,
  backupA,
  backupB,
  client,
  clientAddress,
  clientTable,
  isolationGroup,
  overlay,
  primaryA,
  primaryB,
  publicIp,
  serverA,
  serverB,
  serverTable,
  subnetB,
  type TwoZones,
  twoZones,
  vip,
} from './two-zones.ts';

let clock: VirtualClock;
let aws: TwoZones;
const cidr = `${overlay}/32`;

beforeEach(() => {
  clock = new VirtualClock();
  aws = twoZones(clock);
});

const ask = (target: string) => aws.fabric.pingFrom(client, clientAddress, target);

async function leadTo(eniId: string, ...tables: string[]): Promise<void> {
  for (const RouteTableId of tables)
    await aws.ec2Client.send(
      new ReplaceRouteCommand({ RouteTableId, DestinationCidrBlock: cidr, NetworkInterfaceId: eniId }),
    );
}

function modify(
  NetworkInterfaceId: string,
  input: { Groups?: string[]; SourceDestCheck?: { Value: boolean } },
) {
  return aws.ec2Client.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, ...input }));
}

describe('an overlay address', () => {
  test("answers where the client's route table leads, once the guest there has it", async () => {
    expect(ask(overlay)).toBe('answered');
    await leadTo(primaryB, clientTable);
    expect(ask(overlay)).toBe('target-not-configured');
    aws.ec2.host(serverB)?.addAddress('eth0', overlay, 32);
    expect(ask(overlay)).toBe('answered');
    aws.ec2.host(serverA)?.deleteAddress('eth0', overlay);
    expect(ask(overlay)).toBe('answered');
  });

  test('is decided by the table of the subnet that the packet leaves, not by the others', async () => {
    aws.ec2.host(serverB)?.addAddress('eth0', overlay, 32);
    await leadTo(primaryB, serverTable);
    aws.ec2.host(serverA)?.halt();
    expect(ask(overlay)).toBe('target-down');
    await leadTo(primaryB, clientTable);
    expect(ask(overlay)).toBe('answered');
  });

  test('is lost without a route, and in a blackhole', async () => {
    await aws.ec2Client.send(
      new DeleteRouteCommand({ RouteTableId: clientTable, DestinationCidrBlock: cidr }),
    );
    expect(ask(overlay)).toBe('vpc-no-route');
    const back = { RouteTableId: clientTable, DestinationCidrBlock: cidr, NetworkInterfaceId: primaryA };
    await aws.ec2Client.send(new CreateRouteCommand(back));
    expect(ask(overlay)).toBe('answered');
    await aws.ec2Client.send(new StopInstancesCommand({ InstanceIds: [serverA], Force: true }));
    await clock.advance(4_000);
    expect(ask(overlay)).toBe('vpc-blackhole');
  });

  test('is not taken in by an interface whose source/destination check is on', async () => {
    await modify(primaryA, { SourceDestCheck: { Value: true } });
    expect(ask(overlay)).toBe('target-not-forwarded');
  });

  test('does not get its reply out by an interface whose check is on', async () => {
    await modify(primaryA, { SourceDestCheck: { Value: true } });
    await leadTo(backupA, clientTable);
    expect(ask(overlay)).toBe('reply-source-not-owned');
  });

  test('leads replies to who has it now, not to who asked with it', async () => {
    expect(aws.fabric.pingFrom(serverA, overlay, '10.0.2.10')).toBe('answered');
    await leadTo(primaryB, serverTable);
    expect(aws.fabric.pingFrom(serverA, overlay, '10.0.2.10')).toBe('reply-not-routed');
  });

  test('is where a network follows EC2, while its interface may take it in', async () => {
    const where = () => aws.ec2.owned().filter(({ address }) => address === overlay);
    const macOf = (eniId: string) => aws.ec2.world.interface(eniId).macAddress;
    let told = 0;
    aws.ec2.onOwnership(() => {
      told += 1;
    });
    expect(where()).toEqual([{ address: overlay, mac: macOf(primaryA) }]);
    await leadTo(primaryB, clientTable, serverTable);
    expect(where()).toEqual([{ address: overlay, mac: macOf(primaryB) }]);
    expect(told).toBe(2);
    await modify(primaryB, { SourceDestCheck: { Value: true } });
    expect(where()).toEqual([]);
  });
});

describe('inside the VPC', () => {
  test('an address answers across subnets, without any route of its own', () => {
    expect(ask(vip)).toBe('answered');
    expect(ask('10.0.2.10')).toBe('answered');
    expect(ask('10.0.2.99')).toBe('target-not-owned');
  });

  test('a subnet that is led to an interface goes through its guest, which does not pass it on', async () => {
    await aws.ec2Client.send(
      new CreateRouteCommand({
        RouteTableId: clientTable,
        DestinationCidrBlock: '10.0.2.0/24',
        NetworkInterfaceId: primaryA,
      }),
    );
    expect(ask('10.0.2.10')).toBe('target-not-configured');
    expect(aws.fabric.pingFrom(serverB, '10.0.2.10', '10.0.1.10')).toBe('answered');
  });

  test('an interface may send what is not its own only while its check is off', async () => {
    aws.ec2.host(serverA)?.addAddress('eth0', '192.168.50.9', 32);
    const spoofed = () => aws.fabric.pingFrom(serverA, '192.168.50.9', '10.0.2.10');
    expect(spoofed()).toBe('reply-not-routed');
    await modify(primaryA, { SourceDestCheck: { Value: true } });
    expect(spoofed()).toBe('source-not-owned');
  });
});

describe('an Elastic IP address, asked from the internet', () => {
  const fromOutside = () => aws.fabric.pingFromInternet(publicIp);

  test('answers at the interface that it is associated with', async () => {
    expect(fromOutside()).toBe('answered');
    await aws.ec2Client.send(
      new AssociateAddressCommand({ AllocationId: allocationId, NetworkInterfaceId: primaryB }),
    );
    expect(fromOutside()).toBe('answered');
    aws.ec2.host(serverB)?.halt();
    expect(fromOutside()).toBe('target-down');
  });

  test('answers at a secondary interface by its own primary address', async () => {
    await aws.ec2Client.send(
      new AssociateAddressCommand({ AllocationId: allocationId, NetworkInterfaceId: backupB }),
    );
    expect(fromOutside()).toBe('answered');
  });

  test('does not answer when it is associated with nothing', async () => {
    const AssociationId = aws.ec2.elasticIps.get(allocationId).association?.id;
    await aws.ec2Client.send(new DisassociateAddressCommand({ AssociationId }));
    expect(fromOutside()).toBe('target-not-owned');
  });

  test('does not answer from a subnet that has no route to the internet gateway', async () => {
    const outside = { RouteTableId: serverTable, DestinationCidrBlock: '0.0.0.0/0' };
    await aws.ec2Client.send(new DeleteRouteCommand(outside));
    expect(fromOutside()).toBe('reply-not-routed');
  });
});

describe('an interface in no group but one without rules', () => {
  beforeEach(() => modify(primaryA, { Groups: [isolationGroup] }));

  test('neither gets packets nor sends any', () => {
    expect(ask(vip)).toBe('target-isolated');
    expect(ask(overlay)).toBe('target-isolated');
    expect(aws.fabric.pingFromInternet(publicIp)).toBe('target-isolated');
    expect(aws.fabric.pingFrom(serverA, '10.0.1.10', clientAddress)).toBe('isolated');
    expect(aws.fabric.pingFrom(serverA, '10.0.1.11', clientAddress)).toBe('answered');
    expect(aws.ec2.owned().map(({ address }) => address)).not.toContain(vip);
  });

  test('is as before with another group beside it', async () => {
    await modify(primaryA, { Groups: [isolationGroup, 'sg-0aaaaaaaaaaaaaaaa'] });
    expect(ask(vip)).toBe('answered');
  });
});

describe('an IPv6 address', () => {
  const held = '2001:db8:0:1::10';
  const asking = '2001:db8:0:2::99';

  /** A guest with these addresses on one interface. */
  function guest(id: string, mac: string, addresses: readonly string[]): Endpoint {
    return {
      id,
      isUp: () => true,
      carries: (each) => each === mac,
      hasAddress: (address) => addresses.includes(address),
      egress: () => ({ kind: 'wire', mac }),
    };
  }

  test('is delivered to the interface that owns it, and nowhere between two owners', async () => {
    const macOf = (eniId: string) => aws.ec2.world.interface(eniId).macAddress;
    const { id } = aws.ec2.addNetworkInterface({
      subnetId: subnetB,
      privateAddress: '10.0.2.99',
      ipv6Addresses: [asking],
    });
    aws.ec2.attachInterface(id, serverB, { deviceIndex: 2, device: 'eth2' });
    const fabric = new Fabric(aws.ec2);
    fabric.register(guest(serverB, macOf(id), [asking]));
    fabric.register(guest(serverA, macOf(primaryA), [held]));
    const answer = () => fabric.pingFrom(serverB, asking, held);
    expect(answer()).toBe('answered');
    await aws.ec2Client.send(
      new UnassignIpv6AddressesCommand({ NetworkInterfaceId: primaryA, Ipv6Addresses: [held] }),
    );
    expect(answer()).toBe('vpc-no-route');
    await aws.ec2Client.send(
      new AssignIpv6AddressesCommand({ NetworkInterfaceId: backupA, Ipv6Addresses: [held] }),
    );
    expect(answer()).toBe('target-link-down');
    fabric.register(guest(serverA, macOf(backupA), [held]));
    expect(answer()).toBe('answered');
  });
});
