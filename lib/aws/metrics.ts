/**
 * The engine's own metrics as log lines in embedded metric format, which CloudWatch Logs turns into metrics:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
import type { Summary } from '../recovery/audit.ts';
import { heartbeatMetric, metricNamespace } from '../recovery/names.ts';

interface Metric {
  readonly Name: string;
  readonly Unit: 'Count' | 'Milliseconds';
}

/** One beat per run of the reconcile schedule. */
export function heartbeatLine(fleet: string, nowMs: number): string {
  return line(nowMs, [['Fleet']], [{ Name: heartbeatMetric, Unit: 'Count' }], {
    Fleet: fleet,
    [heartbeatMetric]: 1,
  });
}

/** One line per recovery: its outcome, and how long each stage took. */
export function recoveryLine(fleet: string, summary: Summary, nowMs: number): string {
  const stages = Object.fromEntries(
    Object.entries(summary.stagesMs).map(([stage, ms]) => [
      `${stage[0]?.toUpperCase()}${stage.slice(1)}Ms`,
      ms,
    ]),
  );
  const metrics: Metric[] = [
    { Name: 'Recoveries', Unit: 'Count' },
    ...Object.keys(stages).map((Name): Metric => ({ Name, Unit: 'Milliseconds' })),
  ];
  const { tag, outcome, reason, recoveryId, epoch } = summary;
  const fields = {
    Fleet: fleet,
    Tag: tag,
    Outcome: outcome,
    reason,
    recoveryId,
    epoch,
    Recoveries: 1,
    ...stages,
  };
  return line(nowMs, [['Fleet', 'Tag', 'Outcome']], metrics, fields);
}

function line(
  nowMs: number,
  dimensions: readonly (readonly string[])[],
  metrics: readonly Metric[],
  fields: { readonly [name: string]: unknown },
): string {
  const directive = { Namespace: metricNamespace, Dimensions: dimensions, Metrics: metrics };
  return JSON.stringify({ _aws: { Timestamp: nowMs, CloudWatchMetrics: [directive] }, ...fields });
}
