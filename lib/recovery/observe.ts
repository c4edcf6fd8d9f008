/** Looks at all planes in parallel, and does not wait for the host when its answer can no longer change the verdict. */
import type { HostAction, HostAnswer } from './answer.ts';
import { hostMatters } from './decide.ts';
import type { RecoveryPolicy } from './fleet.ts';
import { parseInfo } from './info.ts';
import type { AddressView, InstancesView, Observation } from './observation.ts';
import type { HostQuestion, Ports } from './ports.ts';
import { couldNotLook, found, type Reading } from './reading.ts';
import { eniAt, entryOf, hostAddress, type Place, type ResourceRecord } from './resource.ts';
import { standsForHost, type Word } from './word.ts';

/** How long a host may take to answer a mere look; longer would make a dead host's resource wait. */
export const lookDeadlineMs = 8_000;
/** How long it may take when its agent has already said something. */
const wordPatienceMs = 2_000;

/** What is known of the host before it is asked. */
export interface HostNews {
  /** It gave no answer a moment ago: only its agent's word is read. */
  readonly silent?: boolean;
  /** Its agent's word that set off this recovery. */
  readonly word?: Word | undefined;
  /** Whether the other servers are to be asked for a sign of life too: somebody may have to move there. */
  readonly reach?: boolean;
}

export async function observe(
  ports: Ports,
  record: ResourceRecord,
  policy: RecoveryPolicy,
  tried: Pick<Observation, 'tried' | 'triedServers' | 'counted'>,
  news: HostNews = {},
): Promise<Observation> {
  const at = currentPlace(record);
  const told = at === null ? null : instantWord(ports, record, at, news.word);
  const early =
    at === null || told !== null || news.silent === true
      ? null
      : askHost(ports, record, at, record.macs[eniAt(record, at)]);
  const [addresses, instances, fleet] = await Promise.all([
    lookAtAddresses(ports, record),
    lookAtInstances(ports, record, news.reach === true),
    ports.ledger.fleet(),
  ]);
  const seen: Observation = {
    addresses,
    instances,
    fleet,
    host: { kind: 'absent' },
    ...(await whoStopped(ports, record, instances)),
    ...tried,
  };
  if (at === null || !hostMatters(seen, record, policy, ports.clock.now())) {
    early?.stop();
    return seen;
  }
  if (told !== null) return { ...seen, host: told };
  if (news.silent === true) {
    const word = await currentWord(ports, record, at, 'for-want-of-an-answer', ports.clock.now());
    return { ...seen, host: word ?? couldNotLook('gave no answer a moment ago') };
  }
  const asked = early ?? askHost(ports, record, at, macOf(addresses, record, at));
  if (asked === null) return { ...seen, host: couldNotLook('the MAC address of the interface is not known') };
  return { ...seen, host: await answerOf(ports, record, at, asked) };
}

/** An agent that has spoken so lately is a sign of life too, whatever Systems Manager hears. */
const livelyMs = 10 * 60_000;

/** @param reach whether Systems Manager hears the servers; what could not be asked stays unsaid */
export async function lookAtInstances(
  ports: Pick<Ports, 'instances' | 'words' | 'clock'>,
  record: ResourceRecord,
  reach: boolean,
): Promise<Reading<InstancesView>> {
  const ids = Object.values(record.servers).map(({ instanceId }) => instanceId);
  const [instances, heard] = await Promise.all([
    ports.instances.look(ids),
    reach ? ports.instances.reachable(ids) : null,
  ]);
  if (instances.kind !== 'found' || heard?.kind !== 'found') return instances;
  const views = await Promise.all(
    Object.entries(instances.value).map(async ([id, view]) => {
      const reachable =
        heard.value.has(id) || view.state !== 'running' || (await hasSpoken(ports, record, id));
      return [id, { ...view, reachable }] as const;
    }),
  );
  return found(Object.fromEntries(views));
}

async function hasSpoken(
  ports: Pick<Ports, 'words' | 'clock'>,
  { tag }: ResourceRecord,
  instanceId: string,
): Promise<boolean> {
  const last = await ports.words.last(tag, instanceId);
  if (last.kind === 'could-not-look') return true;
  return last.kind === 'found' && ports.clock.now() - last.value.atMs <= livelyMs;
}

const stoppedStates: ReadonlySet<string> = new Set(['stopping', 'stopped', 'shutting-down', 'terminated']);

/** Asked only when the fleet file says to leave an instance that a person has stopped. */
async function whoStopped(
  ports: Ports,
  record: ResourceRecord,
  instances: Reading<InstancesView>,
): Promise<Pick<Observation, 'stopped'>> {
  if (record.shutdownStrategy !== 'hold' || record.activeServer === null) return {};
  const { instanceId } = entryOf(record, record.activeServer);
  const view = instances.kind === 'found' ? instances.value[instanceId] : undefined;
  if (view === undefined || !stoppedStates.has(view.state)) return {};
  return { stopped: await ports.instances.whyStopped(instanceId) };
}

export function lookAtAddresses(
  ports: Pick<Ports, 'addresses'>,
  record: ResourceRecord,
): Promise<Reading<AddressView>> {
  const eniIds = Object.values(record.servers).flatMap((server) => Object.values(server.interfaces));
  return ports.addresses.look(eniIds, record);
}

/** Where the record says the address is. */
export function currentPlace(record: ResourceRecord): Place | null {
  if (record.activeServer === null) return null;
  return {
    server: record.activeServer,
    interface: parseInfo(entryOf(record, record.activeServer).info).primary,
  };
}

export function question(record: ResourceRecord, action: HostAction, at: Place, mac: string): HostQuestion {
  return {
    action,
    mechanism: record.mechanism.kind,
    address: hostAddress(record, at),
    mac,
    // Of an IPv6 address the block that it is in; of what is bound to no subnet that of the interface.
    subnet:
      record.mechanism.kind === 'ipv6' ? record.subnet : (entryOf(record, at.server).subnet ?? record.subnet),
    pingList: record.pingList,
  };
}

type HostReading = Exclude<Reading<HostAnswer>, { readonly kind: 'absent' }>;

interface Asked {
  readonly answer: Promise<Reading<HostAnswer>>;
  /** Nobody waits any more; a failure is nobody's then. */
  readonly stop: () => void;
}

function askHost(ports: Ports, record: ResourceRecord, at: Place, mac: string | undefined): Asked | null {
  if (mac === undefined) return null;
  const over = { aborted: false };
  const answer = ports.hosts.ask(
    entryOf(record, at.server).instanceId,
    question(record, 'status', at, mac),
    lookDeadlineMs,
    over,
  );
  answer.catch(() => undefined);
  return {
    answer,
    stop() {
      over.aborted = true;
    },
  };
}

/** The host's own answer; its agent's word when Systems Manager does not get one in time. */
async function answerOf(
  ports: Ports,
  record: ResourceRecord,
  at: Place,
  asked: Asked,
): Promise<Reading<HostAnswer>> {
  const fromMs = ports.clock.now();
  const patience = ports.clock.sleep(wordPatienceMs).then(() => 'late' as const);
  const first = await Promise.race([asked.answer, patience]);
  if (first !== 'late' && first.kind === 'found') return first;
  if (first === 'late') {
    const young = await currentWord(ports, record, at, 'instead-of-asking', ports.clock.now());
    if (young !== null) {
      asked.stop();
      return young;
    }
  }
  const answer = await asked.answer;
  if (answer.kind === 'found') return answer;
  return (await currentWord(ports, record, at, 'for-want-of-an-answer', fromMs)) ?? answer;
}

function instantWord(
  ports: Ports,
  record: ResourceRecord,
  at: Place,
  word: Word | undefined,
): HostReading | null {
  if (word === undefined) return null;
  const nowMs = ports.clock.now();
  const stands = standsForHost(word, record, at, { nowMs, askedAtMs: nowMs }, 'instead-of-asking');
  return stands ? found(word.answer) : null;
}

async function currentWord(
  ports: Ports,
  record: ResourceRecord,
  at: Place,
  need: Parameters<typeof standsForHost>[4],
  askedAtMs: number,
): Promise<HostReading | null> {
  const last = await ports.words.last(record.tag, entryOf(record, at.server).instanceId);
  if (last.kind !== 'found') return null;
  const stands = standsForHost(last.value, record, at, { nowMs: ports.clock.now(), askedAtMs }, need);
  return stands ? found(last.value.answer) : null;
}

function macOf(addresses: Reading<AddressView>, record: ResourceRecord, at: Place): string | undefined {
  const eniId = eniAt(record, at);
  return addresses.kind === 'found' ? addresses.value.interfaces[eniId]?.mac : record.macs[eniId];
}
