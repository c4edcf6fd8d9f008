/**
 * What an order that moves an address comes to, before anything is touched: refused, nothing to do, a change of the
 * record alone, or a way to go. Pure, so that a dry run and the order itself say the same.
 */
import type { MovingOrder } from './carried-order.ts';
import type { ResourceDefinition } from './fleet.ts';
import { parseInfo, printInfo, swapInfo } from './info.ts';
import { currentPlace } from './observe.ts';
import type { Plan, RefusalCode } from './order.ts';
import { movingSteps, outOfServiceSteps } from './plan-steps.ts';
import type { Change } from './ports.ts';
import {
  foreignOwner,
  placeWords,
  primaryOf,
  type Rigour,
  type Seen,
  samePlace,
  serversByPriority,
  skipAt,
} from './readiness.ts';
import { type SkipReason, wordsOf } from './reasons.ts';
import { entryOf, type Place, type ResourceRecord } from './resource.ts';

/** A host may take 20 s to prove that it serves the address; with the way back this fits into the function's time. */
const mostTargets = 3;

export type Planned =
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly message: string }
  | { readonly kind: 'nothing'; readonly message: string }
  | { readonly kind: 'write'; readonly change: Change; readonly message: string; readonly plan: Plan }
  | {
      readonly kind: 'carry';
      readonly from: Place | null;
      readonly targets: readonly Place[];
      readonly plan: Plan;
    };

/** What the fleet file says about the resource that moves. */
export interface Rules extends Pick<ResourceDefinition, 'dependents' | 'failover'> {
  /** The resource that takes this one along. */
  readonly parent?: string | undefined;
}

interface Question {
  readonly record: ResourceRecord;
  readonly seen: Seen;
  readonly rules: Rules;
}

/** @throws Fault `unknown-server` */
export function planMove(order: MovingOrder, record: ResourceRecord, seen: Seen, rules: Rules = {}): Planned {
  const about: Question = { record, seen, rules };
  const stranger = foreignOwner(record, seen.addresses);
  if (stranger !== undefined)
    return refused(
      'refused',
      `${record.address} is held by ${stranger.eniId}, ${stranger.asPrimary ? 'as its primary address' : 'which this fleet does not declare'}; nothing is taken from there`,
    );
  switch (order.action) {
    case 'move-to-backup':
      return toBackup(about, order.machine ?? record.activeServer ?? serversByPriority(record)[0] ?? '');
    case 'move':
      return toPlace(about, order);
    case 'switchover':
      return toServer(about, order.server);
    case 'failover':
      return away(about, order.server);
    case 'in-service':
      return intoService(about, order.server);
    case 'out-of-service':
      return outOfService(about);
  }
}

function toBackup(about: Question, server: string): Planned {
  const { record } = about;
  const { tag } = record;
  const entry = entryOf(record, server);
  const info = parseInfo(entry.info);
  if (info.backup === null) return refused('backup-missing', `${tag} has no backup interface on ${server}`);
  // Where it should be and is not counts too: whoever orders the move wants it there, not two names changed.
  if (record.activeServer === server) return to(about, [{ server, interface: info.backup }]);
  const swapped = printInfo(swapInfo(info));
  return {
    kind: 'write',
    change: { servers: { ...record.servers, [server]: { ...entry, info: swapped } } },
    message: `${tag} is not in service on ${server}: ${info.backup} and ${info.primary} have changed places there`,
    plan: { steps: [`INFO of ${server} becomes "${swapped}"; no address moves`], leftOut: [] },
  };
}

function toPlace(about: Question, order: Extract<MovingOrder, { action: 'move' }>): Planned {
  const { record } = about;
  const { tag, activeServer } = record;
  if (activeServer === null) return notInService(tag);
  const server = order.server ?? activeServer;
  if (order.interface === undefined)
    return order.server === undefined ? toBackup(about, server) : toServer(about, server);
  const info = parseInfo(entryOf(record, server).info);
  if (order.interface !== info.primary && order.interface !== info.backup)
    return refused(
      'interface-invalid',
      `${order.interface} is neither primary nor backup interface of ${tag} on ${server}; allowed are ${info.primary} and ${info.backup ?? 'no other'}: add it as the backup first`,
    );
  return tornApart(about, server) ?? to(about, [{ server, interface: order.interface }]);
}

function toServer(about: Question, server: string): Planned {
  const { record } = about;
  if (record.activeServer === null) return notInService(record.tag);
  return tornApart(about, server) ?? to(about, [primaryOf(record, server)]);
}

/** What another resource takes along is where that one is: planned work moves both. */
function tornApart({ record, rules }: Question, server: string): Planned | null {
  const { tag, activeServer } = record;
  if (rules.parent === undefined || server === activeServer) return null;
  return refused(
    'refused',
    `${tag} goes where ${rules.parent} goes, which it depends on; switch ${rules.parent} over, and it moves along`,
  );
}

function away(about: Question, server: string | undefined): Planned {
  const { record } = about;
  if (record.activeServer === null) return notInService(record.tag);
  const servers =
    server === undefined
      ? serversByPriority(record).filter((each) => each !== record.activeServer)
      : [server];
  const primaries = servers.map((each) => primaryOf(record, each));
  const backups = servers.flatMap((each) => {
    const { backup } = parseInfo(entryOf(record, each).info);
    return backup === null ? [] : [{ server: each, interface: backup }];
  });
  // Whoever names a server in maintenance means it.
  const spares = server === undefined;
  return to(about, [...primaries, ...backups], { rigour: 'forced', spares });
}

function intoService(about: Question, server: string | undefined): Planned {
  const { record, seen } = about;
  const { tag, activeServer } = record;
  if (server !== undefined) entryOf(record, server);
  if (activeServer !== null && isInService(record, activeServer)) {
    if (server === undefined || server === activeServer)
      return { kind: 'nothing', message: `${tag} is in service on ${activeServer} already` };
    return refused('refused', `${tag} is in service on ${activeServer}; to move it, order a switchover`);
  }
  const there = server ?? activeServer ?? ownerServer(record, seen) ?? serversByPriority(record)[0] ?? '';
  return to(about, [primaryOf(record, there)], { comesIn: true });
}

function outOfService({ record, rules }: Question): Planned {
  const from = currentPlace(record);
  if (from === null) return { kind: 'nothing', message: `${record.tag} is on no server already` };
  return {
    kind: 'carry',
    from,
    targets: [],
    plan: { steps: outOfServiceSteps(record, rules, from), leftOut: [] },
  };
}

/** The places that are ready, in this order; refused when there is none. */
function to(
  { record, seen, rules }: Question,
  places: readonly Place[],
  {
    rigour = 'ready',
    spares = false,
    comesIn = false,
  }: {
    readonly rigour?: Rigour;
    /** Leaves out servers in maintenance, however forced. */
    readonly spares?: boolean;
    readonly comesIn?: boolean;
  } = {},
): Planned {
  const from = currentPlace(record);
  const [only] = places;
  if (only !== undefined && samePlace(only, from) && isInService(record, only.server))
    return { kind: 'nothing', message: `${record.tag} is at ${placeWords(only)} already` };
  const judged = places.map((at) => ({
    at,
    skip:
      spares && entryOf(record, at.server).maintenance
        ? ('server-in-maintenance' as const)
        : skipAt(record, at, seen, rigour),
  }));
  const leftOut = judged.flatMap(({ at, skip }) => (skip === null ? [] : [leaving(at, skip)]));
  const targets = judged
    .filter(({ skip }) => skip === null)
    .map(({ at }) => at)
    .slice(0, mostTargets);
  const [first] = targets;
  if (first === undefined) {
    const why = leftOut.map(({ at, words }) => `${at}: ${words}`).join('; ');
    return refused('target-not-ready', why === '' ? `${record.tag} has no other server` : why);
  }
  const way = { from, targets, forced: rigour === 'forced', comesIn };
  return { kind: 'carry', from, targets, plan: { steps: movingSteps(record, rules, way), leftOut } };
}

/** `in service`: the record says so; whether it works is another question. */
function isInService(record: ResourceRecord, server: string): boolean {
  return record.activeServer === server && (record.state === 'ISP' || record.state === 'ISU');
}

function ownerServer(record: ResourceRecord, { addresses }: Seen): string | undefined {
  return serversByPriority(record).find((server) =>
    Object.values(entryOf(record, server).interfaces).some((eniId) =>
      addresses.owners.some((owner) => owner.eniId === eniId),
    ),
  );
}

function leaving(at: Place, skip: SkipReason): Plan['leftOut'][number] {
  return { at: placeWords(at), reason: skip, words: wordsOf(skip) };
}

function notInService(tag: string): Planned {
  return refused('refused', `${tag} is on no server; bring it in service first`);
}

function refused(code: RefusalCode, message: string): Planned {
  return { kind: 'refused', code, message };
}
