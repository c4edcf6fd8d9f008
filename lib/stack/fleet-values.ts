/**
 * What one value of the fleet file may be by itself. Every message here is the text that follows "allowed:" when the
 * value is refused.
 */
import * as v from 'valibot';
import { canonicalIpv6, parseAddress, parseSubnet } from '../recovery/address.ts';
import { parseDuration } from './duration.ts';
import { isIpv6Subnet } from './ipv6.ts';

export const address = checked('an IPv4 address such as 10.0.1.50', isIpv4);

/** Which of the two it has to be says the kind of the resource. */
export const anyAddress = checked(
  'an IPv4 address such as 10.0.1.50, or for kind ipv6 one such as 2600:1f14:a:b::50',
  (text) => isIpv4(text) || canonicalIpv6(text) !== null,
);

export const pingTarget = checked(
  'an IPv4 address such as 10.0.1.100, or for kind ipv6 one in short such as 2600:1f14:a:b::100',
  (text) => isIpv4(text) || canonicalIpv6(text) === text,
);

export const tcpTarget = checked(
  'an address and a TCP port, such as 10.0.1.100:5432, or for kind ipv6 [2600:1f14:a:b::100]:5432',
  (text) => {
    const [, port = ''] = /:([1-9][0-9]{0,4})$/.exec(text) ?? [];
    if (port === '' || Number(port) > 65_535) return false;
    const host = hostOf(text);
    return isIpv4(host) || (text.startsWith('[') && canonicalIpv6(host) === host);
  },
);

/** Without the port, and without the brackets that part it from an IPv6 address. */
export function hostOf(target: string): string {
  return target.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

export const subnet = checked(
  'a subnet such as 10.0.1.0/24: host bits zero, prefix length /16 to /28',
  isIpv4Subnet,
);

export const anySubnet = checked(
  'a subnet such as 10.0.1.0/24: host bits zero, prefix length /16 to /28; for kind ipv6 one such as 2600:1f14:a:b::/64: /44 to /64 in steps of 4',
  (text) => isIpv4Subnet(text) || isIpv6Subnet(text),
);

/** 8 hex digits on resources of before 2016, 17 since: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html */
export function identifier(prefix: 'i' | 'eni' | 'rtb' | 'eipalloc' | 'vol' | 'sg') {
  const pattern = new RegExp(`^${prefix}-([0-9a-f]{8}|[0-9a-f]{17})$`);
  return checked(`${prefix}- and 8 or 17 hex digits in lower case`, (text) => pattern.test(text));
}

export const routeTables = v.pipe(
  v.array(identifier('rtb'), 'a list of route tables, such as [rtb-0a1b2c3d4e5f60030]'),
  v.minLength(1, 'at least one route table'),
);

type Strict<E extends v.ObjectEntries> = v.GenericSchema<
  v.InferInput<v.StrictObjectSchema<E, undefined>>,
  v.InferOutput<v.StrictObjectSchema<E, undefined>>
>;

/** Unlike valibot's strictObject it names every unknown key of a mapping, not only the first. */
export function strict<const E extends v.ObjectEntries>(entries: E): Strict<E> {
  const keys = Object.keys(entries).join(', ');
  const schema = v.objectWithRest(entries, v.never(keys), (issue) => {
    const entry = entries[issue.expected?.replaceAll('"', '') ?? ''];
    return entry !== undefined && 'message' in entry && typeof entry.message === 'string'
      ? entry.message
      : `a mapping with the keys ${keys}`;
  });
  return schema as Strict<E>;
}

export function named<const S extends v.GenericSchema>(name: v.GenericSchema<string, string>, schema: S) {
  return v.pipe(
    v.record(name, schema, 'a mapping from names to what they stand for'),
    v.minEntries(1, 'at least one entry'),
  );
}

export function word<const W extends readonly string[]>(...words: W) {
  return v.picklist(words, `one of the words ${words.join(', ')}`);
}

export function flag(byDefault: boolean) {
  return v.optional(v.boolean('true or false'), byDefault);
}

export function integer(min: number, max: number) {
  const message = `a whole number from ${min} to ${max}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
}

/** Gives milliseconds. */
export function duration(min: string, max: string) {
  const message = `a duration with its unit (s, m, h or d) from ${min} to ${max}, such as ${max}`;
  const [least = 0, most = 0] = [parseDuration(min), parseDuration(max)];
  return v.pipe(
    v.string(message),
    v.transform((text) => parseDuration(text) ?? Number.NaN),
    v.check((ms) => ms >= least && ms <= most, message),
  );
}

export function checked(allowed: string, isAllowed: (text: string) => boolean) {
  return v.pipe(v.string(allowed), v.check(isAllowed, allowed));
}

export function isIpv4(text: string): boolean {
  return passes(() => parseAddress(text, ''));
}

/** Of any size, unlike a subnet. */
export function isIpv4Route(text: string): boolean {
  const [base = '', length = '', rest] = text.split('/');
  if (rest !== undefined || !/^(\d|[12]\d|3[0-2])$/.test(length) || !isIpv4(base)) return false;
  return parseAddress(base, '').number % 2 ** (32 - Number(length)) === 0;
}

function isIpv4Subnet(text: string): boolean {
  return passes(() => parseSubnet(text, ''));
}

function passes(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
