/** Moments of an incident, as the calls to AWS show them: what a test does then, it does in the middle of something. */
import type { CallRecord } from '../../lib/emulator/account.ts';
import { instanceOf } from './fleets.ts';
import type { Incident } from './incident.ts';

type Server = keyof typeof instanceOf;
type Matches = (call: CallRecord) => boolean;

/** Once, right after the first call of that kind took effect. */
export function upon(
  incident: Incident,
  matches: Matches,
  act: () => void,
): { readonly happened: () => boolean } {
  let done = false;
  incident.aws.account.onCall((call) => {
    if (done || call.error !== undefined || !matches(call)) return;
    done = true;
    act();
  });
  return { happened: () => done };
}

/** The address goes to an interface. */
export function assignedTo(eniId: string): Matches {
  return ({ operation, input }) =>
    operation === 'AssignPrivateIpAddresses' && JSON.stringify(input).includes(eniId);
}

export function called(operation: string): Matches {
  return (call) => call.operation === operation;
}

/** A dependent on a host is ordered to start or stop there. */
export function ordered(action: 'start' | 'stop', name: string, server: Server): Matches {
  return ({ operation, input }) => {
    if (operation !== 'SendCommand') return false;
    const text = JSON.stringify(input);
    return (
      text.includes(instanceOf[server]) &&
      text.includes(`"Action":["${action}"]`) &&
      text.includes(`"Name":["${name}"]`)
    );
  };
}
