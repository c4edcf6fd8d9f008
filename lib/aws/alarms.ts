/** States of the health alarms, for the reconcile tick. */
import { found } from '../recovery/reading.ts';
import type { AlarmStates, Alarms } from '../recovery/reconcile.ts';
import type { Clients } from './clients.ts';
import { looking, type Retrying, withRetries } from './retry.ts';

/** CloudWatch takes at most this many names in one call. */
const namesPerCall = 100;

export function cloudwatchAlarms(clients: Clients, retrying: Retrying): Alarms {
  return {
    look: (names) =>
      looking(async () => {
        const [{ DescribeAlarmsCommand }, cloudwatch] = await Promise.all([
          import('@aws-sdk/client-cloudwatch'),
          clients.cloudwatch(),
        ]);
        const states: Record<string, AlarmStates[string]> = {};
        for (let from = 0; from < names.length; from += namesPerCall) {
          const AlarmNames = names.slice(from, from + namesPerCall);
          const command = new DescribeAlarmsCommand({ AlarmNames, MaxRecords: namesPerCall });
          const reply = await withRetries(retrying, 'cloudwatch:DescribeAlarms', () =>
            cloudwatch.send(command),
          );
          for (const { AlarmName, StateValue } of reply.MetricAlarms ?? [])
            if (AlarmName !== undefined && StateValue !== undefined) states[AlarmName] = StateValue;
        }
        return found(states);
      }),
  };
}
