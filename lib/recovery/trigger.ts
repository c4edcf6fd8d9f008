/** What made a recovery look: always re-checked against the live world, never believed. */
export type Trigger =
  | {
      readonly kind: 'alarm';
      readonly via: 'direct' | 'eventbridge' | 'sns';
      readonly alarmName: string;
      readonly state: 'ALARM' | 'OK' | 'INSUFFICIENT_DATA';
      readonly atMs: number;
      readonly why: string;
    }
  | {
      readonly kind: 'instance-state';
      readonly instanceId: string;
      readonly state: string;
      readonly atMs: number;
    }
  | {
      /** The agent on a host says that the address it has failed. Its time has no fraction. */
      readonly kind: 'agent';
      readonly instanceId: string;
      readonly atMs: number;
      readonly why: string;
    }
  | {
      /** An operator's order (order.ts), by whom the engine has verified. */
      readonly kind: 'operator';
      readonly order: string;
      readonly arn: string;
      readonly via: 'command' | 'runbook' | 'instance';
      readonly reason: string | null;
      readonly atMs: number;
    }
  | { readonly kind: 'tick'; readonly atMs: number };
