/**
 * The engine as an operator reaches it: finds the fleet's operate function, signs orders, asks. A question is one round
 * trip: the function's name follows from the fleet's, and only when Lambda does not know it is SSM asked for the fleets.
 */

import type { Invoke } from '../aws/invoke.ts';
import { type Retrying, withRetries } from '../aws/retry.ts';
import { Fault } from '../recovery/fault.ts';
import { liveAlias, operateFunctionName } from '../recovery/names.ts';
import type { Action, Answer, AskedRequest } from '../recovery/order.ts';
import type { Fleet } from './settings.ts';

export interface Engine {
  /**
   * A question is asked again when it got no answer, and an order is sent again as it is: the engine knows it by its
   * proof. @throws Fault when the engine cannot be reached or fails; its own refusals come back as answers
   */
  ask(request: AskedRequest): Promise<Answer>;
}

/** Loaded when they are needed: their clients take longer to load than a question takes. */
export interface Reach {
  readonly invoke: Invoke;
  /** Names of operate functions by fleet. */
  findFleets(): Promise<ReadonlyMap<string, string>>;
  /** For this operate function alone. */
  sign(order: AskedRequest, functionName: string): Promise<AskedRequest['proof']>;
}

/** Not imported from order.ts, which loads all of its schema; `test/unit/cli-engine.test.ts` compares. */
export const questions: ReadonlySet<Action> = new Set<Action>(['list', 'status', 'history', 'explain']);

export function operatorEngine(fleet: Fleet, reach: Reach, retrying: Retrying): Engine {
  let functionName = operateFunctionName(fleet.name);

  // A payload is sent again as it is, with the same proof: the engine knows an order that it has obeyed by its proof.
  async function call(request: AskedRequest): Promise<Answer> {
    const isQuestion = questions.has(request.action);
    const proven = isQuestion ? request : { ...request, proof: await reach.sign(request, functionName) };
    const payload = JSON.stringify(proven);
    const reply = await withRetries(retrying, `lambda:Invoke ${functionName}`, () =>
      reach.invoke(functionName, liveAlias, payload),
    );
    if (reply.functionError !== undefined)
      throw new Fault(
        'service-unavailable',
        `${functionName} failed: ${reply.payload.slice(0, 300)}`,
        'later',
      );
    return answerOf(reply.payload, functionName);
  }

  async function found(request: AskedRequest): Promise<Answer> {
    try {
      return await call(request);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'not-found') throw error;
      functionName = await elsewhere(fleet, functionName, error, reach);
      return await call(request);
    }
  }

  return {
    async ask(request) {
      try {
        return await found(request);
      } catch (error) {
        throw questions.has(request.action) || !(error instanceof Fault) ? error : orderFault(error);
      }
    },
  };
}

/** An order without an answer is not an order without effect. */
function orderFault(fault: Fault): Fault {
  if (fault.retry === 'never' || notArrived(fault)) return fault;
  return new Fault(
    fault.code,
    `${fault.message}; the order may have been taken all the same: holdfast history shows it`,
    'never',
    { cause: fault },
  );
}

/** Refused by the rate limit, or never connected. */
function notArrived({ code, cause }: Fault): boolean {
  if (code === 'throttled') return true;
  const { code: network } = (cause ?? {}) as { readonly code?: unknown };
  return ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'].some((each) => each === network);
}

async function elsewhere(fleet: Fleet, tried: string, why: Fault, reach: Reach): Promise<string> {
  const found = await reach.findFleets();
  const names = [...found.keys()].sort();
  const ours = found.get(fleet.name);
  if (ours !== undefined && ours !== tried) return ours;
  const [only] = names;
  if (!fleet.named && names.length === 1 && only !== fleet.name && only !== undefined)
    return found.get(only) ?? tried;
  const known = names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`;
  const next =
    names.length === 0
      ? 'deploy one, or look at --region and --profile'
      : 'name one with --fleet or HOLDFAST_FLEET';
  throw new Fault(
    'not-found',
    `this account and Region have no fleet "${fleet.name}" (function ${tried}); ${known}: ${next}`,
    'never',
    { cause: why },
  );
}

function answerOf(payload: string, functionName: string): Answer {
  const answer: unknown = parse(payload);
  if (typeof answer === 'object' && answer !== null && 'ok' in answer && typeof answer.ok === 'boolean')
    return answer as Answer;
  throw new Fault(
    'invalid-answer',
    `${functionName} answered with something else: ${payload.slice(0, 200)}`,
    'never',
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
