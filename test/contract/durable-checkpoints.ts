/** Checkpoints without the SDK of durable functions: whatever a test wants to send. */

import {
  CheckpointDurableExecutionCommand,
  type CheckpointDurableExecutionCommandOutput,
  type LambdaClient,
  type OperationUpdate,
} from '@aws-sdk/client-lambda';
import { type DurableEvent, durableWorld, scripted } from './durable-world.ts';

export type Checkpoint = (
  Updates: OperationUpdate[],
  changes?: { readonly token?: string; readonly clientToken?: string },
) => Promise<CheckpointDurableExecutionCommandOutput>;

/** Sends checkpoints as a function may: each with the token of the last. */
export function checkpointer(
  { DurableExecutionArn, CheckpointToken }: DurableEvent,
  client: LambdaClient,
): Checkpoint {
  let current = CheckpointToken;
  return async (Updates, { token = current, clientToken } = {}) => {
    const ClientToken = clientToken === undefined ? {} : { ClientToken: clientToken };
    const answer = await client.send(
      new CheckpointDurableExecutionCommand({
        DurableExecutionArn,
        CheckpointToken: token,
        Updates,
        ...ClientToken,
      }),
    );
    current = answer.CheckpointToken ?? '';
    return answer;
  };
}

/** Runs `body` as the only invocation of an execution. */
export async function invoked(
  body: (checkpoint: Checkpoint, event: DurableEvent, client: LambdaClient) => Promise<unknown>,
) {
  let failure: unknown;
  const w = durableWorld(
    scripted(async (event, client) => {
      try {
        await body(checkpointer(event, client), event, client);
      } catch (error) {
        failure = error;
      }
      return { Status: 'SUCCEEDED', Result: 'null' };
    }),
  );
  const execution = await w.ended(await w.start());
  if (failure !== undefined) throw failure;
  return { ...w, execution };
}

export async function refusalOf(refused: Promise<unknown>): Promise<string> {
  return refused.then(
    () => 'accepted',
    ({ name, message }: Error) => `${name}: ${message}`,
  );
}

export const stale = 'InvalidParameterValueException: Invalid checkpoint token';
export const step = (Id: string, Action: OperationUpdate['Action'], more: Partial<OperationUpdate> = {}) =>
  ({ Id, Type: 'STEP', Action, ...more }) satisfies OperationUpdate;
export const context = (Id: string, Action: OperationUpdate['Action'], more: Partial<OperationUpdate> = {}) =>
  ({ Id, Type: 'CONTEXT', Action, ...more }) satisfies OperationUpdate;
export const wait = (Id: string, WaitSeconds: number) =>
  ({ Id, Type: 'WAIT', Action: 'START', WaitOptions: { WaitSeconds } }) satisfies OperationUpdate;
