/**
 * Bad luck on order, part of the surface of the embedded AWS: a call is refused, delayed, left unanswered, or takes
 * effect while its response is lost. Each fault applies to the next `times` calls that match it.
 */
import { AwsError, ConnectionLost } from './errors.ts';

export type Effect =
  | { readonly kind: 'refuse'; readonly code: string; readonly status?: number; readonly message?: string }
  | { readonly kind: 'delay'; readonly ms: number }
  /** The call takes effect, the caller sees its connection break. */
  | { readonly kind: 'lose-response' }
  /** The call never reaches the service, the caller sees its connection break. */
  | { readonly kind: 'lose-request' };

export interface Fault {
  readonly operation: string;
  readonly effect: Effect;
  /** How many matching calls it applies to; 1 when absent. */
  readonly times?: number;
  /** Only these calls; all when absent. */
  readonly when?: (call: { readonly input: unknown; readonly callerArn: string }) => boolean;
}

export interface FaultedCall {
  readonly operation: string;
  readonly input: unknown;
  readonly callerArn: string;
}

/** EC2's answer when a token bucket is empty (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html). */
export const ec2Throttle: Effect = {
  kind: 'refuse',
  code: 'RequestLimitExceeded',
  status: 503,
  message: 'Request limit exceeded.',
};

export class Faults {
  #pending: { readonly fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.#pending.push({ fault, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#pending = [];
  }

  /** The effects that this call meets, each counted as used. */
  take(call: FaultedCall): readonly Effect[] {
    const met = this.#pending.filter(
      ({ fault }) => fault.operation === call.operation && (fault.when?.(call) ?? true),
    );
    for (const each of met) each.left -= 1;
    this.#pending = this.#pending.filter((each) => each.left > 0);
    return met.map(({ fault }) => fault.effect);
  }
}

/** Runs `call` under `effects`. @throws AwsError, ConnectionLost as the effects say */
export async function under<T>(
  effects: readonly Effect[],
  sleep: (ms: number) => Promise<void>,
  call: () => Promise<T>,
): Promise<T> {
  for (const effect of effects) {
    if (effect.kind === 'delay') await sleep(effect.ms);
    if (effect.kind === 'lose-request') throw new ConnectionLost();
    if (effect.kind === 'refuse')
      throw new AwsError(effect.code, effect.message ?? 'refused by a planted fault', effect.status ?? 400);
  }
  const result = await call();
  if (effects.some((effect) => effect.kind === 'lose-response')) throw new ConnectionLost();
  return result;
}
