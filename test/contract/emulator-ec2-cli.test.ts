/** What a failover across zones calls, as the AWS CLI sends it and reads the answers. */
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WallClock } from '../../lib/emulator/clock.ts';
import { listen } from '../../lib/emulator/transports.ts';
import { awsCli, awsCliJson, cliTimeoutMs, cliTitle, isCliInstalled } from './aws-cli.ts';
import {
  allocationId,
  backupA,
  client,
  clientTable,
  isolationGroup,
  overlay,
  primaryA,
  primaryB,
  serverA,
  type TwoZones,
  twoZones,
  volumeId,
} from './two-zones.ts';

describe.skipIf(!isCliInstalled)(cliTitle, { timeout: 6 * cliTimeoutMs }, () => {
  const clock = new WallClock();
  let aws: TwoZones;
  let server: Server;
  let endpoint: string;

  beforeAll(async () => {
    aws = twoZones(clock);
    aws.ec2.volumes.detachMs = 0;
    const listening = await listen(aws.gateway, 0);
    server = listening.server;
    endpoint = `http://127.0.0.1:${listening.port}`;
  });

  afterAll(async () => {
    aws.ec2.stop();
    clock.stop();
    await new Promise((resolve) => server.close(resolve));
  });

  const json = (...words: string[]) => awsCliJson(endpoint, tmpdir(), ['ec2', ...words]);

  test('moves an overlay address from one route target to another', async () => {
    const table = ['--route-table-id', clientTable];
    const route = [...table, '--destination-cidr-block', `${overlay}/32`];
    const again = ['create-route', ...route, '--network-interface-id', primaryB];
    expect((await awsCli(endpoint, tmpdir(), ['ec2', ...again])).stderr).toContain('(RouteAlreadyExists)');
    await json('replace-route', ...route, '--network-interface-id', primaryB);
    expect(await json('describe-route-tables', '--route-table-ids', clientTable)).toMatchObject({
      RouteTables: [
        {
          Routes: [
            { DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'local' },
            { DestinationIpv6CidrBlock: '2001:db8:0:1::/64' },
            { DestinationIpv6CidrBlock: '2001:db8:0:2::/64' },
            { DestinationCidrBlock: `${overlay}/32`, NetworkInterfaceId: primaryB, State: 'active' },
          ],
        },
      ],
    });
    await json('delete-route', ...route);
    expect(await json('create-route', ...route, '--instance-id', client)).toEqual({ Return: true });
  });

  test('moves an Elastic IP address to a private address of another interface', async () => {
    const where = ['--network-interface-id', primaryB, '--private-ip-address', '10.0.2.10'];
    const words = ['--allocation-id', allocationId, ...where, '--allow-reassociation'];
    const { AssociationId } = (await json('associate-address', ...words)) as { AssociationId: string };
    expect(await json('describe-addresses', '--allocation-ids', allocationId)).toMatchObject({
      Addresses: [{ AssociationId, NetworkInterfaceId: primaryB, PrivateIpAddress: '10.0.2.10' }],
    });
    await json('disassociate-address', '--association-id', AssociationId);
    expect(await json('allocate-address', '--domain', 'vpc')).toMatchObject({ PublicIp: '203.0.113.1' });
  });

  test('moves an IPv6 address in two calls', async () => {
    const address = ['--ipv6-addresses', '2001:db8:0:1::10'];
    const from = await json('unassign-ipv6-addresses', '--network-interface-id', primaryA, ...address);
    expect(from).toEqual({
      NetworkInterfaceId: primaryA,
      UnassignedIpv6Addresses: ['2001:db8:0:1::10'],
    });
    const to = await json('assign-ipv6-addresses', '--network-interface-id', backupA, ...address);
    expect(to).toEqual({ NetworkInterfaceId: backupA, AssignedIpv6Addresses: ['2001:db8:0:1::10'] });
  });

  test('moves a volume', async () => {
    const volume = ['--volume-id', volumeId];
    expect(await json('detach-volume', ...volume, '--instance-id', serverA, '--force')).toMatchObject({
      State: 'detaching',
    });
    const described = () => json('describe-volumes', '--volume-ids', volumeId);
    await expect.poll(described, { timeout: cliTimeoutMs }).toMatchObject({
      Volumes: [{ State: 'available', Attachments: [] }],
    });
    const words = [...volume, '--instance-id', client, '--device', '/dev/sdf'];
    expect(await json('attach-volume', ...words)).toMatchObject({ State: 'attaching', InstanceId: client });
  });

  test('isolates an interface and switches its source/destination check', async () => {
    const eni = ['--network-interface-id', primaryA];
    await json('modify-network-interface-attribute', ...eni, '--groups', isolationGroup);
    await json('modify-network-interface-attribute', ...eni, '--source-dest-check');
    expect(await json('describe-network-interfaces', '--network-interface-ids', primaryA)).toMatchObject({
      NetworkInterfaces: [{ Groups: [{ GroupId: isolationGroup }], SourceDestCheck: true }],
    });
    expect(await json('describe-security-groups', '--group-ids', isolationGroup)).toMatchObject({
      SecurityGroups: [{ GroupName: 'isolated', IpPermissions: [] }],
    });
  });
});
