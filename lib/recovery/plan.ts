/**
 * What an order that moves an address comes to, before anything is touched: refused, nothing to do, a change of the
 * record alone, or a way to go. Pure, so that a dry run and the order itself say the same.
 */
import type { MovingOrder } from './carried-order.ts';
import { parseInfo, printInfo, swapInfo } from './info.ts';
import { currentPlace } from './observe.ts';
import type { Plan, RefusalCode } from './order.ts';
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

/** @throws Fault `unknown-server` */
export function planMove(order: MovingOrder, record: ResourceRecord, seen: Seen): Planned {
  const stranger = foreignOwner(record, seen.addresses);
  if (stranger !== undefined)
    return refused(
      'refused',
      `${record.address} is held by ${stranger.eniId}, ${stranger.asPrimary ? 'as its primary address' : 'which this fleet does not declare'}; nothing is taken from there`,
    );
  switch (order.action) {
    case 'move-to-backup':
      return toBackup(
        record,
        order.machine ?? record.activeServer ?? serversByPriority(record)[0] ?? '',
        seen,
      );
    case 'move':
      return toPlace(record, order, seen);
    case 'switchover':
      return toServer(record, order.server, seen);
    case 'failover':
      return away(record, order.server, seen);
    case 'in-service':
      return intoService(record, order.server, seen);
    case 'out-of-service':
      return outOfService(record);
  }
}

function toBackup(record: ResourceRecord, server: string, seen: Seen): Planned {
  const { tag } = record;
  const entry = entryOf(record, server);
  const info = parseInfo(entry.info);
  if (info.backup === null) return refused('backup-missing', `${tag} has no backup interface on ${server}`);
  // Where it should be and is not counts too: whoever orders the move wants it there, not two names changed.
  if (record.activeServer === server) return to(record, [{ server, interface: info.backup }], seen);
  const swapped = printInfo(swapInfo(info));
  return {
    kind: 'write',
    change: { servers: { ...record.servers, [server]: { ...entry, info: swapped } } },
    message: `${tag} is not in service on ${server}: ${info.backup} and ${info.primary} have changed places there`,
    plan: { steps: [`INFO of ${server} becomes "${swapped}"; no address moves`], leftOut: [] },
  };
}

function toPlace(
  record: ResourceRecord,
  order: Extract<MovingOrder, { action: 'move' }>,
  seen: Seen,
): Planned {
  const { tag, activeServer } = record;
  if (activeServer === null) return notInService(tag);
  const server = order.server ?? activeServer;
  if (order.interface === undefined)
    return order.server === undefined ? toBackup(record, server, seen) : toServer(record, server, seen);
  const info = parseInfo(entryOf(record, server).info);
  if (order.interface !== info.primary && order.interface !== info.backup)
    return refused(
      'interface-invalid',
      `${order.interface} is neither primary nor backup interface of ${tag} on ${server}; allowed are ${info.primary} and ${info.backup ?? 'no other'}: add it as the backup first`,
    );
  return to(record, [{ server, interface: order.interface }], seen);
}

function toServer(record: ResourceRecord, server: string, seen: Seen): Planned {
  if (record.activeServer === null) return notInService(record.tag);
  return to(record, [primaryOf(record, server)], seen);
}

function away(record: ResourceRecord, server: string | undefined, seen: Seen): Planned {
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
  return to(record, [...primaries, ...backups], seen, 'forced');
}

function intoService(record: ResourceRecord, server: string | undefined, seen: Seen): Planned {
  const { tag, activeServer } = record;
  if (server !== undefined) entryOf(record, server);
  if (activeServer !== null && isInService(record, activeServer)) {
    if (server === undefined || server === activeServer)
      return { kind: 'nothing', message: `${tag} is in service on ${activeServer} already` };
    return refused('refused', `${tag} is in service on ${activeServer}; to move it, order a switchover`);
  }
  const there = server ?? activeServer ?? ownerServer(record, seen) ?? serversByPriority(record)[0] ?? '';
  return to(record, [primaryOf(record, there)], seen);
}

function outOfService(record: ResourceRecord): Planned {
  const from = currentPlace(record);
  if (from === null) return { kind: 'nothing', message: `${record.tag} is on no server already` };
  const { address, tag } = record;
  return {
    kind: 'carry',
    from,
    targets: [],
    plan: {
      steps: [
        `${tag} becomes OSU, on no server: nothing recovers it any more`,
        `${from.server} takes ${address} off ${from.interface}; in EC2 it stays assigned, so that nobody else gets it`,
      ],
      leftOut: [],
    },
  };
}

/** The places that are ready, in this order; refused when there is none. */
function to(record: ResourceRecord, places: readonly Place[], seen: Seen, rigour: Rigour = 'ready'): Planned {
  const from = currentPlace(record);
  const [only] = places;
  if (only !== undefined && samePlace(only, from) && isInService(record, only.server))
    return { kind: 'nothing', message: `${record.tag} is at ${placeWords(only)} already` };
  const judged = places.map((at) => ({ at, skip: skipAt(record, at, seen, rigour) }));
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
  return { kind: 'carry', from, targets, plan: { steps: stepsOf(record, from, targets), leftOut } };
}

function stepsOf(record: ResourceRecord, from: Place | null, targets: readonly Place[]): readonly string[] {
  const { tag, address } = record;
  const [first, ...others] = targets;
  if (first === undefined) return [];
  const { server, interface: name } = first;
  const isBackup = parseInfo(entryOf(record, server).info).backup === name;
  return [
    `take the claim of ${tag}`,
    `EC2 makes ${placeWords(first)} the owner of ${address}, in one call`,
    `${server} brings it up on ${name}, and packets are answered`,
    ...others.map((each) => `if that cannot be verified: the same at ${placeWords(each)}`),
    from === null
      ? 'if it cannot be verified: the record stays as it is'
      : `if it cannot be verified: back to ${placeWords(from)}, and INFO stays`,
    ...(from === null || from.server === server
      ? []
      : [`${from.server} takes it off ${from.interface}, if it answers`]),
    isBackup
      ? `INFO of ${server}: ${name} becomes the primary interface, the other one the backup`
      : `INFO of ${server} stays`,
  ];
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
