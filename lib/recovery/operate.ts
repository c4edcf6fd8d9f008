/**
 * What an operator asks of the engine, and what it answers (order.ts). A refusal is an answer too: the command line turns
 * its code into words and an exit code.
 */
import * as v from 'valibot';
import { explain, history } from './explain.ts';
import { Fault } from './fault.ts';
import type { FleetDefinition } from './fleet.ts';
import type { OperatePorts } from './operate-ports.ts';
import { type Answer, type Explanation, request } from './order.ts';
import { obey } from './orders.ts';
import { list, status } from './questions.ts';
import type { Invocation } from './respond.ts';
import { isFromRunbook, plainRequest } from './runbook-request.ts';

/** Well within the function's own 30 s. */
const longestWaitMs = 20_000;
const pollMs = 1_000;

export async function operate(
  ports: OperatePorts,
  fleet: FleetDefinition,
  { event, id }: Invocation,
): Promise<Answer> {
  const parsed = v.safeParse(request, plainRequest(event));
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return refused('usage', `${v.getDotPath(issue) ?? 'request'}: ${issue.message}`);
  }
  const asked = parsed.output;
  try {
    switch (asked.action) {
      case 'list':
        return await list(ports, fleet);
      case 'status':
        return { ok: true, kind: 'status', status: await status(ports, fleet, asked.tag, asked.machine) };
      case 'history':
        return { ok: true, kind: 'history', entries: await history(ports, fleet, asked) };
      case 'explain': {
        const waits = isFromRunbook(event);
        const explanation = await (waits ? ended(ports, asked.recovery) : explain(ports, asked.recovery));
        if (explanation === null)
          return refused('unknown-recovery', `no recovery is called "${asked.recovery}"`);
        return waits && !explanation.ended
          ? refused('no-answer', `${asked.recovery} has not ended yet`)
          : { ok: true, kind: 'explanation', explanation };
      }
      default:
        return await obey(ports, fleet, { order: asked, asked: event as object, id });
    }
  } catch (error) {
    if (error instanceof Fault) return refused(error.code, error.message);
    throw error;
  }
}

/** A runbook's step cannot poll: it waits here, and is tried again. */
async function ended(ports: OperatePorts, recovery: string): Promise<Explanation | null> {
  const untilMs = ports.clock.now() + longestWaitMs;
  for (;;) {
    const explanation = await explain(ports, recovery);
    if (explanation === null || explanation.ended || ports.clock.now() + pollMs > untilMs) return explanation;
    await ports.clock.sleep(pollMs);
  }
}

function refused(code: Extract<Answer, { ok: false }>['code'], message: string): Answer {
  return { ok: false, code, message };
}
