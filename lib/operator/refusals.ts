/** What the exit code of `holdfast` is for each refusal and fault, and what the operator may do next. */
import { exitCodes } from '../recovery/fault.ts';
import type { ClaimView, Refusal, RefusalCode } from '../recovery/order.ts';
import type { Context, Given } from './command.ts';
import { json, seconds } from './print.ts';
import { durationWords } from './values.ts';

const { held, usage, unavailable, bug, tryLater, configuration } = exitCodes;

const exitOfRefusal: { readonly [code in RefusalCode]: number } = {
  'claim-held': tryLater,
  throttled: tryLater,
  'backup-exists': held,
  'backup-missing': held,
  'target-not-ready': held,
  'nothing-waits': held,
  usage,
  'interface-invalid': usage,
  'unknown-tag': usage,
  'unknown-server': usage,
  'unknown-recovery': usage,
  'invalid-address': usage,
  'invalid-netmask': usage,
  'service-unavailable': unavailable,
  'no-answer': unavailable,
  refused: unavailable,
  'access-denied': configuration,
  'who-unknown': configuration,
  'not-found': configuration,
  'invalid-fleet': configuration,
  'invalid-settings': configuration,
  'invalid-info': bug,
  'invalid-record': bug,
  'invalid-answer': bug,
  'illegal-transition': bug,
};

/** A code that a newer engine knows and this program does not is a refusal like any other. */
export function exitOf(code: RefusalCode): number {
  return Object.hasOwn(exitOfRefusal, code) ? exitOfRefusal[code] : held;
}

/** The engine's no, in its own words; the exit code is for scripts. */
export function refused(
  refusal: Refusal,
  given: Pick<Given, 'flag'>,
  { terminal }: Pick<Context, 'terminal'>,
): number {
  if (given.flag('json')) json(terminal, refusal);
  terminal.err(`holdfast: ${refusal.message} (${refusal.code})\n`);
  const next = nextStep(refusal);
  if (next !== undefined) terminal.err(`  ${next}\n`);
  return exitOf(refusal.code);
}

/** What to do next; nothing where the message says it all. */
export function nextStep({ code, claim }: Pick<Refusal, 'code' | 'claim'>): string | undefined {
  switch (code) {
    case 'claim-held':
      return claim == null
        ? 'try again when it has ended'
        : `try again when it has ended, or watch it: holdfast explain ${claim.holder}`;
    case 'throttled':
      return 'AWS limits the rate of calls: try again in a minute';
    case 'no-answer':
    case 'service-unavailable':
      return 'try again; if it stays so, look at the endpoint, the network and the log of the operate function';
    case 'unknown-tag':
      return 'holdfast list shows the tags';
    case 'unknown-server':
    case 'interface-invalid':
      return 'holdfast status TAG shows the servers and their interfaces';
    case 'unknown-recovery':
      return 'holdfast history shows the recoveries';
    case 'backup-exists':
      return 'remove it first: lkipbu -r -t tag -f interface';
    case 'backup-missing':
      return 'add one: lkipbu -a -t tag -f interface';
    case 'target-not-ready':
      return 'holdfast status TAG shows where it could go, and why not elsewhere';
    case 'nothing-waits':
      return 'holdfast status TAG shows whether a failover waits for a person';
    case 'access-denied':
      return 'look at your credentials (aws sts get-caller-identity) and at your permission to invoke the operate function';
    case 'who-unknown':
      return 'the engine could not verify who you are: look at your credentials and at the clock of this machine';
    default:
      return undefined;
  }
}

/** `r-1: doing move-to-backup to ServerA/eth1; its claim ends in 41s` */
export function claimWords({ holder, expiresAtMs, doing }: ClaimView, nowMs: number): string {
  const work = doing === null ? 'is looking' : doing.words;
  const left = expiresAtMs - nowMs;
  const end = left < 0 ? 'has run out' : `ends in ${left < 1_000 ? seconds(left) : durationWords(left)}`;
  return `${holder}: ${work}; its claim ${end}`;
}
