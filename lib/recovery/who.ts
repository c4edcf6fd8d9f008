/** Who set a recovery off, in the same words wherever it is told. */
import type { Who } from './order.ts';
import type { Trigger } from './trigger.ts';

export function whoOf(trigger: Trigger): Who {
  switch (trigger.kind) {
    case 'alarm':
      return { kind: 'alarm', name: trigger.alarmName };
    case 'instance-state':
      return { kind: 'instance-state', name: trigger.instanceId };
    case 'agent':
      return { kind: 'agent', name: trigger.instanceId };
    case 'tick':
      return { kind: 'reconcile', name: 'once a minute' };
    case 'operator': {
      const { arn, via, order, reason } = trigger;
      return { kind: 'operator', name: arn, via, order, ...(reason === null ? {} : { reason }) };
    }
  }
}
