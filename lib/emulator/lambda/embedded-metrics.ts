/**
 * Metrics inside log lines: the embedded metric format. A line that is not exactly that is a line and nothing else.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
import type { Datum } from '../account.ts';

/** Limits of the specification: metrics in one directive, dimensions in one set. */
const metricLimit = 100;
const dimensionLimit = 30;

/** The metric data of one log line; none when the line holds none or breaks the specification. */
export function readEmbeddedMetrics(line: string): readonly Datum[] {
  const start = line.indexOf('{');
  if (start === -1 || !line.includes('"_aws"')) return [];
  const root = record(parse(line.slice(start)));
  const metadata = record(root?.['_aws']);
  const timestampMs = metadata?.['Timestamp'];
  if (root === undefined || typeof timestampMs !== 'number') return [];
  return items(metadata?.['CloudWatchMetrics']).flatMap((directive) =>
    readDirective(root, record(directive), timestampMs),
  );
}

function readDirective(
  root: Record<string, unknown>,
  directive: Record<string, unknown> | undefined,
  timestampMs: number,
): Datum[] {
  const namespace = directive?.['Namespace'];
  const metrics = items(directive?.['Metrics']);
  if (typeof namespace !== 'string' || metrics.length > metricLimit) return [];
  const sets = items(directive?.['Dimensions']).map((set) => items(set).map(String));
  return metrics.flatMap((raw) => {
    const metric = record(raw);
    const name = metric?.['Name'];
    if (typeof name !== 'string') return [];
    const unit = metric?.['Unit'];
    const storageResolution = metric?.['StorageResolution'] === 1 ? 1 : 60;
    const values = [root[name]].flat().filter((value) => typeof value === 'number');
    return sets.flatMap((set) => {
      const dimensions = readDimensions(root, set);
      if (dimensions === undefined) return [];
      return values.map((value) => ({
        namespace,
        name,
        dimensions,
        value,
        ...(typeof unit === 'string' ? { unit } : {}),
        storageResolution,
        timestampMs,
      }));
    });
  });
}

function readDimensions(
  root: Record<string, unknown>,
  set: readonly string[],
): Record<string, string> | undefined {
  const values = set.map((name) => root[name]);
  if (set.length > dimensionLimit || !values.every((value) => typeof value === 'string')) return undefined;
  return Object.fromEntries(set.map((name, index) => [name, String(values[index])]));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
