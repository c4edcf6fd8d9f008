/**
 * One run of an SSM Command document on one instance. SendCommand is not idempotent and "succeeds" for a dead host, so
 * the answer counts, not the sending: it is polled for until a deadline, and no answer is no answer.
 * The scripts are level-triggered, so a command that runs twice does no harm; one that SSM delivers late is refused by
 * the host, because a younger one has run there (parameter `Order`).
 */
import { GetCommandInvocationCommand, SendCommandCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { Fault } from '../recovery/fault.ts';
import { codeBehind } from './errors.ts';
import { type Retrying, withRetries } from './retry.ts';

/** Seconds in which the agent must have picked the command up; 30 is SSM's smallest. A late run finds nothing to do. */
const deliverySeconds = 30;
const firstPollMs = 200;
const longestPollMs = 1_000;
const running: ReadonlySet<string> = new Set(['Pending', 'InProgress', 'Delayed', 'Cancelling']);

export interface Run {
  readonly documentName: string;
  readonly instanceId: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
  /** Once it is aborted nobody waits for the answer any more. */
  readonly over?: { readonly aborted: boolean };
}

export type Ran =
  | { readonly kind: 'ran'; readonly stdout: string; readonly shown: string }
  | { readonly kind: 'no-answer'; readonly why: string };

/** @throws Fault when SSM does not take the command or does not say what became of it */
export async function runCommand(ssm: SSMClient, run: Run, retrying: Retrying): Promise<Ran> {
  const untilMs = retrying.clock.now() + run.deadlineMs;
  const commandId = await send(ssm, run, retrying);
  return poll(ssm, retrying, run, { commandId, untilMs });
}

async function send(ssm: SSMClient, run: Run, retrying: Retrying): Promise<string> {
  const command = new SendCommandCommand({
    DocumentName: run.documentName,
    InstanceIds: [run.instanceId],
    TimeoutSeconds: deliverySeconds,
    Parameters: Object.fromEntries(Object.entries(run.parameters).map(([name, value]) => [name, [value]])),
  });
  const reply = await withRetries(retrying, 'ssm:SendCommand', () => ssm.send(command));
  const commandId = reply.Command?.CommandId;
  if (commandId === undefined) throw new Fault('no-answer', 'ssm:SendCommand gave no command id', 'later');
  return commandId;
}

async function poll(
  ssm: SSMClient,
  retrying: Retrying,
  { instanceId, over = { aborted: false } }: Run,
  { commandId, untilMs }: { readonly commandId: string; readonly untilMs: number },
): Promise<Ran> {
  let last = 'the command has not reached the host';
  for (let pauseMs = firstPollMs; ; pauseMs = Math.min(longestPollMs, pauseMs * 1.5)) {
    if (retrying.clock.now() + pauseMs > untilMs)
      return { kind: 'no-answer', why: `no answer from ${instanceId} in time: ${last}` };
    await retrying.clock.sleep(pauseMs);
    if (over.aborted) return { kind: 'no-answer', why: 'nobody waits for it any more' };
    const reply = await invocation(ssm, retrying, instanceId, commandId);
    if (reply === 'not-yet') continue;
    const status = reply.Status ?? 'Pending';
    last = reply.StatusDetails ?? status;
    if (running.has(status)) continue;
    // A script that looked and found fault exits non-zero, which SSM calls Failed; its answer line is what counts.
    if (status !== 'Success' && status !== 'Failed')
      return { kind: 'no-answer', why: `${instanceId}: ${last}` };
    return {
      kind: 'ran',
      stdout: reply.StandardOutputContent ?? '',
      shown: `${instanceId}: ${last}: ${reply.StandardErrorContent ?? ''}`.slice(0, 300),
    };
  }
}

/** Right after SendCommand the invocation does not exist yet: GetCommandInvocation is eventually consistent. */
async function invocation(ssm: SSMClient, retrying: Retrying, instanceId: string, commandId: string) {
  const command = new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: instanceId });
  try {
    return await withRetries(retrying, 'ssm:GetCommandInvocation', () => ssm.send(command));
  } catch (error) {
    if (codeBehind(error) === 'invocationdoesnotexist') return 'not-yet' as const;
    throw error;
  }
}
