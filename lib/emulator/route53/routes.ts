/** Route 53's requests: method and path of each operation are the `http` trait of the SDK's client, seen on the wire. */
import { AwsError, notModelled } from '../errors.ts';
import type { WireRequest } from '../service.ts';
import { list, structure, type Value } from '../shapes.ts';
import type { Action, Change } from './change-batch.ts';
import { changeableTypes, isChangeable, isPlainName, normalName } from './records.ts';
import { readXml } from './request-body.ts';

export type Route53Call =
  | {
      readonly operation: 'ChangeResourceRecordSets';
      readonly zoneId: string;
      readonly changes: readonly Change[];
      readonly comment: string | undefined;
    }
  | {
      readonly operation: 'ListResourceRecordSets';
      readonly zoneId: string;
      readonly startName: string | undefined;
      readonly startType: string | undefined;
      readonly maxItems: number;
    }
  | { readonly operation: 'GetChange'; readonly changeId: string }
  | { readonly operation: 'GetHostedZone'; readonly zoneId: string }
  | { readonly operation: 'ListHostedZones'; readonly marker: string | undefined; readonly maxItems: number };

/** https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html: "up to 300" */
const mostRecordSets = 300;
/** https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZones.html */
const mostHostedZones = 100;
const highestTtlSeconds = 2_147_483_647;
const longestComment = 256;

/** Alias targets, set identifiers and whatever belongs to routing policies are left out: refused by name. */
const changeShape = structure({
  ChangeBatch: structure({
    Comment: 'string',
    Changes: list(
      structure({
        Action: 'string',
        ResourceRecordSet: structure({
          Name: 'string',
          Type: 'string',
          TTL: 'integer',
          ResourceRecords: list(structure({ Value: 'string' })),
        }),
      }),
    ),
  }),
});

/** @throws AwsError InvalidInput, MalformedInput */
export function readRoute53Call(request: WireRequest): Route53Call {
  const [version, kind, id, what, ...rest] = request.path
    .replace(/^\//, '')
    .replace(/\/$/, '')
    .split('/')
    .map(decodeURIComponent);
  const query = new URLSearchParams(request.query);
  if (version !== '2013-04-01' || rest.length > 0) throw unknownRoute(request);
  switch (
    `${request.method} ${kind}${id === undefined ? '' : '/{id}'}${what === undefined ? '' : `/${what}`}`
  ) {
    case 'POST hostedzone/{id}/rrset':
      allow(query, []);
      return { operation: 'ChangeResourceRecordSets', zoneId: id ?? '', ...readChangeBatch(request) };
    case 'GET hostedzone/{id}/rrset':
      return readListRecordSets(query, id ?? '');
    case 'GET change/{id}':
      allow(query, []);
      return { operation: 'GetChange', changeId: id ?? '' };
    case 'GET hostedzone/{id}':
      allow(query, []);
      return { operation: 'GetHostedZone', zoneId: id ?? '' };
    case 'GET hostedzone':
      allow(query, ['marker', 'maxitems']);
      return {
        operation: 'ListHostedZones',
        marker: query.get('marker') ?? undefined,
        maxItems: readMaxItems(query, mostHostedZones),
      };
    default:
      throw unknownRoute(request);
  }
}

function readListRecordSets(query: URLSearchParams, zoneId: string): Route53Call {
  allow(query, ['name', 'type', 'maxitems']);
  const name = query.get('name') ?? undefined;
  const startType = query.get('type') ?? undefined;
  // That it is refused is documented, its words are not.
  if (startType !== undefined && name === undefined)
    throw invalidInput('The type of a record to start from needs the name to start from');
  return {
    operation: 'ListResourceRecordSets',
    zoneId,
    startName: name === undefined ? undefined : normalName(name),
    startType,
    maxItems: readMaxItems(query, mostRecordSets),
  };
}

function readChangeBatch({ body }: WireRequest): {
  readonly changes: readonly Change[];
  readonly comment: string | undefined;
} {
  const { ChangeBatch } = readXml('ChangeResourceRecordSetsRequest', changeShape, body.toString('utf8'));
  const { Comment: comment, Changes = [] } = ChangeBatch ?? {};
  if (Changes.length === 0) throw invalidInput('Invalid request: a change batch has at least one Change');
  if (comment !== undefined && comment.length > longestComment)
    throw invalidInput(`Invalid request: Comment is longer than ${longestComment}`);
  return { changes: Changes.map(readChange), comment };
}

type RawChange = NonNullable<NonNullable<Value<typeof changeShape>['ChangeBatch']>['Changes']>[number];

function readChange({ Action = '', ResourceRecordSet = {} }: RawChange): Change {
  const { Name = '', Type = '', TTL, ResourceRecords = [] } = ResourceRecordSet;
  const name = normalName(Name);
  if (!isAction(Action))
    // Unconfirmed words.
    throw invalidInput(
      `Invalid XML ; cvc-enumeration-valid: Value '${Action}' is not facet-valid with respect to enumeration '[CREATE, DELETE, UPSERT]'. It must be a value from the enumeration.`,
    );
  if (!isChangeable(Type))
    throw notModelled(`records of type "${Type}" (${changeableTypes.join(', ')} it does)`, 'InvalidInput');
  if (!isPlainName(name)) throw notModelled(`the name "${Name}"`, 'InvalidInput');
  if (TTL === undefined || ResourceRecords.length === 0)
    // Seen with the TTL left out.
    throw invalidInput(
      `Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found none in Change with [Action=${Action}, Name=${Name}, Type=${Type}, SetIdentifier=null]`,
    );
  if (TTL < 0 || TTL > highestTtlSeconds)
    throw invalidInput(`Invalid request: TTL ${TTL} is not between 0 and ${highestTtlSeconds}`);
  const values = ResourceRecords.map(({ Value = '' }) => Value);
  return { action: Action, record: { name, type: Type, ttlSeconds: TTL, values } };
}

function isAction(text: string): text is Action {
  return text === 'CREATE' || text === 'DELETE' || text === 'UPSERT';
}

function readMaxItems(query: URLSearchParams, most: number): number {
  const text = query.get('maxitems') ?? String(most);
  if (!/^[1-9]\d*$/.test(text))
    throw invalidInput(`Invalid request: maxitems "${text}" is not a number from 1 on`);
  return Math.min(Number(text), most);
}

function allow(query: URLSearchParams, known: readonly string[]): void {
  for (const name of query.keys())
    if (!known.includes(name)) throw notModelled(`the parameter ${name}`, 'InvalidInput');
}

function invalidInput(message: string): AwsError {
  return new AwsError('InvalidInput', message);
}

function unknownRoute({ method, path }: WireRequest): AwsError {
  return notModelled(`the Route 53 request ${method} ${path}`, 'UnknownOperationException');
}
