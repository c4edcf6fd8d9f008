/**
 * Resource record sets: what they are, how they are ordered, and what makes a value wrong.
 * https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html
 */
import { isIPv6 } from 'node:net';
import { parseAddress } from '../host/ipv4.ts';

export const changeableTypes = ['A', 'AAAA', 'CNAME', 'TXT'] as const;
export type ChangeableType = (typeof changeableTypes)[number];

export interface RecordSet {
  /** Lower case, with the dot at the end. */
  readonly name: string;
  /** A zone has one NS and one SOA of its own, which nobody changes here. */
  readonly type: ChangeableType | 'NS' | 'SOA';
  readonly ttlSeconds: number;
  readonly values: readonly string[];
}

/** By `keyOf`. */
export type RecordSets = ReadonlyMap<string, RecordSet>;

const longestLabel = 63;
const longestName = 255;
/** RFC 1035: one string of a TXT record. */
const longestCharacterString = 255;

export function isChangeable(type: string): type is ChangeableType {
  return changeableTypes.some((each) => each === type);
}

/** `www.Example.com` and `www.example.com.` are one name. */
export function normalName(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith('.') ? lower : `${lower}.`;
}

export function keyOf({ name, type }: Pick<RecordSet, 'name' | 'type'>): string {
  return `${name} ${type}`;
}

/**
 * By name with the labels reversed, trailing dot included, then by type, in ASCII order:
 * https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
 */
export function inOrder(records: RecordSets): readonly RecordSet[] {
  return [...records.values()].sort(
    (a, b) => compare(orderOf(a.name), orderOf(b.name)) || compare(a.type, b.type),
  );
}

export function orderOf(name: string): string {
  return `${name.split('.').slice(0, -1).reverse().join('.')}.`;
}

export function compare(a: string, b: string): -1 | 0 | 1 {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether the name is made of the characters that need no escape, which are the only ones modelled. */
export function isPlainName(name: string): boolean {
  return (
    name.length <= longestName &&
    name
      .split('.')
      .slice(0, -1)
      .every((label) => label.length <= longestLabel && /^[a-z0-9_-]*$/.test(label))
  );
}

/** Seen: external-dns, a name with two dots in a row. */
export function emptyLabelOf(name: string): string | undefined {
  return name.split('.').slice(0, -1).includes('')
    ? `FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with '${name.slice(0, -1)}'`
    : undefined;
}

/**
 * AWS's words for what is wrong with a value. Seen for A and TXT; `AAAARRDATAIllegalIPv6Address` is known from what
 * clients look for, its sentence is unconfirmed, and so are the words for CNAME.
 */
export function problemOf(type: ChangeableType, value: string): string | undefined {
  if (type === 'A')
    return parseAddress(value) === undefined
      ? fatal('ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)', value)
      : undefined;
  if (type === 'AAAA')
    return isIPv6(value) && !value.includes('%')
      ? undefined
      : fatal('AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)', value);
  if (type === 'CNAME') {
    const name = normalName(value);
    return isPlainName(name) && emptyLabelOf(name) === undefined
      ? undefined
      : fatal('DomainNameInvalid (Value is not a valid domain name)', value);
  }
  const strings = characterStrings(value);
  if (strings === undefined)
    return fatal('InvalidCharacterString (Value should be enclosed in quotation marks)', value);
  return strings.some((each) => Buffer.byteLength(each) > longestCharacterString)
    ? fatal('CharacterStringTooLong (Value is too long)', value)
    : undefined;
}

/** Whether two values of this type say the same; a DNS name may be written with or without its last dot. */
export function sameValue(type: RecordSet['type'], a: string, b: string): boolean {
  return type === 'CNAME' ? normalName(a) === normalName(b) : a === b;
}

function fatal(problem: string, value: string): string {
  return `Invalid Resource Record: 'FATAL problem: ${problem} encountered with '${value}''`;
}

/** `"one" "two"`; a backslash takes the next character as it is. */
function characterStrings(value: string): readonly string[] | undefined {
  if (!/^("([^"\\]|\\.)*")(\s+"([^"\\]|\\.)*")*$/.test(value)) return undefined;
  return [...value.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, inside = '']) =>
    inside.replaceAll(/\\(.)/g, '$1'),
  );
}
