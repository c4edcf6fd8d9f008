/** The command `ping` of a model guest: iputils' options, words and exit codes, as far as a health check uses them. */
import type { Clock } from '../clock.ts';
import type { Fate } from './fabric.ts';
import { familyOf } from './family.ts';
import type { Output } from './ip.ts';

/** Whole milliseconds, so that the time of day stays a whole number; within a VPC an answer takes less. */
const answerMs = 1;
const intervalMs = 1000;
const defaultWaitMs = 10_000;

export interface Pinger {
  readonly clock: Clock;
  /** One echo request. */
  ask(source: string | undefined, target: string): Fate;
  isOwn(address: string): boolean;
}

interface Request {
  readonly source: string | undefined;
  readonly target: string;
  readonly count: number;
  readonly waitMs: number;
}

interface Refusal {
  readonly refusal: string;
  readonly exitCode: 1 | 2;
}

/** 0 = at least one answer, 1 = none, 2 = could not ask. */
export async function runPing(pinger: Pinger, args: readonly string[]): Promise<Output> {
  const request = parse(args);
  if ('refusal' in request)
    return { stdout: '', stderr: `ping: ${request.refusal}\n`, exitCode: request.exitCode };
  const { source, target, count, waitMs } = request;
  if (source !== undefined && !pinger.isOwn(source))
    return {
      stdout: '',
      stderr: `ping: ${isOfIpv6(target) ? 'bind icmp socket' : 'bind'}: Cannot assign requested address\n`,
      exitCode: 2,
    };
  const from = source === undefined ? '' : `from ${source} : `;
  const lines = [
    isOfIpv6(target)
      ? `PING ${target}(${target}) ${from}56 data bytes`
      : `PING ${target} (${target}) ${from}56(84) bytes of data.`,
  ];
  let received = 0;
  for (let sequence = 1; sequence <= count; sequence += 1) {
    const fate = pinger.ask(source, target);
    const answered = fate === 'answered' || fate === 'loopback';
    if (answered) lines.push(`64 bytes from ${target}: icmp_seq=${sequence} ttl=64 time=0.300 ms`);
    if (answered) received += 1;
    const lastWaitMs = answered ? answerMs : waitMs;
    await pinger.clock.sleep(sequence < count ? intervalMs : lastWaitMs);
  }
  return {
    stdout: [...lines, '', ...summary(target, count, received), ''].join('\n'),
    stderr: '',
    exitCode: received > 0 ? 0 : 1,
  };
}

function summary(target: string, sent: number, received: number): readonly string[] {
  const loss = Math.floor(((sent - received) / sent) * 100);
  return [
    `--- ${target} ping statistics ---`,
    `${sent} packets transmitted, ${received} received, ${loss}% packet loss, time ${(sent - 1) * intervalMs}ms`,
    received > 0 ? 'rtt min/avg/max/mdev = 0.300/0.300/0.300/0.000 ms' : '',
  ];
}

function parse(args: readonly string[]): Request | Refusal {
  let source: string | undefined;
  let target: string | undefined;
  let count: number | undefined;
  let waitMs = defaultWaitMs;
  let onlyIpv6 = false;
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? '';
    const value = args[at + 1] ?? '';
    if (word === '-n') continue;
    if (word === '-6') {
      onlyIpv6 = true;
      continue;
    }
    if (word === '-c' && /^[1-9][0-9]{0,3}$/.test(value)) count = Number(value);
    else if (word === '-W' && /^[0-9]{1,3}(\.[0-9]+)?$/.test(value)) waitMs = Number(value) * 1000;
    else if (word === '-I' && isAddress(value)) source = value;
    else if (target === undefined && isAddress(word)) target = word;
    else return { refusal: `the model guest does not know "ping ${args.join(' ')}"`, exitCode: 2 };
    if (word.startsWith('-')) at += 1;
  }
  if (target === undefined) return { refusal: 'usage error: Destination address required', exitCode: 1 };
  if (count === undefined)
    return { refusal: 'the model guest does not ping without end: give -c', exitCode: 2 };
  const isMixed = isOfIpv6(source ?? target) !== isOfIpv6(target) || (onlyIpv6 && !isOfIpv6(target));
  if (isMixed)
    return { refusal: `the model guest does not know "ping ${args.join(' ')}": two families`, exitCode: 2 };
  return { source, target, count, waitMs };
}

function isAddress(text: string): boolean {
  return familyOf(text).parse(text) !== undefined;
}

function isOfIpv6(address: string): boolean {
  return familyOf(address).version === 6;
}
