/**
 * Route 53 on the wire (REST with XML), which is one endpoint for all Regions. IAM targets as in
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53.html
 */
import type { Call, RawService, WireResponse } from '../service.ts';
import { toXml } from '../xml.ts';
import type { Change } from './change-batch.ts';
import { compare, orderOf, type RecordSet } from './records.ts';
import type { ChangeInfo, HostedZone, Route53 } from './route53.ts';
import { type Route53Call, readRoute53Call } from './routes.ts';

const xmlNamespace = 'https://route53.amazonaws.com/doc/2013-04-01/';

export function route53Service(route53: Route53): RawService {
  return {
    signingName: 'route53',
    iamPrefix: 'route53',
    errorWire: 'query',
    describe(request) {
      const call = readRoute53Call(request);
      const { operation, ...input } = call;
      return { operation, input, targets: [{ arn: arnOf(call), keys: keysOf(call) }] };
    },
    async handle(request, call) {
      route53.throttle.take();
      const route53Call = readRoute53Call(request);
      return xml(`${route53Call.operation}Response`, await perform(route53, route53Call), call);
    },
  };
}

/** Neither a zone nor a change belongs to a Region, and their ARNs name no account. */
function arnOf(call: Route53Call): string {
  if (call.operation === 'ListHostedZones') return '*';
  return call.operation === 'GetChange'
    ? `arn:aws:route53:::change/${call.changeId}`
    : `arn:aws:route53:::hostedzone/${call.zoneId}`;
}

/**
 * Names in lower case and without the last dot, other characters than these as `\\ooo`, as
 * https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html says.
 */
function keysOf(call: Route53Call): { readonly [key: string]: readonly string[] } {
  if (call.operation !== 'ChangeResourceRecordSets') return {};
  const each = (pick: (change: Change) => string) => [...new Set(call.changes.map(pick))];
  return {
    'route53:ChangeResourceRecordSetsNormalizedRecordNames': each(({ record }) => normalized(record.name)),
    'route53:ChangeResourceRecordSetsActions': each(({ action }) => action),
    'route53:ChangeResourceRecordSetsRecordTypes': each(({ record }) => record.type),
  };
}

function normalized(name: string): string {
  return name
    .toLowerCase()
    .replace(/\.$/, '')
    .replaceAll(/[^a-z0-9_.-]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

async function perform(route53: Route53, call: Route53Call): Promise<string> {
  switch (call.operation) {
    case 'ChangeResourceRecordSets':
      return changeInfo(route53, await route53.change(call.zoneId, call.changes, call.comment));
    case 'GetChange':
      return changeInfo(route53, route53.changeInfo(call.changeId));
    case 'ListResourceRecordSets':
      return listRecordSets(route53, call);
    case 'GetHostedZone':
      return getHostedZone(route53, call.zoneId);
    case 'ListHostedZones':
      return listHostedZones(route53, call);
  }
}

function changeInfo(route53: Route53, info: ChangeInfo): string {
  return toXml(
    {
      ChangeInfo: {
        Id: `/change/${info.id}`,
        Status: route53.isInSync(info) ? 'INSYNC' : 'PENDING',
        SubmittedAt: new Date(info.submittedAtMs),
        Comment: info.comment,
      },
    },
    'member',
  );
}

function listRecordSets(
  route53: Route53,
  {
    zoneId,
    startName,
    startType = '',
    maxItems,
  }: Extract<Route53Call, { operation: 'ListResourceRecordSets' }>,
): string {
  const all = route53.recordSets(zoneId);
  const from =
    startName === undefined
      ? all
      : all.filter(({ name, type }) => {
          const place = compare(orderOf(name), orderOf(startName));
          return place > 0 || (place === 0 && type >= startType);
        });
  const next = from[maxItems];
  const page = {
    IsTruncated: next !== undefined,
    NextRecordName: next?.name,
    NextRecordType: next?.type,
    MaxItems: maxItems,
  };
  const items = from.slice(0, maxItems).map(recordSet).join('');
  return `<ResourceRecordSets>${items}</ResourceRecordSets>${toXml(page, 'member')}`;
}

function recordSet({ name, type, ttlSeconds, values }: RecordSet): string {
  const records = values.map((value) => toXml({ ResourceRecord: { Value: value } }, 'member')).join('');
  const head = toXml({ Name: name, Type: type, TTL: ttlSeconds }, 'member');
  return `<ResourceRecordSet>${head}<ResourceRecords>${records}</ResourceRecords></ResourceRecordSet>`;
}

function getHostedZone(route53: Route53, zoneId: string): string {
  const zone = route53.zone(zoneId);
  if (zone.vpcIds === undefined) {
    const servers = zone.nameServers.map((server) => toXml({ NameServer: server }, 'member')).join('');
    return `${hostedZone(route53, zone)}<DelegationSet><NameServers>${servers}</NameServers></DelegationSet>`;
  }
  const vpcs = zone.vpcIds.map((id) =>
    toXml({ VPC: { VPCRegion: route53.account.region, VPCId: id } }, 'member'),
  );
  return `${hostedZone(route53, zone)}<VPCs>${vpcs.join('')}</VPCs>`;
}

/** The marker is the id of the first zone of the next page. */
function listHostedZones(
  route53: Route53,
  { marker, maxItems }: Extract<Route53Call, { operation: 'ListHostedZones' }>,
): string {
  const from = route53.zones().filter(({ id }) => marker === undefined || id >= marker);
  const next = from[maxItems];
  const page = {
    Marker: marker,
    IsTruncated: next !== undefined,
    NextMarker: next?.id,
    MaxItems: maxItems,
  };
  const items = from.slice(0, maxItems).map((zone) => hostedZone(route53, zone));
  return `<HostedZones>${items.join('')}</HostedZones>${toXml(page, 'member')}`;
}

function hostedZone(route53: Route53, { id, name, callerReference, vpcIds }: HostedZone): string {
  return toXml(
    {
      HostedZone: {
        Id: `/hostedzone/${id}`,
        Name: name,
        CallerReference: callerReference,
        Config: { PrivateZone: vpcIds !== undefined },
        ResourceRecordSetCount: route53.recordSets(id).length,
      },
    },
    'member',
  );
}

function xml(root: string, content: string, { requestId }: Call): WireResponse {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${xmlNamespace}">${content}</${root}>`;
  return {
    status: 200,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body: Buffer.from(body),
  };
}
