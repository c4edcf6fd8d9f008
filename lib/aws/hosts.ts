/** The host's own answer about an address, over SSM Run Command. */
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { HostAnswer } from '../recovery/answer.ts';
import { parseAnswer } from '../recovery/answer.ts';
import { Fault } from '../recovery/fault.ts';
import type { HostQuestion, Hosts } from '../recovery/ports.ts';
import { couldNotLook, found, type Reading } from '../recovery/reading.ts';
import { looking, type Retrying } from './retry.ts';
import { runCommand } from './run-command.ts';

export function ssmHosts(ssm: SSMClient, documentName: string, retrying: Retrying): Hosts {
  return {
    ask: (instanceId, question, deadlineMs, over = { aborted: false }) =>
      looking(async () => {
        const parameters = parametersOf(question, retrying.clock.now());
        const ran = await runCommand(
          ssm,
          { documentName, instanceId, parameters, deadlineMs, over },
          retrying,
        );
        return ran.kind === 'ran' ? answerOf(ran.stdout, ran.shown) : couldNotLook(ran.why);
      }),
  };
}

function parametersOf(question: HostQuestion, order: number): Readonly<Record<string, string>> {
  const { action, mechanism, address, mac, subnet, pingList } = question;
  return {
    Action: action,
    // Left out, it is that: so the functions and the document need not change in one moment.
    ...(mechanism === 'secondary' ? {} : { Mechanism: mechanism }),
    Address: address,
    Mac: mac,
    Subnet: subnet,
    PingList: pingList.join(',') || 'none',
    Order: String(order),
  };
}

function answerOf(stdout: string, shown: string): Reading<HostAnswer> {
  try {
    return found(parseAnswer(stdout));
  } catch (error) {
    if (error instanceof Fault) return couldNotLook(`${error.message} (${shown})`);
    throw error;
  }
}
