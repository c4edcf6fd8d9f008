/**
 * The dependents leave the server where they are. What could not be stopped there may still write to a shared volume or
 * answer clients, so nothing goes on before it is certain that it cannot, or the fleet file says that it does not matter.
 */
import { onHost, takeDependentsOut } from './dependents-out.ts';
import type { Going } from './failover-choice.ts';
import { chapter, hasEnded, renew, settleWrites, type Work } from './failover-work.ts';
import { Fault } from './fault.ts';
import type { Fence } from './fleet.ts';
import type { Journal } from './journal.ts';
import type { AddressView } from './observation.ts';
import { primaryOf } from './readiness.ts';
import type { HoldReason } from './reasons.ts';
import { entryOf, type Place, placeOf, type ResourceRecord } from './resource.ts';

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html: a stop takes a few minutes at most, as a rule. */
const fenceLooks = 8;
const fencePauseMs = 15_000;
/** A function's own time is not spent on waiting for longer than this. */
const fenceLookMs = 20_000;
const lookPauseMs = 1_000;

export interface Leaving extends Pick<Going, 'record' | 'places' | 'silent'> {
  readonly from: Place;
  /** Dependents that may be in service there. */
  readonly names: readonly string[];
  /** Of the steps' names, when a server is left that was tried in vain. */
  readonly round?: string;
}

/**
 * Where dependents may be in service, besides the server that they go to: where the record has the address, and where a
 * failover that was interrupted has brought some of them already.
 */
export function placesToLeave(
  { dependents }: Work,
  record: ResourceRecord,
  from: Place | null,
  to: Place | null,
  owners: AddressView['owners'] = [],
): readonly Place[] {
  if (dependents.length === 0) return [];
  const marked = Object.values(record.dependents).flatMap(({ state, server }) =>
    state === 'ILLSTATE' && server !== null && server !== from?.server && server in record.servers
      ? [server]
      : [],
  );
  const owned = owners.flatMap(({ eniId }) => placeOf(record, eniId) ?? []);
  const there = [...new Set(marked)].map(
    (server) => owned.find((each) => each.server === server) ?? primaryOf(record, server),
  );
  return [...there, ...(from === null ? [] : [from])].filter(({ server }) => server !== to?.server);
}

/** One place after the other. Null when nothing of them can act at any of them any more. */
export async function leaveAll(
  work: Work,
  places: readonly Place[],
  leaving: Pick<Going, 'record' | 'places' | 'silent' | 'from'>,
): Promise<HoldReason | null> {
  const names = work.dependents.map(({ name }) => name);
  for (const from of places) {
    const away = from.server !== leaving.from?.server;
    const round = away ? `:at:${from.server}` : '';
    const obstacle = await leaveSource(work, {
      ...leaving,
      from,
      names,
      round,
      silent: !away && leaving.silent,
    });
    if (obstacle !== null) return obstacle;
  }
  return null;
}

/** Null when nothing of them can act there any more. */
export async function leaveSource(work: Work, leaving: Leaving): Promise<HoldReason | null> {
  const { record, from, places, silent, round = '' } = leaving;
  const { epoch } = record.claim;
  const to = places[0];
  const marked = await chapter(work, `leave${round}`, () => markUnderWay(work, record, from, to));
  if (marked === 'superseded') return 'claim-lost';
  const out = await takeDependentsOut(work, { epoch, place: from, to, names: leaving.names, silent, round });
  if (out.kind === 'superseded') return 'claim-lost';
  if (out.kind === 'out') return null;
  if (isGraceful(work)) return 'dependent-not-stopped';
  const fenced = await fence(work, leaving, out.names);
  if (fenced !== null) return fenced;
  if (work.rules.fence.kind === 'none') return null;
  const names = out.names.filter((name) =>
    work.dependents.some((each) => each.name === name && !onHost.has(each.work.kind)),
  );
  if (names.length === 0) return null;
  const rest = await takeDependentsOut(work, {
    epoch,
    place: from,
    to,
    names,
    silent,
    round: `${round}:fenced`,
  });
  if (rest.kind === 'superseded') return 'claim-lost';
  return rest.kind === 'out' ? null : 'dependent-not-stopped';
}

/** A planned move never fences: it puts back what it has stopped. */
function isGraceful({ escalation }: Work): boolean {
  return escalation.carried !== undefined && escalation.carried.order.action !== 'failover';
}

/** From here on whoever finds this record knows that the dependents are on their way. */
async function markUnderWay(
  work: Work,
  record: ResourceRecord,
  from: Place,
  to: Place,
): Promise<'marked' | 'superseded'> {
  const { ports } = work;
  const { epoch } = record.claim;
  const guard = await renew(work, epoch, to, 0);
  if (guard.kind === 'superseded' || hasEnded(guard.record, epoch)) return 'superseded';
  const atMs = ports.clock.now();
  const state = { state: 'ILLSTATE', server: from.server, why: 'leaving', atMs } as const;
  const dependents = Object.fromEntries(
    work.dependents.map(({ name }) => {
      const before = guard.record.dependents[name];
      // Some may be there already: that stays known, whatever becomes of this run.
      const arrived = before?.state === 'ILLSTATE' && before.server === to.server;
      return [name, arrived ? before : state];
    }),
  );
  const written = await ports.ledger.commit(record.tag, epoch, { dependents }, false);
  return written.kind === 'superseded' ? 'superseded' : 'marked';
}

/** Null when the server is fenced, or need not be. */
async function fence(work: Work, leaving: Leaving, names: readonly string[]): Promise<HoldReason | null> {
  const { record, from, places, round = '' } = leaving;
  const rule = work.rules.fence;
  const { epoch } = record.claim;
  const asked = await chapter(work, `fence${round}`, async (journal) => {
    const guard = await renew(work, epoch, places[0], fenceLooks * (fencePauseMs + fenceLookMs));
    if (guard.kind === 'superseded' || hasEnded(guard.record, epoch)) return 'claim-lost';
    return ask(work, journal, rule, guard.record, from, names);
  });
  if (asked !== 'wait') return asked;
  for (let look = 1; look <= fenceLooks; look += 1) {
    const seen = await chapter(work, `fenced${round}:${look}`, (journal) =>
      isFenced(work, journal, rule, record, from),
    );
    if (seen) return null;
    await settleWrites(work);
    await work.steps.sleep(`fence-pause${round}:${look}`, fencePauseMs);
  }
  return chapter(work, `not-fenced${round}`, async (journal) => {
    journal.step('not-fenced', 0, { fence: rule, server: from.server, names });
    return 'not-fenced' as const;
  });
}

async function ask(
  { ports }: Work,
  journal: Journal,
  rule: Fence,
  record: ResourceRecord,
  from: Place,
  names: readonly string[],
): Promise<HoldReason | 'wait' | null> {
  const { instanceId, interfaces } = entryOf(record, from.server);
  try {
    switch (rule.kind) {
      case 'none':
        journal.step('fenced', 0, { fence: 'none', server: from.server, names });
        return null;
      case 'halt':
        journal.step('not-fenced', 0, { fence: 'halt', server: from.server, names });
        return 'dependent-not-stopped';
      case 'stop-instance':
        await ports.fences.stop(instanceId);
        return 'wait';
      case 'isolate':
        await ports.fences.isolate(Object.values(interfaces), rule.securityGroup);
        return 'wait';
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    journal.step('fault', 0, { code: error.code, message: error.message });
    // It may have taken effect all the same: only a look can tell.
    return error.retry === 'later' ? 'wait' : 'not-fenced';
  }
}

async function isFenced(
  { ports }: Work,
  journal: Journal,
  rule: Fence,
  record: ResourceRecord,
  from: Place,
): Promise<boolean> {
  const { instanceId, interfaces } = entryOf(record, from.server);
  const fromMs = ports.clock.now();
  const untilMs = fromMs + fenceLookMs;
  for (;;) {
    const seen = await look();
    if (seen) journal.step('fenced', ports.clock.now() - fromMs, { fence: rule, server: from.server });
    if (seen || ports.clock.now() + lookPauseMs > untilMs) return seen;
    await ports.clock.sleep(lookPauseMs);
  }

  async function look(): Promise<boolean> {
    if (rule.kind === 'isolate') {
      const isolated = await ports.fences.isolated(Object.values(interfaces), rule.securityGroup);
      return isolated.kind === 'found' && isolated.value;
    }
    const instances = await ports.instances.look([instanceId]);
    if (instances.kind !== 'found') return false;
    const state = instances.value[instanceId]?.state;
    return state === undefined || state === 'stopped' || state === 'terminated';
  }
}
