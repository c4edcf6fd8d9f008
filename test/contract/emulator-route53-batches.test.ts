import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Route53 } from '../../lib/emulator/route53/route53.ts';
import {
  type ChangePlan,
  here,
  name,
  type Route53Account,
  record,
  route53Account,
  there,
  zoneId,
} from './route53-account.ts';
import { refusal } from './two-servers.ts';

let route53: Route53;
let client: Route53Account['client'];
let change: Route53Account['change'];

beforeEach(() => {
  ({ route53, client, change } = route53Account());
});

describe('a change batch', () => {
  test('creates, updates and deletes in one step, for each type of record', async () => {
    await change(
      ['DELETE', record(name, 'A', here)],
      ['CREATE', record(name, 'AAAA', '2001:db8::1', '2001:db8::2')],
      ['UPSERT', record('www.example.com', 'CNAME', 'db.example.com')],
      ['CREATE', record('example.com', 'TXT', '"v=spf1 -all"', '"a \\"quoted\\" word" "and more"')],
    );
    const { ResourceRecordSets } = await client.listResourceRecordSets({ HostedZoneId: zoneId });
    expect(ResourceRecordSets?.filter(({ Type }) => Type !== 'NS' && Type !== 'SOA')).toEqual([
      record('example.com.', 'TXT', '"v=spf1 -all"', '"a \\"quoted\\" word" "and more"'),
      record('db.example.com.', 'AAAA', '2001:db8::1', '2001:db8::2'),
      record('www.example.com.', 'CNAME', 'db.example.com'),
    ]);
  });

  test('with one bad change makes none, and says everything that is wrong', async () => {
    const before = route53.recordSets(zoneId);
    const error = await refusal(
      change(
        ['UPSERT', record('new.example.com', 'A', there)],
        ['CREATE', record(name, 'A', there)],
        ['DELETE', record('gone.example.com', 'A', here)],
      ),
    );
    expect(error).toBe(
      "InvalidChangeBatch: [Tried to create resource record set [name='db.example.com.', type='A'] but it already exists, " +
        "Tried to delete resource record set [name='gone.example.com.', type='A'] but it was not found]",
    );
    expect(route53.recordSets(zoneId)).toEqual(before);
  });

  const wrongs: readonly [string, ChangePlan[], string][] = [
    [
      'a deletion that names another value',
      [['DELETE', record(name, 'A', there)]],
      "Tried to delete resource record set [name='db.example.com.', type='A'] but the values provided do not match the current values",
    ],
    [
      'a deletion that names another TTL',
      [['DELETE', { ...record(name, 'A', here), TTL: 60 }]],
      "Tried to delete resource record set [name='db.example.com.', type='A'] but the values provided do not match the current values",
    ],
    [
      'a record twice in one batch',
      [
        ['UPSERT', record(name, 'A', there)],
        ['UPSERT', record(name, 'A', here)],
      ],
      "The request contains an invalid set of changes for a resource record set 'A db.example.com.'",
    ],
    [
      'a record of another zone',
      [['CREATE', record('db.example.org', 'A', here)]],
      'RRSet with DNS name db.example.org. is not permitted in zone example.com.',
    ],
    [
      'a CNAME beside another record',
      [['UPSERT', record(name, 'CNAME', 'other.example.com')]],
      'RRSet of type CNAME with DNS name db.example.com. is not permitted as it conflicts with other records with the same DNS name in zone example.com.',
    ],
    [
      'a record beside a CNAME',
      [
        ['CREATE', record('www.example.com', 'CNAME', name)],
        ['CREATE', record('www.example.com', 'A', here)],
      ],
      'RRSet of type A with DNS name www.example.com. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone example.com.',
    ],
    [
      'a CNAME at the top of the zone',
      [['CREATE', record('example.com', 'CNAME', name)]],
      'RRSet of type CNAME with DNS name example.com. is not permitted at apex in zone example.com.',
    ],
    ['a value twice', [['UPSERT', record(name, 'A', here, here)]], "Duplicate Resource Record: '10.0.1.10'"],
    [
      'an address that is none',
      [['UPSERT', record(name, 'A', '10.0.1.999')]],
      "Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '10.0.1.999''",
    ],
    [
      'an IPv6 address that is none',
      [['UPSERT', record('six.example.com', 'AAAA', here)]],
      "Invalid Resource Record: 'FATAL problem: AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address) encountered with '10.0.1.10''",
    ],
    [
      'a text without quotation marks',
      [['UPSERT', record('txt.example.com', 'TXT', 'plain')]],
      "Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be enclosed in quotation marks) encountered with 'plain''",
    ],
    [
      'a name with an empty label',
      [['UPSERT', record('a..example.com', 'A', here)]],
      "FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with 'a..example.com'",
    ],
  ];

  test.each(wrongs)('with %s is refused', async (_, changes, message) => {
    expect(await refusal(change(...changes))).toBe(`InvalidChangeBatch: [${message}]`);
  });

  test('may delete a record and create it anew', async () => {
    await change(['DELETE', record(name, 'A', here)], ['CREATE', record(name, 'A', there)]);
    expect(route53.recordSets(zoneId)).toContainEqual(expect.objectContaining({ values: [there] }));
  });

  test('has a thousand records at most, of which each in an UPSERT counts twice', async () => {
    const many = Array.from({ length: 501 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
    expect(await refusal(change(['UPSERT', record(name, 'A', ...many)]))).toBe(
      'InvalidChangeBatch: [Number of records limit of 1000 exceeded.]',
    );
  });

  test('without a TTL is refused as it is worded for what may stand instead', async () => {
    const ResourceRecordSet = { Name: name, Type: 'A' as const, ResourceRecords: [{ Value: here }] };
    expect(await refusal(change(['UPSERT', ResourceRecordSet]))).toBe(
      'InvalidInput: Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found none in Change with [Action=UPSERT, Name=db.example.com, Type=A, SetIdentifier=null]',
    );
  });

  const strangers: readonly [string, ResourceRecordSet][] = [
    [
      'AliasTarget',
      {
        Name: name,
        Type: 'A',
        AliasTarget: { HostedZoneId: 'Z1', DNSName: 'lb.example.net', EvaluateTargetHealth: false },
      },
    ],
    ['SetIdentifier', { ...record(name, 'A', here), SetIdentifier: 'one', Weight: 1 }],
    ['Failover', { ...record(name, 'A', here), Failover: 'PRIMARY' }],
    ['records of type "MX"', record(name, 'MX', '10 mail.example.com')],
    ['the name "*.example.com"', record('*.example.com', 'A', here)],
  ];

  test.each(strangers)('with %s is refused by name', async (stranger, set) => {
    const error = await refusal(change(['UPSERT', set]));
    expect(error).toContain('InvalidInput: ');
    expect(error).toContain(stranger);
  });
});
