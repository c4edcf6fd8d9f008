/**
 * The agent's word: what the agent on a host says of an address it has been given, told over EventBridge at every
 * change and, while it is failed, at every heartbeat. It is the same answer that the address script gives over SSM, by
 * another way, so a recovery goes on when either way is cut (docs/decisions/0010-the-agents-word.md).
 *
 * It speaks for its moment only: an event bears whole seconds, comes late or twice, and its agent may be gone since.
 */
import * as v from 'valibot';
import { hostAnswer, isWithoutWitness } from './answer.ts';
import { addressFailed, addressInService, agentSource } from './names.ts';
import type { Place, ResourceRecord } from './resource.ts';
import { eniAt, hostAddress } from './resource.ts';

export const word = v.object({
  version: v.literal(1),
  /** The event's. */
  id: v.string(),
  atMs: v.number(),
  /** The host's time since its boot: orders what was said within a second. */
  uptimeMs: v.number(),
  tag: v.string(),
  instanceId: v.string(),
  answer: hostAnswer,
});
export type Word = Readonly<v.InferOutput<typeof word>>;

/** What EventBridge delivers. */
export const wordEvent = v.object({
  source: v.literal(agentSource),
  'detail-type': v.picklist([addressFailed, addressInService]),
  id: v.string(),
  time: v.string(),
  detail: v.object({
    v: v.literal(1),
    fleet: v.string(),
    tag: v.string(),
    instanceId: v.string(),
    /** Seconds since the host's boot. */
    uptime: v.number(),
    answer: hostAnswer,
  }),
});

/** An event's time has no fraction, so it may seem older than it is by so much. */
const secondMs = 1_000;
/** A word that is no older is as good as asking: the host would say the same now. */
const instantMs = 5_000;
/** A failed address is told of every 10 s: a word that is older was not repeated. */
const currentMs = 15_000;
/** Nothing was said for so long: something was lost in between, or it was another failure. */
const forgottenMs = 30_000;

/**
 * Whether the word can stand for the host's own answer about the address at `at`: it is about that interface, it is not
 * from before the last recovery, and it was young enough when the host was asked: what the agent says while nobody else
 * answers is no older for the waiting. What only a witness could settle is asked of the host itself.
 */
export function standsForHost(
  said: Word,
  record: ResourceRecord,
  at: Place,
  times: { readonly nowMs: number; readonly askedAtMs: number },
  need: 'instead-of-asking' | 'for-want-of-an-answer',
): boolean {
  const { nowMs, askedAtMs } = times;
  const lastMs = record.recent.at(-1)?.atMs ?? 0;
  const limitMs = need === 'instead-of-asking' ? instantMs : currentMs;
  return (
    said.tag === record.tag &&
    said.answer.address === hostAddress(record, at) &&
    said.instanceId === record.servers[at.server]?.instanceId &&
    said.answer.mac === record.macs[eniAt(record, at)] &&
    said.atMs > lastMs &&
    askedAtMs - said.atMs <= limitMs + secondMs &&
    said.atMs <= nowMs + secondMs &&
    (need === 'for-want-of-an-answer' || !isWithoutWitness(said.answer))
  );
}

/** Whether `said` was said before `other`, by the same agent; events come in any order. */
export function isOlder(said: Word, other: Word): boolean {
  return said.atMs < other.atMs || (said.atMs === other.atMs && said.uptimeMs < other.uptimeMs);
}

/** Whether the word is the agent's proof, after `sinceMs`, that the address is in service on the interface with `mac`. */
export function provesService(
  said: Word,
  address: string,
  mac: string,
  sinceMs: number,
  nowMs: number,
): boolean {
  const { answer, atMs } = said;
  return (
    answer.verdict === 'ok' &&
    answer.address === address &&
    answer.mac === mac &&
    answer.os === 'here' &&
    atMs <= nowMs + secondMs &&
    atMs + secondMs > sinceMs
  );
}

/** Whether the word says something else than the one before: what is only said again starts nothing. */
export function isNews(said: Word, before: Word | null): boolean {
  if (before === null || before.id === said.id) return true;
  return (
    said.atMs - before.atMs > forgottenMs ||
    before.answer.verdict !== said.answer.verdict ||
    before.answer.why !== said.answer.why ||
    before.answer.mac !== said.answer.mac
  );
}
