/** What has been reported, by metric; kept within bounds, read by period. */
import type { Datum } from '../account.ts';
import type { Bucket } from './evaluation.ts';

export type Statistic = 'SampleCount' | 'Average' | 'Sum' | 'Minimum' | 'Maximum';
export type Dimensions = { readonly [name: string]: string };

export interface MetricName {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Dimensions;
}

export interface PeriodQuery extends MetricName {
  readonly statistic: Statistic;
  readonly unit?: string;
  readonly periodMs: number;
  /** End of the newest period, exclusive. */
  readonly endMs: number;
  readonly count: number;
}

const keptPointsPerMetric = 20_000;
const keptMetrics = 10_000;

/** Below this only data stored at high resolution has datapoints, as a standard metric has one a minute. */
const standardPeriodMs = 60_000;

interface Series extends MetricName {
  readonly points: Datum[];
}

export class Metrics {
  readonly #series = new Map<string, Series>();

  put(datum: Datum): void {
    const key = keyOf(datum);
    const series = this.#series.get(key) ?? { ...pickName(datum), points: [] };
    // Put anew, so that the map's order is the order of use and the first is the one to forget.
    this.#series.delete(key);
    this.#series.set(key, series);
    const later = series.points.findLastIndex((other) => other.timestampMs <= datum.timestampMs);
    series.points.splice(later + 1, 0, datum);
    if (series.points.length > keptPointsPerMetric) series.points.shift();
    if (this.#series.size > keptMetrics) this.#series.delete(this.#series.keys().next().value ?? '');
  }

  names(): readonly MetricName[] {
    return [...this.#series.values()].map(pickName);
  }

  /** `count` periods that end at `endMs`, oldest first. */
  buckets(query: PeriodQuery): readonly Bucket[] {
    const startMs = query.endMs - query.count * query.periodMs;
    const all = this.#series.get(keyOf(query))?.points ?? [];
    const points = all.slice(all.findLastIndex((point) => point.timestampMs < startMs) + 1);
    return Array.from({ length: query.count }, (_, index) => {
      const from = startMs + index * query.periodMs;
      const values = points
        .filter((point) => point.timestampMs >= from && point.timestampMs < from + query.periodMs)
        .filter((point) => query.periodMs >= standardPeriodMs || point.storageResolution === 1)
        .filter((point) => query.unit === undefined || (point.unit ?? 'None') === query.unit)
        .map((point) => point.value);
      return values.length === 0
        ? { startMs: from }
        : { startMs: from, data: { value: summarise(values, query.statistic), sampleCount: values.length } };
    });
  }
}

function summarise(values: readonly number[], statistic: Statistic): number {
  const sum = values.reduce((total, value) => total + value, 0);
  switch (statistic) {
    case 'SampleCount':
      return values.length;
    case 'Sum':
      return sum;
    case 'Average':
      return sum / values.length;
    case 'Minimum':
      return values.reduce((least, value) => Math.min(least, value));
    case 'Maximum':
      return values.reduce((most, value) => Math.max(most, value));
  }
}

function pickName({ namespace, name, dimensions }: MetricName): MetricName {
  return { namespace, name, dimensions };
}

/** Each combination of dimensions is a metric of its own. */
function keyOf(metric: MetricName): string {
  const dimensions = Object.entries(metric.dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([metric.namespace, metric.name, dimensions]);
}
