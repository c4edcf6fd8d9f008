/**
 * How a durable function reads and writes what it remembers: our own Lambda client, with our timeouts and a bounded
 * number of tries. The SDK's own waits 55 s for an answer, in the middle of an outage. A call that is tried again has
 * the same token, so a checkpoint whose answer was lost counts once.
 */
import {
  type DurableExecutionClient,
  DurableExecutionClientError,
  DurableExecutionClientErrorScope,
} from '@aws/durable-execution-sdk-js';
import { Fault } from '../recovery/fault.ts';
import type { Clients } from './clients.ts';
import { codeBehind } from './errors.ts';
import { type Retrying, withRetries } from './retry.ts';

export interface Transporting extends Retrying {
  readonly clients: Pick<Clients, 'lambda'>;
  readonly newId: () => string;
}

export function durableTransport(machine: Transporting): DurableExecutionClient {
  const opened = () => Promise.all([import('@aws-sdk/client-lambda'), machine.clients.lambda()]);
  return {
    getExecutionState: (params) =>
      told(async () => {
        const [{ GetDurableExecutionStateCommand }, lambda] = await opened();
        const command = new GetDurableExecutionStateCommand(params);
        return withRetries(machine, 'lambda:GetDurableExecutionState', () => lambda.send(command));
      }),
    checkpoint: (params) =>
      told(async () => {
        const [{ CheckpointDurableExecutionCommand }, lambda] = await opened();
        const command = new CheckpointDurableExecutionCommand({ ClientToken: machine.newId(), ...params });
        return withRetries(machine, 'lambda:CheckpointDurableExecution', () => lambda.send(command));
      }),
  };
}

/** @throws DurableExecutionClientError: what may go better later ends this invocation, anything else the execution */
async function told<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    const { EXECUTION, INVOCATION } = DurableExecutionClientErrorScope;
    // A token that is no longer good: another invocation has gone on.
    const isOld =
      codeBehind(cause) === 'invalidparametervalueexception' && /checkpoint token/i.test(cause.message);
    const scope = cause.retry === 'later' || isOld ? INVOCATION : EXECUTION;
    throw new DurableExecutionClientError(cause.message, { scope, cause });
  }
}
