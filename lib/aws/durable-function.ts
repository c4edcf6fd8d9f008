/** A workflow as the handler of a durable function: event and result of the handler are the workflow's own. */
import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import type { Steps } from '../recovery/steps.ts';
import { durableSteps } from './durable-steps.ts';
import { durableTransport, type Transporting } from './durable-transport.ts';

export type DurableHandler = ReturnType<typeof withDurableExecution>;

/** @param workflow must come to the same however often it is run over the same steps */
export function durableFunction<T>(
  machine: Transporting,
  workflow: (event: unknown, steps: Steps) => Promise<T>,
): DurableHandler {
  const config = { durableExecutionClient: durableTransport(machine) };
  return withDurableExecution((event: unknown, context) => workflow(event, durableSteps(context)), config);
}
