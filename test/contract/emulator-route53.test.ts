import {
  Route53 as Client,
  type ResourceRecordSet,
  type Route53ClientConfig,
} from '@aws-sdk/client-route-53';
import { beforeEach, describe, expect, test } from 'vitest';
import { EmbeddedAws } from '../../lib/emulator/embedded-aws.ts';
import { CachingResolver } from '../../lib/emulator/route53/caching-resolver.ts';
import {
  elsewhere,
  here,
  name,
  type Route53Account,
  record,
  route53Account,
  there,
  zoneId,
} from './route53-account.ts';
import { refusal } from './two-servers.ts';

let clock: Route53Account['clock'];
let account: Route53Account['account'];
let route53: Route53Account['route53'];
let gateway: Route53Account['gateway'];
let client: Route53Account['client'];
let clientOf: Route53Account['clientOf'];
let change: Route53Account['change'];

beforeEach(() => {
  ({ clock, account, route53, gateway, client, clientOf, change } = route53Account());
});

describe('a change', () => {
  test('is PENDING until its time has passed, and name servers answer from it from then on', async () => {
    route53.propagationMs = 20_000;
    const { ChangeInfo } = await change(['UPSERT', record(name, 'A', there)]);
    expect(ChangeInfo).toMatchObject({
      Id: expect.stringMatching(/^\/change\/C[0-9A-F]{20}$/),
      Status: 'PENDING',
      SubmittedAt: new Date('2026-01-05T10:00:01.000Z'),
    });
    const status = async () => (await client.getChange({ Id: ChangeInfo?.Id })).ChangeInfo?.Status;
    expect(await status()).toBe('PENDING');
    expect(route53.resolve(name, 'A')).toEqual({ status: 'found', values: [here], ttlSeconds: 10 });
    await clock.advance(19_999);
    expect(await status()).toBe('PENDING');
    expect(route53.resolve(name, 'A').values).toEqual([here]);
    await clock.advance(1);
    expect(await status()).toBe('INSYNC');
    expect(route53.resolve(name, 'A').values).toEqual([there]);
  });

  test('is listed at once, PENDING or not', async () => {
    await change(['UPSERT', record(name, 'A', there)]);
    const { ResourceRecordSets } = await client.listResourceRecordSets({ HostedZoneId: zoneId });
    expect(ResourceRecordSets).toContainEqual(record('db.example.com.', 'A', there));
  });

  test('never overtakes an earlier one of its zone', async () => {
    route53.propagationMs = 60_000;
    await change(['UPSERT', record(name, 'A', there)]);
    route53.propagationMs = 0;
    await change(['UPSERT', record(name, 'A', elsewhere)]);
    await clock.advance(58_999);
    expect(route53.resolve(name, 'A').values).toEqual([here]);
    await clock.advance(1);
    expect(route53.resolve(name, 'A').values).toEqual([elsewhere]);
  });

  test('keeps its comment', async () => {
    const { ChangeInfo } = await client.changeResourceRecordSets({
      HostedZoneId: `/hostedzone/${zoneId}`,
      ChangeBatch: {
        Comment: 'failover <ip-db> & "friends"',
        Changes: [{ Action: 'UPSERT', ResourceRecordSet: record(name, 'A', there) }],
      },
    });
    expect(ChangeInfo?.Comment).toBe('failover <ip-db> & "friends"');
  });

  test('of a zone or by an id that is not there is refused with 404', async () => {
    await expect(
      client.changeResourceRecordSets({
        HostedZoneId: 'ZNOWHERE',
        ChangeBatch: { Changes: [{ Action: 'UPSERT', ResourceRecordSet: record(name, 'A', there) }] },
      }),
    ).rejects.toMatchObject({
      name: 'NoSuchHostedZone',
      message: 'No hosted zone found with ID: ZNOWHERE',
      $metadata: { httpStatusCode: 404 },
    });
    await expect(client.getChange({ Id: 'CNOWHERE' })).rejects.toMatchObject({
      name: 'NoSuchChange',
      message: 'Could not find resource with ID: CNOWHERE',
      $metadata: { httpStatusCode: 404 },
    });
  });
});

describe('listing records', () => {
  beforeEach(() =>
    change(
      ['CREATE', record('a.db.example.com', 'A', here)],
      ['CREATE', record(name, 'TXT', '"holdfast"')],
      ['CREATE', record('a-b.example.com', 'A', here)],
      ['CREATE', record('a.example.com', 'A', here)],
    ),
  );

  const listed = (sets: readonly ResourceRecordSet[] = []) => sets.map((set) => `${set.Name} ${set.Type}`);

  test('goes by the labels from the right, then by type', async () => {
    const { ResourceRecordSets, IsTruncated, MaxItems } = await client.listResourceRecordSets({
      HostedZoneId: zoneId,
    });
    expect(listed(ResourceRecordSets)).toEqual([
      'example.com. NS',
      'example.com. SOA',
      'a-b.example.com. A',
      'a.example.com. A',
      'db.example.com. A',
      'db.example.com. TXT',
      'a.db.example.com. A',
    ]);
    expect({ IsTruncated, MaxItems }).toEqual({ IsTruncated: false, MaxItems: 300 });
  });

  test('starts where it is told, and says where to go on', async () => {
    const first = await client.listResourceRecordSets({
      HostedZoneId: zoneId,
      StartRecordName: 'aa.example.com',
      MaxItems: 1,
    });
    expect(listed(first.ResourceRecordSets)).toEqual(['db.example.com. A']);
    expect(first).toMatchObject({
      IsTruncated: true,
      NextRecordName: 'db.example.com.',
      NextRecordType: 'TXT',
    });
    const rest = await client.listResourceRecordSets({
      HostedZoneId: zoneId,
      StartRecordName: first.NextRecordName,
      StartRecordType: first.NextRecordType,
    });
    expect(listed(rest.ResourceRecordSets)).toEqual(['db.example.com. TXT', 'a.db.example.com. A']);
  });

  test('from a type without a name is refused', async () => {
    const call = client.listResourceRecordSets({ HostedZoneId: zoneId, StartRecordType: 'A' });
    expect(await refusal(call)).toContain('InvalidInput: ');
  });
});

describe('a hosted zone', () => {
  test('says its name, its name servers and how many records it has', async () => {
    expect(await client.getHostedZone({ Id: zoneId })).toMatchObject({
      HostedZone: {
        Id: `/hostedzone/${zoneId}`,
        Name: 'example.com.',
        Config: { PrivateZone: false },
        ResourceRecordSetCount: 3,
      },
      DelegationSet: { NameServers: expect.arrayContaining(['ns-1.awsdns-01.com']) },
    });
  });

  test('that is private says its VPCs, and all are listed page by page', async () => {
    const { id } = route53.addHostedZone({ name: 'corp.internal.', vpcIds: ['vpc-0123456789abcdef0'] });
    expect(await client.getHostedZone({ Id: id })).toMatchObject({
      HostedZone: { Name: 'corp.internal.', Config: { PrivateZone: true } },
      VPCs: [{ VPCRegion: 'us-east-1', VPCId: 'vpc-0123456789abcdef0' }],
    });
    const first = await client.listHostedZones({ MaxItems: 1 });
    expect(first.IsTruncated).toBe(true);
    const second = await client.listHostedZones({ Marker: first.NextMarker });
    const found = [...(first.HostedZones ?? []), ...(second.HostedZones ?? [])];
    expect(found.map(({ Name }) => Name).sort()).toEqual(['corp.internal.', 'example.com.']);
  });
});

describe('too much at once', () => {
  test('is throttled after five requests in a second, whatever they ask', async () => {
    for (let request = 0; request < 5; request++) await client.getHostedZone({ Id: zoneId });
    const sixth = client.listResourceRecordSets({ HostedZoneId: zoneId });
    await expect(sixth).rejects.toMatchObject({
      name: 'Throttling',
      message: 'Rate exceeded',
      $metadata: { httpStatusCode: 400 },
    });
    await clock.advance(200);
    await client.getHostedZone({ Id: zoneId });
    route53.throttle.drain();
    expect(await refusal(client.listHostedZones({}))).toBe('Throttling: Rate exceeded');
  });

  test('is refused for a zone whose last change is still worked on, and for no other zone', async () => {
    const other = route53.addHostedZone({ name: 'example.org' });
    route53.processingMs = 300;
    const upsert = (HostedZoneId: string, Name: string) =>
      refusal(
        client.changeResourceRecordSets({
          HostedZoneId,
          ChangeBatch: { Changes: [{ Action: 'UPSERT', ResourceRecordSet: record(Name, 'A', there) }] },
        }),
      );
    const all = Promise.all([upsert(zoneId, name), upsert(zoneId, name), upsert(other.id, 'db.example.org')]);
    expect((await clock.run(all)).toSorted()).toEqual([
      'PriorRequestNotComplete: The request was rejected because Route 53 was still processing a prior request.',
      'accepted',
      'accepted',
    ]);
    expect(await clock.run(upsert(zoneId, name))).toBe('accepted');
  });

  test('a planted refusal reaches the client as one of Route 53', async () => {
    account.faults.add({
      operation: 'ChangeResourceRecordSets',
      effect: { kind: 'refuse', code: 'PriorRequestNotComplete', message: 'once' },
    });
    expect(await refusal(change(['UPSERT', record(name, 'A', there)]))).toBe('PriorRequestNotComplete: once');
    expect(await refusal(change(['UPSERT', record(name, 'A', there)]))).toBe('accepted');
  });
});

describe('a client', () => {
  test('follows a CNAME, and keeps the answer for the shortest TTL on the way', async () => {
    await change(['CREATE', { ...record('www.example.com', 'CNAME', 'DB.example.com.'), TTL: 5 }]);
    await clock.advance(60_000);
    expect(route53.resolve('www.Example.com', 'A')).toEqual({
      status: 'found',
      values: [here],
      ttlSeconds: 5,
    });
  });

  test('tells no such record, no such name and no such zone apart', () => {
    expect(route53.resolve(name, 'AAAA')).toEqual({ status: 'no-data', values: [], ttlSeconds: 900 });
    expect(route53.resolve('x.example.com', 'A').status).toBe('no-name');
    expect(route53.resolve('example.net', 'A').status).toBe('no-zone');
  });

  test('goes on with an old answer until its TTL is over', async () => {
    route53.propagationMs = 0;
    const resolver = new CachingResolver(route53);
    const first = resolver.resolve(name, 'A');
    expect(first).toMatchObject({ values: [here], expiresAtMs: clock.now() + 10_000 });
    await change(['UPSERT', record(name, 'A', there)]);
    expect(route53.resolve(name, 'A').values).toEqual([there]);
    await clock.advance(8_999);
    expect(resolver.resolve(name, 'A')).toBe(first);
    await clock.advance(1);
    expect(resolver.resolve(name, 'A').values).toEqual([there]);
  });
});

describe('permissions', () => {
  const allow = (Action: string, Resource: string) => ({
    Statement: [{ Effect: 'Allow', Action, Resource }],
  });

  test('are asked for the zone and for the change', async () => {
    const { iam } = account;
    iam.putRole('failover');
    iam.putRolePolicy('failover', 'records', allow('route53:*', `arn:aws:route53:::hostedzone/${zoneId}`));
    const asRole = clientOf(iam.credentialsOf('failover'));
    await asRole.listResourceRecordSets({ HostedZoneId: zoneId });
    await asRole.getHostedZone({ Id: zoneId });
    const ChangeBatch = {
      Changes: [{ Action: 'UPSERT' as const, ResourceRecordSet: record(name, 'A', there) }],
    };
    const { ChangeInfo } = await asRole.changeResourceRecordSets({ HostedZoneId: zoneId, ChangeBatch });
    const Id = ChangeInfo?.Id ?? '';
    await expect(asRole.getChange({ Id })).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining(`route53:GetChange on resource: arn:aws:route53:::change/C`),
      $metadata: { httpStatusCode: 403 },
    });
    iam.putRolePolicy('failover', 'changes', allow('route53:GetChange', 'arn:aws:route53:::change/*'));
    await clock.advance(1_000);
    await asRole.getChange({ Id });
    expect(await refusal(asRole.listHostedZones({}))).toContain('route53:ListHostedZones on resource: *');
    const otherZone = asRole.changeResourceRecordSets({ HostedZoneId: 'ZOTHER', ChangeBatch });
    expect(await refusal(otherZone)).toContain('arn:aws:route53:::hostedzone/ZOTHER');
  });
});

test('the embedded AWS has it behind its front door', async () => {
  const embedded = new EmbeddedAws({
    clock,
    seed: 'route 53',
    runtime: () => () => Promise.reject(new Error('nothing is invoked here')),
  });
  embedded.route53.addHostedZone({ name: 'example.com' });
  const outside = new Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: embedded.requestHandler() as NonNullable<Route53ClientConfig['requestHandler']>,
  });
  expect((await outside.listHostedZones({})).HostedZones).toMatchObject([{ Name: 'example.com.' }]);
  await embedded.stop();
});

describe('what is not modelled', () => {
  test('is refused by name: operations, parameters, documents of another kind', async () => {
    expect(await refusal(client.deleteHostedZone({ Id: zoneId }))).toContain(
      `DELETE /2013-04-01/hostedzone/${zoneId}`,
    );
    expect(await refusal(client.listHostedZones({ HostedZoneType: 'PrivateHostedZone' }))).toContain(
      'hostedzonetype',
    );
    const call = client.listResourceRecordSets({
      HostedZoneId: zoneId,
      StartRecordName: name,
      StartRecordType: 'A',
      StartRecordIdentifier: 'one',
    });
    expect(await refusal(call)).toContain('the parameter identifier');
    const answer = await gateway.handle({
      method: 'POST',
      path: `/2013-04-01/hostedzone/${zoneId}/rrset/`,
      query: '',
      headers: {
        authorization: 'AWS4-HMAC-SHA256 Credential=test/20260105/us-east-1/route53/aws4_request, x',
      },
      body: Buffer.from('<ChangeBatch><Changes/></ChangeBatch>'),
    });
    expect(answer.body.toString()).toContain(
      '<Code>MalformedInput</Code><Message>ChangeBatch is not valid, expected ChangeResourceRecordSetsRequest</Message>',
    );
  });
});
