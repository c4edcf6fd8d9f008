/**
 * Obeys an operator: who asks is verified, the rules are asked, the record is written under the claim or the order is
 * handed to the recover function. All of it leaves a record in the audit trail, what was refused too.
 *
 *     verify ─▶ obeyed before? ─▶ may they? ─▶ claim free? ─▶ plan ─▶ write | hand over
 *                                          └─▶ an answer to whoever holds it (confirm-order.ts)
 */

import { addBackup, removeBackup, serverOf } from './backup-orders.ts';
import { type CarriedOrder, isMoving, type MovingOrder } from './carried-order.ts';
import { claimHeld, claimView } from './claim-view.ts';
import { confirm } from './confirm-order.ts';
import { Fault } from './fault.ts';
import type { FleetDefinition, ResourceDefinition } from './fleet.ts';
import { type Journal, openJournal } from './journal.ts';
import { isBoundToSubnet } from './mechanism.ts';
import { parentOf } from './move-parent.ts';
import { operatorSource } from './names.ts';
import { lookAtAddresses, lookAtInstances } from './observe.ts';
import type { Obeyed, OperatePorts, Via } from './operate-ports.ts';
import type { Answer, ClaimView, questions, Refusal, Request } from './order.ts';
import { type Planned, planMove } from './plan.ts';
import { readRecord } from './questions.ts';
import type { Seen } from './readiness.ts';
import type { Reading } from './reading.ts';
import { acknowledge, switched, switchedWords, switchResource } from './record-orders.ts';
import { eniAt, type ResourceRecord } from './resource.ts';
import type { Trigger } from './trigger.ts';
import { writeRecord } from './write-record.ts';

export type Order = Exclude<Request, { action: (typeof questions)[number] }>;

/** An order on its way: by whom, and under which recovery it stands in the audit trail. */
export interface Ordered<O extends Order = Order> {
  readonly ports: OperatePorts;
  readonly fleet: FleetDefinition;
  readonly order: O;
  readonly who: { readonly arn: string; readonly via: Via };
  /** Of the proof. */
  readonly proofId: string;
  readonly trigger: Trigger;
  readonly recoveryId: string;
  readonly atMs: number;
  readonly journal: Journal;
}

const lookingTries = 7;
const lookingPauseMs = 500;
const nobody = { arn: 'unknown', via: 'command', id: '' } as const;

export async function obey(
  ports: OperatePorts,
  fleet: FleetDefinition,
  { order, asked, id }: { readonly order: Order; readonly asked: object; readonly id: string },
): Promise<Answer> {
  const atMs = ports.clock.now();
  const identified = await ports.identities.verify(asked, order);
  const { arn, via, id: proofId } = identified.kind === 'known' ? identified : nobody;
  const definition = fleet.resources.find((each) => each.tag === order.tag);
  const tag = definition?.tag ?? 'fleet';
  const reason = order.reason ?? (order.action === 'acknowledge' ? order.comment : null);
  const trigger: Trigger = { kind: 'operator', order: order.action, arn, via, reason, atMs };
  const recoveryId = `${tag}@${atMs}@${id}`;
  const journal = openJournal(ports, { tag, recoveryId, trigger, startedAtMs: atMs });
  const { proof: _, ...bare } = order;
  const ordered: Ordered = {
    ports,
    fleet,
    order: bare as Order,
    who: { arn, via },
    proofId,
    trigger,
    recoveryId,
    atMs,
    journal,
  };
  const answer = await (identified.kind === 'known'
    ? answerTo(ordered, definition)
    : ({ ok: false, code: unproven(identified.kind), message: identified.why } as const));
  if (!answer.ok && !order.dryRun) await noteRefusal(ordered, answer);
  return answer;
}

async function answerTo(ordered: Ordered, definition: ResourceDefinition | undefined): Promise<Answer> {
  const { ports, fleet, order, who, proofId } = ordered;
  try {
    if (order.tag !== undefined && definition === undefined)
      throw new Fault('unknown-tag', `no resource has the tag "${order.tag}"`, 'never');
    const denied = notTheirs(fleet, who.arn, definition);
    if (denied !== null) return { ok: false, code: 'access-denied', message: denied };
    const before = foundIn(await ports.obeyed.find(definition?.tag ?? 'fleet', proofId));
    if (before !== null) {
      const { carried } = before;
      const young = carried !== null && ports.clock.now() - carried.atMs <= fleet.policy.maxEventAgeMs;
      if (young) await ports.carriers.start(carried);
      return before.answer;
    }
    return definition === undefined ? await fleetOrder(ordered) : await resourceOrder(ordered, definition);
  } catch (error) {
    if (error instanceof Fault) return { ok: false, code: error.code, message: error.message };
    throw error;
  }
}

async function resourceOrder(ordered: Ordered, definition: ResourceDefinition): Promise<Answer> {
  const { ports, fleet, order, atMs } = ordered;
  if (order.action === 'confirm') return confirm({ ...ordered, order });
  const { record, held } = await whenFree(ports, () => readRecord(ports, fleet, definition.tag));
  if (held !== null) return claimHeld(record.tag, held);
  if (isMoving(order)) return move({ ...ordered, order }, definition, record);
  switch (order.action) {
    case 'add-backup': {
      const seen = await lookForBackup(ports, record, serverOf(record, order.machine), order.interface);
      return writeRecord(ordered, definition, record, (each) => addBackup(each, order, seen));
    }
    case 'remove-backup':
      return writeRecord(ordered, definition, record, (each) => removeBackup(each, order));
    case 'acknowledge':
      return writeRecord(ordered, definition, record, (each) => acknowledge(each, order, atMs));
    default:
      return writeRecord(ordered, definition, record, (each) => switchResource(each, order, atMs));
  }
}

/**
 * Waits a moment for a holder who only looks, such as the reconcile. Who finds the address somewhere else afterwards is
 * not free to go on: the order may have meant another place.
 */
async function whenFree(
  ports: OperatePorts,
  read: () => Promise<ResourceRecord>,
): Promise<{ readonly record: ResourceRecord; readonly held: ClaimView | null }> {
  const first = await read();
  const firstHeld = claimView(first, ports.clock.now());
  let [record, held] = [first, firstHeld];
  for (let tries = 1; tries < lookingTries && held !== null && held.doing === null; tries += 1) {
    await ports.clock.sleep(lookingPauseMs);
    record = await read();
    held = claimView(record, ports.clock.now());
  }
  const same = placesOf(first) === placesOf(record);
  return { record, held: same ? held : (held ?? firstHeld) };
}

function placesOf({ activeServer, servers }: ResourceRecord): string {
  return JSON.stringify([activeServer, servers]);
}

async function move(
  ordered: Ordered<MovingOrder>,
  definition: ResourceDefinition,
  record: ResourceRecord,
): Promise<Answer> {
  const { ports, fleet, order, who, recoveryId, atMs, trigger, journal, proofId } = ordered;
  const rules = { ...definition, parent: parentOf(fleet, order.tag)?.tag };
  const seen = await lookAround(ports, record, order);
  const planned = await withRoom(ports, record, seen, (each) => planMove(order, record, each, rules));
  if (planned.kind === 'refused') return { ok: false, code: planned.code, message: planned.message };
  if (planned.kind !== 'carry')
    return writeRecord(ordered, definition, record, (each) => {
      const again = planMove(order, each, seen, rules);
      if (again.kind === 'write') return { ...again, steps: again.plan.steps };
      if (again.kind !== 'carry') return again;
      return { kind: 'refused', code: 'refused', message: `${order.tag} has come in service meanwhile` };
    });
  const { plan, from, targets } = planned;
  if (order.dryRun) return { ok: true, kind: 'plan', plan };
  const carried: CarriedOrder = {
    source: operatorSource,
    order,
    who,
    recoveryId,
    atMs,
    from,
    targets: [...targets],
  };
  const answer = { ok: true, kind: 'started', recovery: recoveryId, plan } as const;
  journal.step('ordered', 0, { trigger, order, from, targets, leftOut: plan.leftOut });
  await Promise.all([ports.obeyed.keep(order.tag, proofId, { answer, carried }), journal.settle()]);
  await ports.carriers.start(carried);
  return answer;
}

/** The switch of the whole fleet: no resource, no claim. */
async function fleetOrder(ordered: Ordered): Promise<Answer> {
  const { ports, fleet, order, atMs, trigger, recoveryId, journal } = ordered;
  if (order.action !== 'pause' && order.action !== 'resume' && order.action !== 'automation')
    throw new Fault('usage', `${order.action} needs a tag`, 'never');
  const read = await ports.ledger.fleet();
  if (read.kind !== 'found')
    throw new Fault('service-unavailable', "the fleet's switches could not be read", 'later');
  const change = switched(order, read.value, atMs);
  const message = switchedWords(order, `the fleet ${fleet.name}`, atMs);
  if (order.dryRun) return { ok: true, kind: 'plan', plan: { steps: [message], leftOut: [] } };
  if (change !== null) await ports.switches.set(change);
  journal.step('ordered', 0, { trigger, order, before: read.value, change });
  const answer = { ok: true, kind: 'done', changed: change !== null, message, recovery: recoveryId } as const;
  await ports.obeyed.keep('fleet', ordered.proofId, { answer, carried: null });
  await journal.close({ outcome: 'ordered', reason: 'ordered', from: null, to: null });
  return answer;
}

async function lookForBackup(ports: OperatePorts, record: ResourceRecord, server: string, name: string) {
  const eniId = record.servers[server]?.interfaces[name];
  const [addresses, slots] = await Promise.all([
    lookAtAddresses(ports, record),
    eniId === undefined ? ({ kind: 'absent' } as const) : ports.slots.look(eniId),
  ]);
  return { addresses: seenOf(addresses, 'the interfaces'), slots };
}

/** A forced failover asks for no sign of life; what stays on its server has one. */
async function lookAround(
  ports: OperatePorts,
  record: ResourceRecord,
  { action }: MovingOrder,
): Promise<Seen> {
  const reach = action === 'switchover' || action === 'move' || action === 'in-service';
  const [addresses, instances] = await Promise.all([
    lookAtAddresses(ports, record),
    lookAtInstances(ports, record, reach),
  ]);
  return {
    addresses: seenOf(addresses, 'the interfaces'),
    instances: seenOf(instances, 'the instances'),
  };
}

/** Plans again without the places that have no room: EC2 would refuse them, after the dependents were stopped for it. */
async function withRoom(
  ports: OperatePorts,
  record: ResourceRecord,
  seen: Seen,
  plan: (seen: Seen) => Planned,
): Promise<Planned> {
  const planned = plan(seen);
  if (planned.kind !== 'carry' || !isBoundToSubnet(record.mechanism)) return planned;
  const owners = seen.addresses.owners.map(({ eniId }) => eniId);
  const eniIds = planned.targets.map((at) => eniAt(record, at)).filter((eniId) => !owners.includes(eniId));
  const slots = await Promise.all(eniIds.map((eniId) => ports.slots.look(eniId)));
  const full = eniIds.filter((_, index) => {
    const each = slots[index];
    return each?.kind === 'found' && each.value.used >= each.value.most;
  });
  return full.length === 0 ? planned : plan({ ...seen, full: new Set(full) });
}

/** What nobody could look at is never overridden. @throws Fault */
function seenOf<T>(read: Reading<T>, what: string): T {
  if (read.kind === 'found') return read.value;
  const why = read.kind === 'absent' ? 'no answer' : read.why;
  throw new Fault('service-unavailable', `EC2 could not be asked about ${what}: ${why}`, 'later');
}

/** @throws Fault */
function foundIn(read: Reading<Obeyed>): Obeyed | null {
  if (read.kind === 'could-not-look') throw new Fault('service-unavailable', read.why, 'later');
  return read.kind === 'found' ? read.value : null;
}

/** The session of an instance's role is named after the instance, and acts on what that instance may hold. */
function notTheirs(
  fleet: FleetDefinition,
  arn: string,
  definition: ResourceDefinition | undefined,
): string | null {
  const [, instanceId] = /:assumed-role\/.+\/(i-[0-9a-f]+)$/.exec(arn) ?? [];
  if (instanceId === undefined) return null;
  const own = definition?.candidates.some(({ server }) => fleet.servers[server]?.instanceId === instanceId);
  return own === true
    ? null
    : `${instanceId} may act only on resources that may be on it, and ${definition === undefined ? 'the fleet' : definition.tag} is not one`;
}

function unproven(kind: 'unknown' | 'could-not-look'): Refusal['code'] {
  return kind === 'unknown' ? 'who-unknown' : 'service-unavailable';
}

async function noteRefusal(ordered: Ordered, { code, message }: Refusal): Promise<void> {
  const { journal, trigger, order } = ordered;
  journal.step('ordered', 0, { trigger, order, refused: code, message });
  const reason = code === 'claim-held' ? 'claim-held' : 'order-refused';
  await journal.close({ outcome: 'held', reason, from: null, to: null });
}
