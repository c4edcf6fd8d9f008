/** The operations of an execution in pages, as the invocation event and GetDurableExecutionState carry them. */
import type { DurableOperation } from './durable-model.ts';
import { operationOnTheWire } from './durable-replies.ts';
import { invalid } from './durable-updates.ts';

interface Page {
  /** A marker is good for the state for which it was given. */
  readonly stamp: string;
  readonly marker: string | undefined;
  readonly maxItems: number;
  /** At least one operation is on a page, whatever its size. */
  readonly maxBytes: number;
}

export interface StatePage {
  readonly operations: readonly { readonly event: object; readonly operation: DurableOperation }[];
  readonly nextMarker: string | undefined;
}

/** @throws AwsError InvalidParameterValueException */
export function statePage(all: readonly DurableOperation[], page: Page): StatePage {
  const start = page.marker === undefined ? 0 : placeOf(page.marker, page.stamp, all.length);
  const operations: { readonly event: object; readonly operation: DurableOperation }[] = [];
  let bytes = 0;
  for (const operation of all.slice(start)) {
    const event = operationOnTheWire(operation, (ms) => new Date(ms).toISOString());
    bytes += Buffer.byteLength(JSON.stringify(event));
    const isFull = operations.length >= page.maxItems || bytes > page.maxBytes;
    if (operations.length > 0 && isFull) break;
    operations.push({ event, operation });
  }
  const end = start + operations.length;
  const isLast = end >= all.length;
  return { operations, nextMarker: isLast ? undefined : markerOf(page.stamp, end) };
}

function markerOf(stamp: string, place: number): string {
  return Buffer.from(`${stamp} ${place}`).toString('base64');
}

function placeOf(marker: string, stamp: string, length: number): number {
  const [of, place] = Buffer.from(marker, 'base64').toString('utf8').split(' ');
  const start = Number(place);
  if (of !== stamp || !Number.isInteger(start) || start < 0 || start > length)
    throw invalid('Invalid marker');
  return start;
}
