/** Schedules of rules: `rate(5 minutes)`. `cron(...)` is refused. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html */
import { AwsError, notModelled } from '../errors.ts';

const unitMs: { readonly [unit: string]: number } = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Milliseconds between events. @throws AwsError ValidationException */
export function readSchedule(expression: string): number {
  if (/^cron\(.*\)$/.test(expression)) throw notModelled('cron schedules', 'ValidationException');
  const [, count = '', unit = '', plural = ''] =
    /^rate\((\d+) (minute|hour|day)(s?)\)$/.exec(expression) ?? [];
  const ms = Number(count) * (unitMs[unit] ?? 0);
  // "If the value is equal to 1, the unit must be singular"
  if (ms === 0 || (Number(count) === 1) === (plural === 's'))
    throw new AwsError('ValidationException', 'Parameter ScheduleExpression is not valid.');
  return ms;
}
