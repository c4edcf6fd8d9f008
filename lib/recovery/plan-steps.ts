/**
 * The steps of an order that moves an address, in words and in the order in which they are taken:
 *
 *     claim ─▶ dependents out, parents first ─▶ the move, by its mechanism's call ─▶ dependents in, children first
 *
 * That the plan names what is then done, and nothing else, is held by `test/unit/plan.test.ts`.
 */
import { type DependentDefinition, type DependentKind, followersOf, ranks } from './dependent.ts';
import { defaultFailover, type Fence, type ResourceDefinition } from './fleet.ts';
import { inOrderOfService, whatOf } from './hierarchy.ts';
import { parseInfo } from './info.ts';
import type { MechanismKind } from './mechanism.ts';
import { moveWords } from './mechanism-words.ts';
import { placeWords } from './readiness.ts';
import { entryOf, hostAddress, type Place, type ResourceRecord } from './resource.ts';

/** These are where they are put: bringing them into service on one server takes them away from the other. */
const movedByStart: ReadonlySet<DependentKind> = new Set(['resource', 'dns', 'route', 'elasticIp']);

export interface Way {
  readonly from: Place | null;
  readonly targets: readonly Place[];
  /** As after a failure: whoever cannot be stopped is fenced. */
  readonly forced: boolean;
  /** It comes from no service, or has to come into service where it is. */
  readonly comesIn: boolean;
}

type Rules = Pick<ResourceDefinition, 'dependents' | 'failover'>;

export function movingSteps(record: ResourceRecord, rules: Rules, way: Way): readonly string[] {
  const { tag, address, mechanism } = record;
  const { from, targets } = way;
  const [first, ...others] = targets;
  if (first === undefined) return [];
  const { server } = first;
  const leaves = from !== null && from.server !== server;
  const dependents = leaves || way.comesIn ? (rules.dependents ?? []) : [];
  const isBackup = parseInfo(entryOf(record, server).info).backup === first.interface;
  return [
    `take the claim of ${tag}`,
    ...(leaves ? leavingSteps(tag, dependents, from, way.forced ? fenceOf(rules) : null) : []),
    moveWords(mechanism, address, from, first),
    serviceWords(record, first),
    ...others.map((each) => `if that cannot be verified: the same at ${placeWords(each)}`),
    backWords(from, leaves && dependents.length > 0),
    ...(leaves ? [sourceWords(record, from)] : []),
    ...comingSteps(dependents, server),
    ...(from === null || leaves || way.comesIn || from.interface === first.interface
      ? []
      : followingSteps(rules.dependents ?? [], mechanism.kind, first)),
    isBackup
      ? `INFO of ${server}: ${first.interface} becomes the primary interface, the other one the backup`
      : `INFO of ${server} stays`,
  ];
}

export function outOfServiceSteps(record: ResourceRecord, rules: Rules, from: Place): readonly string[] {
  const { tag, address, mechanism } = record;
  return [
    ...leavingSteps(tag, rules.dependents ?? [], from, null),
    `${tag} becomes OSU, on no server: nothing recovers it any more`,
    mechanism.kind === 'elastic'
      ? `${from.server} keeps ${from.interface} as it is; in EC2 ${address} stays associated`
      : `${from.server} takes ${address} off ${from.interface}; in EC2 it stays assigned, so that nobody else gets it`,
  ];
}

/** Parents first. @param fence null: what was stopped is started again when another one cannot be stopped */
function leavingSteps(
  tag: string,
  dependents: readonly DependentDefinition[],
  from: Place,
  fence: Fence | null,
): readonly string[] {
  const stopped = ranks(dependents)
    .toReversed()
    .flat()
    .filter(({ work }) => !movedByStart.has(work.kind));
  if (stopped.length === 0) return [];
  return [
    ...stopped.map((each) => `${from.server} takes ${dependentWords(each)} out of service`),
    fence === null
      ? `if one of them cannot be stopped: the others are started again, and ${tag} stays on ${from.server}`
      : `if one of them cannot be stopped: ${fenceWords(fence, from.server)}`,
  ];
}

/** Children first. */
function comingSteps(dependents: readonly DependentDefinition[], server: string): readonly string[] {
  if (dependents.length === 0) return [];
  return [
    ...inOrderOfService(dependents).map((each) => {
      const tries = each.tries === 1 ? '' : `, at most ${each.tries} tries`;
      return each.work.kind === 'resource'
        ? `${dependentWords(each)} moves along to ${server}`
        : `${server} brings ${dependentWords(each)} into service${tries}`;
    }),
    `if one of them does not come into service: what needs it stays out of service, and a person is called`,
  ];
}

/** On the same server the others stay in service where they are. */
function followingSteps(
  dependents: readonly DependentDefinition[],
  mechanism: MechanismKind,
  to: Place,
): readonly string[] {
  return followersOf(dependents, mechanism).map(
    (each) => `${dependentWords(each)} is led to ${placeWords(to)}, unless it is already`,
  );
}

function dependentWords({ name, work }: DependentDefinition): string {
  const what = whatOf(work);
  return what === name ? `${name} (${work.kind})` : `${name} (${work.kind} ${what})`;
}

function fenceOf({ failover }: Rules): Fence {
  return (failover ?? defaultFailover).fence;
}

function fenceWords(fence: Fence, server: string): string {
  switch (fence.kind) {
    case 'none':
      return 'it goes on all the same (fence: none)';
    case 'halt':
      return 'nothing is moved, and a person is called (fence: halt)';
    case 'stop-instance':
      return `EC2 stops the instance of ${server}, and it goes on once that is stopped (fence: stop-instance)`;
    case 'isolate':
      return `the interfaces of ${server} get ${fence.securityGroup} and no other security group (fence: isolate)`;
  }
}

function serviceWords(record: ResourceRecord, to: Place): string {
  const { server, interface: name } = to;
  return record.mechanism.kind === 'elastic'
    ? `${server} makes sure that ${name} serves its own address ${hostAddress(record, to)}, and packets are answered`
    : `${server} brings it up on ${name}, and packets are answered`;
}

function backWords(from: Place | null, again: boolean): string {
  if (from === null) return 'if it cannot be verified: the record stays as it is';
  const dependents = again ? ', its dependents are started there again' : '';
  return `if it cannot be verified: back to ${placeWords(from)}${dependents}, and INFO stays`;
}

function sourceWords({ mechanism }: ResourceRecord, from: Place): string {
  return mechanism.kind === 'elastic'
    ? `${from.server} keeps ${from.interface} and its own address`
    : `${from.server} takes it off ${from.interface}, if it answers`;
}
