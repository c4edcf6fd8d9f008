/**
 * The failover function's handler, in a file of its own: the durable SDK comes with it, and start-up time of the other
 * functions is outage time.
 */
import { durableFunction } from '../lib/aws/durable-function.ts';
import { recoveryLine } from '../lib/aws/metrics.ts';
import { failoverPorts } from '../lib/aws/ports.ts';
import { parseIncident } from '../lib/recovery/escalation.ts';
import { failOver } from '../lib/recovery/failover.ts';
import { readSettings } from '../lib/recovery/settings.ts';
import type { FunctionMachine, Handler } from './handlers.ts';

/** What goes in and comes out is Lambda's own for a durable function; the event inside of it is an incident. */
export function failoverHandler(machine: FunctionMachine): Handler<unknown> {
  const { fleet, clock, environment, log } = machine;
  const ports = failoverPorts(machine, readSettings('failover', environment));
  const handler = durableFunction(machine, async (event, steps) => {
    try {
      const summaries = await failOver(ports, fleet, parseIncident(event), steps);
      for (const summary of summaries) log(recoveryLine(fleet.name, summary, clock.now()));
      return summaries;
    } catch (error) {
      // The execution says that it failed; nobody else does.
      log(`the failover failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      throw error;
    }
  });
  return (event, context) => handler(event as never, context as never);
}
