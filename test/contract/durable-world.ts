/** An account whose function `mover` is durable, written with AWS's own SDK, on the clock and runtime of the test's choice. */

import {
  type DurableContext,
  DurableExecutionApiClient,
  type DurableExecutionClient,
  withDurableExecution,
} from '@aws/durable-execution-sdk-js';
import {
  GetDurableExecutionHistoryCommand,
  InvokeCommand,
  LambdaClient,
  type LambdaClientConfig,
} from '@aws-sdk/client-lambda';
import type { Context } from 'aws-lambda';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import type { DurableExecution, ExecutionView } from '../../lib/emulator/lambda/durable-execution.ts';
import type { HandlerFactory, InProcessSandbox } from '../../lib/emulator/lambda/in-process-runtime.ts';
import type { FunctionConfiguration } from '../../lib/emulator/lambda/model.ts';
import { inProcess, lambdaAccount } from './lambda-account.ts';

/**
 * Later than any machine's own date: the SDK compares timers with that, and must not take a wait for over. Nor does it set
 * a timer of its own then: a branch that waits beside one that works goes on with the next checkpoint of the other.
 */
const startMs = Date.UTC(2200, 0, 6, 10, 0, 0);

export const second = 1_000;
export const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:mover';

// biome-ignore lint/suspicious/noExplicitAny: the SDK's own handlers take any event.
export type Workflow = (event: any, context: DurableContext, sandbox: InProcessSandbox) => Promise<unknown>;

/** What the role of a durable function needs: https://docs.aws.amazon.com/lambda/latest/dg/durable-security.html */
export const durableRights = {
  Statement: [
    {
      Effect: 'Allow',
      Action: ['lambda:CheckpointDurableExecution', 'lambda:GetDurableExecutionState'],
      Resource: `${functionArn}:*`,
    },
  ],
};

/** The handler as it ships, over a client that dies with its sandbox. */
export function durable(workflow: Workflow, client: Partial<LambdaClientConfig> = {}): HandlerFactory {
  return (_config, sandbox) => {
    const { requestHandler, credentials } = sandbox;
    const settings = { region: 'us-east-1', credentials, requestHandler, maxAttempts: 1, ...client };
    const api = new DurableExecutionApiClient(new LambdaClient(settings as LambdaClientConfig));
    // Without the SDK's logger, which would print every planted failure.
    const durableExecutionClient: DurableExecutionClient = {
      checkpoint: (request) => api.checkpoint(request),
      getExecutionState: (request) => api.getExecutionState(request),
    };
    const handler = withDurableExecution((event, context) => workflow(event, context, sandbox), {
      durableExecutionClient,
    });
    return (event, context) => handler(event as Parameters<typeof handler>[0], context as unknown as Context);
  };
}

/** An event of Lambda to a durable function, as far as a test reads it. */
export interface DurableEvent {
  readonly DurableExecutionArn: string;
  readonly CheckpointToken: string;
  readonly UpdatedOperationIds: readonly string[];
  readonly InitialExecutionState: {
    readonly NextMarker: string;
    readonly Operations: readonly { readonly [member: string]: unknown }[];
  };
}

/** A function without the SDK: each invocation plays the next script and answers what it returns; the last one stays. */
export function scripted(
  ...scripts: readonly ((event: DurableEvent, client: LambdaClient) => unknown)[]
): HandlerFactory {
  let played = 0;
  return (_config, { requestHandler, credentials }) => {
    const client = new LambdaClient({
      region: 'us-east-1',
      credentials,
      requestHandler,
      maxAttempts: 1,
    } as LambdaClientConfig);
    return async (event) => {
      const script = scripts[Math.min(played++, scripts.length - 1)];
      return script?.(event as DurableEvent, client);
    };
  };
}

export function durableWorld(factory: HandlerFactory, changes: Partial<FunctionConfiguration> = {}) {
  const clock = new VirtualClock(startMs);
  const account = lambdaAccount(clock, inProcess(factory), {
    timeoutMs: 60 * second,
    durable: { executionTimeoutS: 900, retentionDays: 14 },
    ...changes,
  });
  account.account.iam.putRolePolicy('mover-role', 'durable', durableRights);
  const { lambda, client } = account;

  /** Starts it as an event on the alias. */
  async function start(input: unknown = {}, name?: string): Promise<DurableExecution> {
    const { DurableExecutionArn = '' } = await client.send(
      new InvokeCommand({
        FunctionName: 'mover:live',
        InvocationType: 'Event',
        Payload: Buffer.from(JSON.stringify(input)),
        ...(name === undefined ? {} : { DurableExecutionName: name }),
      }),
    );
    return lambda.executions.get(DurableExecutionArn);
  }

  /** Lets time go by until it has ended. */
  async function ended(execution: DurableExecution, limitMs = 900 * second): Promise<ExecutionView> {
    await clock.advanceUntil(() => execution.status !== 'RUNNING', limitMs);
    return execution.look();
  }

  return { ...account, clock, start, ended };
}

/** Types of the events, oldest first. */
export async function eventTypes(client: LambdaClient, DurableExecutionArn: string) {
  const { Events = [] } = await client.send(new GetDurableExecutionHistoryCommand({ DurableExecutionArn }));
  return Events.map(({ EventType }) => EventType);
}

export function asText(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('utf8');
}
