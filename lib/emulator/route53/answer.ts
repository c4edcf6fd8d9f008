/** What name servers answer from the records they have: the closest zone, CNAMEs followed inside these zones. */
import { type ChangeableType, keyOf, normalName, type RecordSets } from './records.ts';

export interface ServedZone {
  readonly name: string;
  readonly records: RecordSets;
}

export interface Answer {
  /** `no-zone`: none of the zones here is in charge of the name, or of the name that a CNAME leads to. */
  readonly status: 'found' | 'no-data' | 'no-name' | 'no-zone';
  /** Empty unless found. */
  readonly values: readonly string[];
  /** For so long a client may keep the answer, "no such name" included. */
  readonly ttlSeconds: number;
}

const mostCnames = 8;

/** A name that is not there stays so for the lesser of the SOA's own TTL and its last field: RFC 2308. */
const negativeTtlSeconds = 900;

/** @param name with the dot at the end */
export function answer(zones: readonly ServedZone[], name: string, type: ChangeableType): Answer {
  let wanted = name;
  let ttlSeconds = Number.POSITIVE_INFINITY;
  for (let cnames = 0; cnames <= mostCnames; cnames++) {
    const zone = closest(zones, wanted);
    if (zone === undefined) return negative('no-zone', ttlSeconds);
    const found = zone.records.get(keyOf({ name: wanted, type }));
    if (found !== undefined)
      return {
        status: 'found',
        values: found.values,
        ttlSeconds: Math.min(ttlSeconds, found.ttlSeconds),
      };
    const cname = zone.records.get(keyOf({ name: wanted, type: 'CNAME' }));
    if (cname === undefined) return negative(isName(zone, wanted) ? 'no-data' : 'no-name', ttlSeconds);
    ttlSeconds = Math.min(ttlSeconds, cname.ttlSeconds);
    wanted = normalName(cname.values[0] ?? '');
  }
  return negative('no-data', ttlSeconds);
}

function negative(status: Exclude<Answer['status'], 'found'>, ttlSeconds: number): Answer {
  return { status, values: [], ttlSeconds: Math.min(ttlSeconds, negativeTtlSeconds) };
}

function closest(zones: readonly ServedZone[], name: string): ServedZone | undefined {
  return zones
    .filter((zone) => name === zone.name || name.endsWith(`.${zone.name}`))
    .reduce<ServedZone | undefined>(
      (best, zone) => (best === undefined || zone.name.length > best.name.length ? zone : best),
      undefined,
    );
}

/** A name exists when it has a record or another name stands under it. */
function isName({ records }: ServedZone, name: string): boolean {
  return [...records.values()].some((record) => record.name === name || record.name.endsWith(`.${name}`));
}
