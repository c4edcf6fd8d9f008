/** The host's answer: the last line that the address script prints, `HOLDFAST {json}`. */
import * as v from 'valibot';
import { parseAnswerLine } from './answer-line.ts';

export const hostAnswer = v.object({
  v: v.literal(1),
  action: v.picklist(['restore', 'remove', 'verify', 'status']),
  address: v.string(),
  mac: v.string(),
  device: v.nullable(v.string()),
  link: v.picklist(['up', 'down', 'absent']),
  /** Whether the OS has the address on that interface, on another one, or nowhere. */
  os: v.picklist(['here', 'elsewhere', 'absent']),
  elsewhere: v.nullable(v.string()),
  rule: v.picklist(['present', 'absent', 'not-needed']),
  /** Whether packets from the address were answered; `not-asked` is no evidence either way. */
  path: v.picklist(['answered', 'unanswered', 'not-asked']),
  /** Of a path without an answer: whether a target answers another address of the host, and so is alive. */
  witness: v.picklist(['answered', 'silent', 'none']),
  /** Whether the router answers ARP when nobody answers the path: evidence about the link alone. */
  arp: v.optional(v.picklist(['answered', 'unanswered', 'not-asked'])),
  changed: v.boolean(),
  /** Version of the agent that runs there; null or missing when none does. */
  agent: v.optional(v.nullable(v.string())),
  verdict: v.picklist(['ok', 'failed', 'could-not-look']),
  why: v.string(),
});

export type HostAnswer = Readonly<v.InferOutput<typeof hostAnswer>>;
export type HostAction = HostAnswer['action'];

/** No packet came back, but nothing shows that the targets are alive: they may be what is down. */
export function isWithoutWitness(answer: HostAnswer): boolean {
  return answer.why === 'path-unanswered' && answer.witness !== 'answered';
}

/** @throws Fault `invalid-answer` when the output has no such line or the line is not what the script prints */
export function parseAnswer(stdout: string): HostAnswer {
  return parseAnswerLine(hostAnswer, stdout);
}
