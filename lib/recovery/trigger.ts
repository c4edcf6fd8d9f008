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
  | { readonly kind: 'tick'; readonly atMs: number };
