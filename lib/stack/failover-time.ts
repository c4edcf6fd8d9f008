/** How long a failover may take as a whole: people are asked, and dependents are slow. */
import { Duration } from 'aws-cdk-lib';
import type { FleetDefinition, ResourceDefinition } from '../recovery/fleet.ts';

/** https://docs.aws.amazon.com/lambda/latest/api/API_DurableConfig.html */
const longest = Duration.seconds(31_622_400);
const besides = Duration.days(1);

/** Every resource at the end of its patience, one after the other: all of a server are one incident. */
export function longestFailover({ resources }: FleetDefinition): Duration {
  const patienceMs = resources.reduce((sum, resource) => sum + patienceOf(resource), 0);
  const seconds = Math.ceil(patienceMs / 1000) + besides.toSeconds();
  return Duration.seconds(Math.min(seconds, longest.toSeconds()));
}

/** Out of service once, into it on every server. */
function patienceOf({ failover, dependents = [], candidates }: ResourceDefinition): number {
  const slow = dependents.map(({ startMs, stopMs, tries }) => stopMs + startMs * tries * candidates.length);
  return (failover?.confirm?.withinMs ?? 0) + slow.reduce((sum, ms) => sum + ms, 0);
}
