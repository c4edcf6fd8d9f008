/** Asking address.sh on a guest, as SSM does, and looking at what it has done there. */
import { expect } from 'vitest';
import { type AddressParameter, addressDocument } from '../../lib/host/document.ts';
import { eth0, eth1, type Guest, type Outcome, peer } from './labs.ts';

export interface Case {
  readonly title: string;
  readonly holds: (guest: Guest) => Promise<void>;
}

export const protectedAddress = '10.0.1.50';

const defaults: Readonly<Record<AddressParameter, string>> = {
  Action: 'verify',
  Mechanism: 'secondary',
  Address: protectedAddress,
  Mac: eth1,
  Subnet: '10.0.1.0/24',
  PingList: peer,
  Order: '0',
};

/** The very lines that an instance is sent. `{{ Name }}` is replaced as text, as SSM does it. */
export function rendered(parameters: Partial<Record<AddressParameter, string>>): string {
  const given: Record<string, string> = { ...defaults, ...parameters };
  const document = addressDocument() as {
    readonly mainSteps: readonly [{ readonly inputs: { readonly runCommand: readonly string[] } }];
  };
  return document.mainSteps[0].inputs.runCommand
    .join('\n')
    .replaceAll(/\{\{ (\w+) \}\}/g, (_, name: string) => given[name] ?? '');
}

export function answerOf({ stdout }: Outcome): Readonly<Record<string, unknown>> {
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  expect(last).toMatch(/^HOLDFAST \{.*\}$/);
  return JSON.parse(last.slice('HOLDFAST '.length)) as Readonly<Record<string, unknown>>;
}

type Action = 'restore' | 'remove' | 'verify' | 'status';
interface Ask {
  readonly on?: string;
  readonly ping?: string;
  readonly order?: string;
  /** Shell lines before the script, to put something in its way. */
  readonly before?: string;
}

export async function ask(
  guest: Guest,
  action: Action,
  { on = eth1, ping = peer, order = '0', before = '' }: Ask = {},
) {
  const outcome = await guest.run(
    `${before}\n${rendered({ Action: action, Mac: on, PingList: ping, Order: order })}`,
  );
  const { exitCode } = outcome;
  return { exitCode, ...answerOf(outcome) };
}

export async function done(guest: Guest, script: string): Promise<string> {
  const outcome = await guest.run(script);
  expect(outcome).toMatchObject({ exitCode: 0 });
  return outcome.stdout;
}

/** Where the address is configured, such as `eth1 10.0.1.50/32`. */
export async function placesOf(guest: Guest): Promise<readonly string[]> {
  return lines(await done(guest, 'ip -o -4 addr show'))
    .map((line) => line.split(/\s+/))
    .filter((words) => words[3]?.startsWith(`${protectedAddress}/`))
    .map((words) => `${words[1]} ${words[3]}`);
}

/** The address's rules by priority, with the device that each one's table leads to. */
export async function rulesOf(guest: Guest): Promise<readonly string[]> {
  const routes = lines(await done(guest, 'ip -4 route show table all default'));
  return lines(await done(guest, 'ip -4 rule show'))
    .map((line) => line.split(/\s+/))
    .filter((words) => words[2] === protectedAddress)
    .map(([priority, , , , table]) => {
      const route = routes.find((each) => each.includes(` table ${table} `));
      return `${priority} ${route?.match(/dev (\S+)/)?.[1] ?? 'nowhere'}`;
    });
}

function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** The state of affairs after EC2 has moved the address and the guest has followed. */
export async function inService(guest: Guest, device: 'eth0' | 'eth1'): Promise<void> {
  await guest.give(protectedAddress, device);
  const on = device === 'eth0' ? eth0 : eth1;
  expect(await ask(guest, 'restore', { on })).toMatchObject({ exitCode: 0, verdict: 'ok', why: 'verified' });
}

export const failed = { exitCode: 69, verdict: 'failed' };
