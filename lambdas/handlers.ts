/** The functions' handlers over whatever machine they run on: a sandbox of Lambda, or a test with a clock of its own. */

import { heartbeatLine, recoveryLine } from '../lib/aws/metrics.ts';
import { type Machine, operatePorts, recoverPorts } from '../lib/aws/ports.ts';
import type { Summary } from '../lib/recovery/audit.ts';
import type { FleetDefinition } from '../lib/recovery/fleet.ts';
import { tickSource } from '../lib/recovery/names.ts';
import { operate } from '../lib/recovery/operate.ts';
import type { Answer } from '../lib/recovery/order.ts';
import { respond } from '../lib/recovery/respond.ts';
import { isFromRunbook } from '../lib/recovery/runbook-request.ts';
import { readSettings } from '../lib/recovery/settings.ts';

export interface FunctionMachine extends Machine {
  readonly environment: { readonly [variable: string]: string | undefined };
  readonly fleet: FleetDefinition;
  readonly newId: () => string;
  /** One line to the function's log. */
  readonly log: (line: string) => void;
}

interface Context {
  readonly awsRequestId: string;
}

export type Handler<T> = (event: unknown, context: Context) => Promise<T>;

export function recoverHandler(machine: FunctionMachine): Handler<readonly (Summary | 'escalated')[]> {
  const { fleet, clock, environment, log, newId } = machine;
  const ports = recoverPorts(machine, readSettings('recover', environment));
  return async (event, context) => {
    const runs = await respond(ports, fleet, { event, id: `${context.awsRequestId}.${newId()}` });
    if ((event as { source?: unknown } | null)?.source === tickSource)
      log(heartbeatLine(fleet.name, clock.now()));
    return runs.map((run) => {
      if (run.kind === 'escalated') return 'escalated';
      log(recoveryLine(fleet.name, run.summary, clock.now()));
      return run.summary;
    });
  };
}

export function operateHandler(machine: FunctionMachine): Handler<Answer> {
  const { fleet, environment } = machine;
  const ports = operatePorts(machine, readSettings('operate', environment));
  return async (event, context) => {
    const answer = await operate(ports, fleet, { event, id: context.awsRequestId });
    const failure = isFromRunbook(event) ? failureOf(answer) : undefined;
    if (failure !== undefined) throw new Error(failure);
    return answer;
  };
}

/** Why the step of a runbook is to fail: nobody reads its answer. */
function failureOf(answer: Answer): string | undefined {
  if (!answer.ok) return `${answer.code}: ${answer.message}`;
  if (answer.kind !== 'explanation') return undefined;
  const { outcome, words, recovery } = answer.explanation;
  return outcome === 'held' || outcome === 'failed' ? `${outcome}: ${words} (${recovery})` : undefined;
}
