/**
 * What AWS takes between its services, which the embedded AWS adds as its pages and measurements have it: an event to
 * its target, a queued invocation to its start, a command to its host. Without it the lab measures Holdfast alone.
 */
import type { EmbeddedAws } from '../emulator/embedded-aws.ts';

export type AwsLatency = 'typical' | 'none';

export function setAwsLatency(aws: EmbeddedAws, latency: AwsLatency): void {
  if (latency === 'typical') return;
  aws.events.latencyMs = 0;
  aws.lambda.asyncDelayMs = 0;
  aws.ssm.deliveryMs = 0;
  aws.ssm.invocationAppearsAfterMs = 0;
}
