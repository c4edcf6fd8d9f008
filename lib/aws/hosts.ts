/**
 * The host's own answer, over SSM Run Command. SendCommand is not idempotent and "succeeds" for a dead host, so the
 * answer counts, not the sending: it is polled for until a deadline, and no answer is could-not-look.
 * The address script is level-triggered, so a command that runs twice does no harm; one that SSM delivers
 * late is refused by the host, because a younger one has run there (`Order`).
 */
import { GetCommandInvocationCommand, SendCommandCommand, type SSMClient } from '@aws-sdk/client-ssm';
import type { HostAnswer } from '../recovery/answer.ts';
import { parseAnswer } from '../recovery/answer.ts';
import { Fault } from '../recovery/fault.ts';
import type { HostQuestion, Hosts } from '../recovery/ports.ts';
import { couldNotLook, found, type Reading } from '../recovery/reading.ts';
import { awsCode } from './errors.ts';
import { looking, type Retrying, withRetries } from './retry.ts';

/** Seconds in which the agent must have picked the command up; 30 is SSM's smallest. A late run finds nothing to do. */
const deliverySeconds = 30;
const firstPollMs = 200;
const longestPollMs = 1_000;
const running: ReadonlySet<string> = new Set(['Pending', 'InProgress', 'Delayed', 'Cancelling']);

export function ssmHosts(ssm: SSMClient, documentName: string, retrying: Retrying): Hosts {
  return {
    ask: (instanceId, question, deadlineMs, over = { aborted: false }) =>
      looking(async () => {
        const untilMs = retrying.clock.now() + deadlineMs;
        const commandId = await send(ssm, documentName, retrying, instanceId, question);
        return poll(ssm, retrying, { instanceId, commandId, untilMs, over });
      }),
  };
}

async function send(
  ssm: SSMClient,
  documentName: string,
  retrying: Retrying,
  instanceId: string,
  question: HostQuestion,
): Promise<string> {
  const command = new SendCommandCommand({
    DocumentName: documentName,
    InstanceIds: [instanceId],
    TimeoutSeconds: deliverySeconds,
    Parameters: {
      Action: [question.action],
      Address: [question.address],
      Mac: [question.mac],
      Subnet: [question.subnet],
      PingList: [question.pingList.join(',') || 'none'],
      Order: [String(retrying.clock.now())],
    },
  });
  const reply = await withRetries(retrying, 'ssm:SendCommand', () => ssm.send(command));
  const commandId = reply.Command?.CommandId;
  if (commandId === undefined) throw new Fault('no-answer', 'ssm:SendCommand gave no command id', 'later');
  return commandId;
}

async function poll(
  ssm: SSMClient,
  retrying: Retrying,
  command: {
    readonly instanceId: string;
    readonly commandId: string;
    readonly untilMs: number;
    readonly over: { readonly aborted: boolean };
  },
): Promise<Reading<HostAnswer>> {
  const { instanceId, commandId, untilMs, over } = command;
  let last = 'the command has not reached the host';
  for (let pauseMs = firstPollMs; ; pauseMs = Math.min(longestPollMs, pauseMs * 1.5)) {
    if (retrying.clock.now() + pauseMs > untilMs)
      return couldNotLook(`no answer from ${instanceId} in time: ${last}`);
    await retrying.clock.sleep(pauseMs);
    if (over.aborted) return couldNotLook('nobody waits for it any more');
    const reply = await invocation(ssm, retrying, instanceId, commandId);
    if (reply === 'not-yet') continue;
    const status = reply.Status ?? 'Pending';
    last = reply.StatusDetails ?? status;
    if (running.has(status)) continue;
    // A script that looked and found fault exits non-zero, which SSM calls Failed; its answer line is what counts.
    if (status !== 'Success' && status !== 'Failed') return couldNotLook(`${instanceId}: ${last}`);
    return answerOf(
      reply.StandardOutputContent ?? '',
      `${instanceId}: ${last}: ${reply.StandardErrorContent ?? ''}`,
    );
  }
}

/** Right after SendCommand the invocation does not exist yet: GetCommandInvocation is eventually consistent. */
async function invocation(ssm: SSMClient, retrying: Retrying, instanceId: string, commandId: string) {
  const command = new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: instanceId });
  try {
    return await withRetries(retrying, 'ssm:GetCommandInvocation', () => ssm.send(command));
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (awsCode(cause) === 'InvocationDoesNotExist') return 'not-yet' as const;
    throw error;
  }
}

function answerOf(stdout: string, shown: string): Reading<HostAnswer> {
  try {
    return found(parseAnswer(stdout));
  } catch (error) {
    if (error instanceof Fault) return couldNotLook(`${error.message} (${shown.slice(0, 300)})`);
    throw error;
  }
}
