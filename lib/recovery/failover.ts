/**
 * Failover to another server with everything that depends on the address, as a workflow: each resource of the incident
 * in a branch of its own, each chapter remembered, so that it goes on where it was when its function dies.
 *
 *     take ─▶ (ask a person) ─▶ dependents out, parents first ─▶ (fence) ─▶ move, verified on three planes
 *       claim from the                                                        │
 *       recovery's epoch,             another server ◀── not verified ────────┤
 *       look, decide, brake                                                   ▼
 *                                              commit ◀── dependents in, children first
 */
import { askPerson } from './ask-person.ts';
import type { Summary } from './audit.ts';
import type { Escalation, Incident } from './escalation.ts';
import { type Chosen, choose, chooseAgain, type Going, hasBegun, heldAs } from './failover-choice.ts';
import { endHeld, endLost } from './failover-end.ts';
import { goOut } from './failover-out.ts';
import { settleSomewhere } from './failover-settle.ts';
import { chapter, limitOf, openWork, settleWrites, type Work } from './failover-work.ts';
import type { FleetDefinition } from './fleet.ts';
import { gatheredPorts } from './gathered-ports.ts';
import { sumUp } from './incident-summary.ts';
import type { Journal } from './journal.ts';
import { leaveAll, placesToLeave } from './leave-source.ts';
import type { FailoverPorts } from './ports.ts';
import type { Steps } from './steps.ts';

/** How many dependents are worked on at once in one incident. */
const dependentsWidth = 8;
/** As many resources as a fleet may have. */
const membersWidth = 50;

export async function failOver(
  ports: FailoverPorts,
  fleet: FleetDefinition,
  incident: Incident,
  steps: Steps,
): Promise<readonly Summary[]> {
  const { members } = incident;
  const [first] = members;
  // Whoever waits for its turn keeps its claim well before that would expire.
  const limit = limitOf(dependentsWidth, ports.clock, fleet.policy.claimMs / 3);
  const shared = members.length === 1 ? ports : gatheredPorts(ports);
  const run = (escalation: Escalation, branch: Steps) =>
    one({ ports: shared, fleet, escalation, brakeKey: first?.tag ?? '', steps: branch, limit });
  if (first !== undefined && members.length === 1) return [await run(first, steps)];
  const summaries = await steps.together(
    'members',
    members.map((member) => ({ name: member.tag, run: (branch) => run(member, branch) })),
    membersWidth,
  );
  await steps.step('sum-up', () => sumUp(ports, incident, summaries));
  return summaries;
}

async function one(parts: Parameters<typeof openWork>[0]): Promise<Summary> {
  const work = openWork(parts);
  try {
    return await run(work);
  } finally {
    await settleWrites(work);
  }
}

async function run(work: Work): Promise<Summary> {
  const taken = await chapter(work, 'take', (journal) => take(work, journal));
  if (taken.kind === 'lost') return endLost(work, taken.reason, null);
  if (work.escalation.carried?.order.action === 'out-of-service') return goOut(work, taken.record);
  if (taken.kind === 'hold') return endHeld(work, taken, { tried: [], touched: false });
  const confirmed = await confirm(work, taken);
  if (confirmed.kind === 'ended') return confirmed.summary;
  const left = await leave(work, confirmed.going);
  return left.kind === 'ended' ? left.summary : settleSomewhere(work, left.going);
}

/** The claim from exactly the epoch of whoever handed over: of two starts only one can act. */
async function take(work: Work, journal: Journal): Promise<Chosen> {
  const { ports, fleet, definition, escalation } = work;
  const { tag, epoch, recoveryId } = escalation;
  if (definition === undefined) return { kind: 'lost', reason: 'tag-unknown' };
  const nowMs = ports.clock.now();
  const claim = await journal.stage('claim', () =>
    ports.ledger.claim(tag, {
      holder: `${recoveryId}/${work.steps.id}`,
      nowMs,
      untilMs: nowMs + fleet.policy.claimMs,
      fromEpoch: epoch,
    }),
  );
  if (claim.kind !== 'claimed') return { kind: 'lost', reason: 'claim-lost' };
  const { record } = claim;
  journal.claimed(record.claim.epoch);
  journal.step('claimed', 0, { from: epoch });
  const choice = await choose(work, journal, record, []);
  if (choice.kind === 'hold' || escalation.carried !== undefined || hasBegun(choice)) return choice;
  const { max, windowMs } = fleet.policy.fleetBrake;
  const atMs = ports.clock.now();
  const braked = await journal.stage('brake', () =>
    ports.ledger.takeFailover(work.brakeKey, atMs, atMs - windowMs, max),
  );
  return braked === 'brake' ? heldAs(choice, 'fleet-brake') : choice;
}

type Passed =
  | { readonly kind: 'on'; readonly going: Going }
  | { readonly kind: 'ended'; readonly summary: Summary };

/** Only before anything has left its server: what was interrupted on its way is not asked about again. */
async function confirm(work: Work, going: Going): Promise<Passed> {
  const { rules, escalation } = work;
  if (rules.confirm === null || escalation.carried !== undefined || hasBegun(going))
    return { kind: 'on', going };
  const refusal = await askPerson(work, going, rules.confirm);
  if (refusal === 'claim-lost') return ended(await endLost(work, refusal, going.from));
  if (refusal !== null)
    return ended(await endHeld(work, heldAs(going, refusal), { tried: [], touched: false, block: true }));
  const { epoch } = going.record.claim;
  return goOn(work, await chooseAgain(work, epoch, [], 'confirmed'), going, false);
}

async function leave(work: Work, going: Going): Promise<Passed> {
  const { record, from, places, addresses } = going;
  const left = placesToLeave(work, record, from, places[0], addresses.owners);
  if (left.length === 0) return { kind: 'on', going };
  const obstacle = await leaveAll(work, left, going);
  if (obstacle === 'claim-lost') return ended(await endLost(work, obstacle, from));
  if (obstacle !== null)
    return ended(await endHeld(work, heldAs(going, obstacle), { tried: [], touched: true }));
  return goOn(work, await chooseAgain(work, record.claim.epoch, [], 'left'), going, true);
}

async function goOn(work: Work, choice: Chosen, before: Going, touched: boolean): Promise<Passed> {
  // That something has left its server is no reason of its own.
  if (choice.kind === 'go')
    return { kind: 'on', going: touched ? { ...choice, reason: before.reason } : choice };
  if (choice.kind === 'lost') return ended(await endLost(work, choice.reason, before.from));
  return ended(await endHeld(work, choice, { tried: [], touched }));
}

function ended(summary: Summary): Passed {
  return { kind: 'ended', summary };
}
