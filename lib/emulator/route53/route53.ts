/**
 * Route 53 of one account: hosted zones that tests and stories build, changes that take their time to reach the name
 * servers, and what these answer meanwhile. What AWS offers over the wire is in `service.ts`.
 */
import type { Account } from '../account.ts';
import { AwsError } from '../errors.ts';
import { answer } from './answer.ts';
import { applyBatch, type Change } from './change-batch.ts';
import {
  type ChangeableType,
  compare,
  inOrder,
  isPlainName,
  keyOf,
  normalName,
  type RecordSet,
  type RecordSets,
} from './records.ts';
import { Throttle } from './throttle.ts';

export interface HostedZone {
  readonly id: string;
  /** With the dot at the end. */
  readonly name: string;
  readonly callerReference: string;
  readonly nameServers: readonly string[];
  /** Of a private zone; undefined for a public one. */
  readonly vpcIds: readonly string[] | undefined;
}

export interface HostedZonePlan {
  readonly name: string;
  /** `Z` and up to 31 more capitals and digits; made up when absent. */
  readonly id?: string;
  /** Makes it a private zone. */
  readonly vpcIds?: readonly string[];
  readonly records?: readonly RecordPlan[];
}

interface RecordPlan {
  readonly name: string;
  readonly type: ChangeableType;
  readonly ttlSeconds: number;
  readonly values: readonly string[];
}

export interface ChangeInfo {
  readonly id: string;
  readonly submittedAtMs: number;
  readonly inSyncAtMs: number;
  readonly comment: string | undefined;
}

interface Kept {
  readonly zone: HostedZone;
  /** With every change that was accepted: what the API lists. */
  records: RecordSets;
  /** What the name servers answer from. */
  served: RecordSets;
  /** Oldest first. */
  pending: readonly { readonly inSyncAtMs: number; readonly records: RecordSets }[];
  processing: boolean;
}

const keptChanges = 1_000;
const idDigits = 20;
/** https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html */
const nsTtlSeconds = 172_800;
const soaTtlSeconds = 900;

export class Route53 {
  readonly account: Account;
  readonly throttle: Throttle;
  /**
   * PENDING for so long: "generally within 60 seconds" says
   * https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
   */
  propagationMs = 60_000;
  /** How long one change is worked on; the next for its zone is refused until then. */
  processingMs = 0;
  readonly #zones = new Map<string, Kept>();
  readonly #changes = new Map<string, ChangeInfo>();

  constructor(account: Account) {
    this.account = account;
    this.throttle = new Throttle(account.clock);
  }

  // ---- Building the world. A plan that AWS could not have is refused with a plain error.

  /** Its records have been there for long: every name server has them. */
  addHostedZone(plan: HostedZonePlan): HostedZone {
    const id = plan.id ?? `Z${this.#id()}`;
    const name = normalName(plan.name);
    if (!/^Z[A-Z0-9]{1,31}$/.test(id)) throw new Error(`${id} does not look like the id of a hosted zone`);
    if (this.#zones.has(id)) throw new Error(`${id} is taken`);
    if (this.zones().some((other) => other.name === name)) throw new Error(`there is a zone ${name} already`);
    const odd = [name, ...(plan.records ?? []).map((record) => normalName(record.name))].find(
      (each) => !isPlainName(each),
    );
    if (odd !== undefined) throw new Error(`the name ${odd} is not modelled`);
    const zone: HostedZone = {
      id,
      name,
      callerReference: this.account.random.uuid(),
      nameServers: nameServers(),
      vpcIds: plan.vpcIds,
    };
    const planned = (plan.records ?? []).map((record) => ({
      action: 'CREATE' as const,
      record: { ...record, name: normalName(record.name) },
    }));
    const records = applyBatch(name, ownRecords(zone), planned);
    this.#zones.set(id, { zone, records, served: records, pending: [], processing: false });
    return zone;
  }

  // ---- What the operations do

  zones(): readonly HostedZone[] {
    return [...this.#zones.values()].map(({ zone }) => zone).sort((a, b) => compare(a.id, b.id));
  }

  /** @throws AwsError NoSuchHostedZone */
  zone(id: string): HostedZone {
    return this.#kept(id).zone;
  }

  /** The newest version, in the order in which they are listed. @throws AwsError NoSuchHostedZone */
  recordSets(zoneId: string): readonly RecordSet[] {
    return inOrder(this.#kept(zoneId).records);
  }

  /** @throws AwsError NoSuchHostedZone, PriorRequestNotComplete, InvalidChangeBatch */
  async change(zoneId: string, changes: readonly Change[], comment?: string): Promise<ChangeInfo> {
    const kept = this.#kept(zoneId);
    if (kept.processing)
      throw new AwsError(
        'PriorRequestNotComplete',
        'The request was rejected because Route 53 was still processing a prior request.',
      );
    kept.processing = true;
    try {
      if (this.processingMs > 0) await this.account.clock.sleep(this.processingMs);
      return this.#accept(kept, changes, comment);
    } finally {
      kept.processing = false;
    }
  }

  /** @throws AwsError NoSuchChange */
  changeInfo(id: string): ChangeInfo {
    const info = this.#changes.get(id);
    if (info === undefined) throw new AwsError('NoSuchChange', `Could not find resource with ID: ${id}`, 404);
    return info;
  }

  isInSync({ inSyncAtMs }: ChangeInfo): boolean {
    return inSyncAtMs <= this.account.clock.now();
  }

  // ---- What a client sees

  /** What the name servers answer now: a change that is PENDING has not reached them. */
  resolve(name: string, type: ChangeableType): ReturnType<typeof answer> {
    return answer(
      [...this.#zones.values()].map((kept) => ({ name: kept.zone.name, records: this.#served(kept) })),
      normalName(name),
      type,
    );
  }

  #accept(kept: Kept, changes: readonly Change[], comment: string | undefined): ChangeInfo {
    const records = applyBatch(kept.zone.name, kept.records, changes);
    this.#served(kept);
    const nowMs = this.account.clock.now();
    // One change never overtakes another of its zone.
    const inSyncAtMs = Math.max(nowMs + this.propagationMs, kept.pending.at(-1)?.inSyncAtMs ?? 0);
    kept.records = records;
    kept.pending = [...kept.pending, { inSyncAtMs, records }];
    const info = { id: `C${this.#id()}`, submittedAtMs: nowMs, inSyncAtMs, comment };
    this.#changes.set(info.id, info);
    const [oldest] = this.#changes.keys();
    if (this.#changes.size > keptChanges && oldest !== undefined) this.#changes.delete(oldest);
    return info;
  }

  #served(kept: Kept): RecordSets {
    const nowMs = this.account.clock.now();
    kept.served = kept.pending.findLast(({ inSyncAtMs }) => inSyncAtMs <= nowMs)?.records ?? kept.served;
    kept.pending = kept.pending.filter(({ inSyncAtMs }) => inSyncAtMs > nowMs);
    return kept.served;
  }

  #kept(id: string): Kept {
    const kept = this.#zones.get(id);
    if (kept === undefined)
      throw new AwsError('NoSuchHostedZone', `No hosted zone found with ID: ${id}`, 404);
    return kept;
  }

  #id(): string {
    return this.account.random.hex(idDigits).toUpperCase();
  }
}

function nameServers(): readonly string[] {
  return ['com', 'net', 'org', 'co.uk'].map(
    (suffix, index) => `ns-${index + 1}.awsdns-0${index + 1}.${suffix}`,
  );
}

function ownRecords({ name, nameServers: servers }: HostedZone): RecordSets {
  const hosts = servers.map((server) => `${server}.`);
  const soa = `${hosts[0]} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400`;
  const own: readonly RecordSet[] = [
    { name, type: 'NS', ttlSeconds: nsTtlSeconds, values: hosts },
    { name, type: 'SOA', ttlSeconds: soaTtlSeconds, values: [soa] },
  ];
  return new Map(own.map((record) => [keyOf(record), record]));
}
