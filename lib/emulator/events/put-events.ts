/** PutEvents, entry by entry: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
import { AwsError } from '../errors.ts';
import { list, structure, type Value } from '../shapes.ts';
import type { EventBridge } from './eventbridge.ts';
import { checkBus } from './rule-wire.ts';

/** TraceHeader and EndpointId are refused by name. */
export const putEventsShape = structure({
  Entries: list(
    structure({
      Time: 'timestamp',
      Source: 'string',
      Resources: list('string'),
      DetailType: 'string',
      Detail: 'string',
      EventBusName: 'string',
    }),
  ),
});

type Entry = NonNullable<Value<typeof putEventsShape>['Entries']>[number];
type Answer = { readonly EventId: string } | { readonly ErrorCode: string; readonly ErrorMessage: string };

const entriesAtMost = 10;
/** Of all entries together: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
const sizeLimitBytes = 256 * 1024;

/** @throws AwsError ValidationException for the request as a whole; a bad entry fails alone */
export function putEvents(bridge: EventBridge, entries: readonly Entry[]) {
  if (entries.length < 1 || entries.length > entriesAtMost)
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length from 1 to ${entriesAtMost}, not ${entries.length}`,
    );
  const size = entries.reduce((total, entry) => total + sizeOf(entry), 0);
  if (size > sizeLimitBytes)
    throw new AwsError('ValidationException', 'Total size of the entries in the request is over the limit.');
  for (const entry of entries) checkBus(bridge.account, entry.EventBusName);
  const answers = entries.map((entry) => putEvent(bridge, entry));
  return { FailedEntryCount: answers.filter((answer) => 'ErrorCode' in answer).length, Entries: answers };
}

function putEvent(bridge: EventBridge, entry: Entry): Answer {
  const { Source: source, DetailType: detailType, Detail: detailText } = entry;
  if (!source) return missing('Source');
  if (!detailType) return missing('DetailType');
  if (!detailText) return missing('Detail');
  if (source.startsWith('aws.'))
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  const detail = parseObject(detailText);
  if (detail === undefined) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  const { id } = bridge.accept({
    source,
    detailType,
    detail,
    resources: entry.Resources ?? [],
    ...(entry.Time === undefined ? {} : { time: entry.Time }),
  });
  return { EventId: id };
}

/** Time counts 14 bytes, text its UTF-8 length. */
function sizeOf(entry: Entry): number {
  const texts = [entry.Source, entry.DetailType, entry.Detail, ...(entry.Resources ?? [])];
  return texts.reduce(
    (total, text) => total + Buffer.byteLength(text ?? ''),
    entry.Time === undefined ? 0 : 14,
  );
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function missing(name: string): Answer {
  return {
    ErrorCode: 'InvalidArgument',
    ErrorMessage: `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
  };
}
