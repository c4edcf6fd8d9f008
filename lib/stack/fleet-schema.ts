/**
 * The shape of the fleet file: which keys there are and what one value may be by itself. What values mean together is
 * fleet-meaning.ts. Every message here is the text that follows "allowed:" when the value is refused.
 */
import * as v from 'valibot';
import { parseAddress, parseSubnet } from '../recovery/address.ts';
import { defaultPolicy } from '../recovery/fleet.ts';
import { interfaceNamePattern, noBackup, serverNamePattern } from '../recovery/info.ts';
import { fleetNamePattern, tagPattern } from '../recovery/names.ts';
import { parseDuration } from './duration.ts';

/** As many as the SSM document's PingList parameter carries (lib/host/document.ts). */
export const maxPathTargets = 8;

const address = checked('an IPv4 address such as 10.0.1.50', (text) => passes(() => parseAddress(text, '')));

const tcpTarget = checked('an IPv4 address and a TCP port, such as 10.0.1.100:5432', (text) => {
  const [, host = '', port = ''] = /^([0-9.]+):([1-9][0-9]{0,4})$/.exec(text) ?? [];
  return Number(port) <= 65_535 && passes(() => parseAddress(host, ''));
});

const cidr = checked('a subnet such as 10.0.1.0/24: host bits zero, prefix length /16 to /28', (text) =>
  passes(() => parseSubnet(text, '')),
);

const deviceName = checked(
  `a Linux device name such as eth0: at most 15 letters, digits, dots, dashes and underscores, and not "${noBackup}"`,
  (text) => interfaceNamePattern.test(text) && text !== noBackup,
);

const serverName = checked(
  'a server name: letters, digits, dot, dash and underscore, at most 63, starting with a letter or digit',
  (text) => serverNamePattern.test(text),
);

const tag = checked(
  'a tag: lower-case letters, digits and dashes, at most 63, starting with a letter or digit',
  (text) => tagPattern.test(text),
);

const server = strict({
  instance: identifier('i'),
  interfaces: named(deviceName, strict({ eni: identifier('eni'), address })),
});

const candidate = strict({
  server: serverName,
  interface: deviceName,
  /** Left out or `none`: the address has no second interface on this server. */
  backup: v.optional(
    checked(`an interface of the same server, or "${noBackup}"`, (text) => interfaceNamePattern.test(text)),
    noBackup,
  ),
});

const resource = strict({
  address,
  /** For a resource in another subnet than the fleet's. */
  subnet: v.optional(cidr),
  pingList: v.optional(
    v.pipe(
      v.array(address, 'a list of IPv4 addresses, such as [10.0.1.100]'),
      v.maxLength(maxPathTargets, `at most ${maxPathTargets} addresses`),
    ),
    [],
  ),
  /** What answers a TCP connection where nothing answers a ping. */
  tcpList: v.optional(
    v.array(tcpTarget, 'a list of addresses with their ports, such as [10.0.1.100:5432]'),
    [],
  ),
  automation: v.optional(
    v.picklist(
      ['on', 'observe', 'off'],
      'one of the words on, observe, off (true and false are not among them)',
    ),
    'on',
  ),
  servers: v.pipe(
    v.array(candidate, 'a list of servers, the preferred one first'),
    v.minLength(1, 'at least one server, the preferred one first'),
  ),
});

const policy = strict({
  /** Lambda's own bounds: https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html */
  maxEventAge: v.optional(duration('1m', '6h'), show(defaultPolicy.maxEventAgeMs)),
  claim: v.optional(duration('15s', '5m'), show(defaultPolicy.claimMs)),
  localRecoveries: v.optional(limit(defaultPolicy.localRecoveries), {}),
  failoverBlock: v.optional(duration('1m', '7d'), show(defaultPolicy.failoverBlockMs)),
  fleetBrake: v.optional(limit(defaultPolicy.fleetBrake), {}),
});

/**
 * One is not a lock: a throttled event is delayed by up to five minutes, so two is the least that is of use.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
const concurrency = v.optional(integer(2, 1000));

/** The agent on the instances, which looks after the addresses there and says how they are. */
const agent = strict({
  /** By a State Manager association; `false` is for who installs it by other means. */
  install: v.optional(v.boolean('true or false'), true),
  /** Whether its word starts a recovery, beside the alarm. */
  fastLane: v.optional(v.boolean('true or false'), false),
  /** Whether `lkipbu` is there too, and the instances' roles may give it what it asks for. */
  commands: v.optional(v.boolean('true or false'), false),
  /** Roles of the instances: each is given what the agent needs. */
  roles: v.optional(
    v.array(
      checked('the name of an IAM role, without its ARN or path', (text) => /^[\w+=,.@-]{1,64}$/.test(text)),
      'a list of names of IAM roles',
    ),
    [],
  ),
});

/** What Systems Manager's console offers. */
const runbooks = strict({
  /** One of them has to agree before a runbook moves an address; nobody is asked when there are none. */
  approvers: v.optional(
    v.array(
      checked('the ARN of an IAM user or role, or the name of an IAM user', (text) =>
        /^(arn:aws[a-z-]*:(iam|sts)::\d{12}:[\w+=,.@/-]{1,200}|[\w+=,.@-]{1,64})$/.test(text),
      ),
      'a list of IAM principals',
    ),
    [],
  ),
});

const deployment = strict({
  region: v.optional(
    checked('a Region such as eu-central-1', (text) => /^[a-z]{2}(-[a-z]+)+-\d$/.test(text)),
  ),
  account: v.optional(
    checked('an account number of twelve digits in quotes, such as "123456789012"', (text) =>
      /^\d{12}$/.test(text),
    ),
  ),
  notify: v.optional(
    v.array(
      checked('an e-mail address', (text) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)),
      'a list of e-mail addresses',
    ),
    [],
  ),
  reservedConcurrency: v.optional(strict({ recover: concurrency, failover: concurrency }), {}),
});

export const fleetFileSchema = strict({
  version: v.literal(1, '1, the version of this layout'),
  name: checked('a fleet name: lower-case letters and digits, at most 32, starting with a letter', (text) =>
    fleetNamePattern.test(text),
  ),
  subnet: cidr,
  servers: named(serverName, server),
  resources: named(tag, resource),
  agent: v.optional(agent, {}),
  runbooks: v.optional(runbooks, {}),
  policy: v.optional(policy, {}),
  deployment: v.optional(deployment, {}),
});

export type FleetFileShape = v.InferOutput<typeof fleetFileSchema>;

/** 8 hex digits on resources of before 2016, 17 since: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html */
function identifier(prefix: 'i' | 'eni') {
  const pattern = new RegExp(`^${prefix}-([0-9a-f]{8}|[0-9a-f]{17})$`);
  return checked(`${prefix}- and 8 or 17 hex digits in lower case`, (text) => pattern.test(text));
}

type Strict<E extends v.ObjectEntries> = v.GenericSchema<
  v.InferInput<v.StrictObjectSchema<E, undefined>>,
  v.InferOutput<v.StrictObjectSchema<E, undefined>>
>;

/** Unlike valibot's strictObject it names every unknown key of a mapping, not only the first. */
function strict<const E extends v.ObjectEntries>(entries: E): Strict<E> {
  const keys = Object.keys(entries).join(', ');
  const schema = v.objectWithRest(entries, v.never(keys), (issue) => {
    const entry = entries[issue.expected?.replaceAll('"', '') ?? ''];
    return entry !== undefined && 'message' in entry && typeof entry.message === 'string'
      ? entry.message
      : `a mapping with the keys ${keys}`;
  });
  return schema as Strict<E>;
}

function named<const S extends v.GenericSchema>(name: v.GenericSchema<string, string>, schema: S) {
  return v.pipe(
    v.record(name, schema, 'a mapping from names to what they stand for'),
    v.minEntries(1, 'at least one entry'),
  );
}

function limit(defaults: { readonly max: number; readonly windowMs: number }) {
  return strict({
    max: v.optional(integer(0, 100), defaults.max),
    within: v.optional(duration('1m', '1d'), show(defaults.windowMs)),
  });
}

function integer(min: number, max: number) {
  const message = `a whole number from ${min} to ${max}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
}

/** Gives milliseconds. */
function duration(min: string, max: string) {
  const message = `a duration with its unit (s, m, h or d) from ${min} to ${max}, such as ${max}`;
  const [least = 0, most = 0] = [parseDuration(min), parseDuration(max)];
  return v.pipe(
    v.string(message),
    v.transform((text) => parseDuration(text) ?? Number.NaN),
    v.check((ms) => ms >= least && ms <= most, message),
  );
}

function checked(allowed: string, isAllowed: (text: string) => boolean) {
  return v.pipe(v.string(allowed), v.check(isAllowed, allowed));
}

function passes(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

function show(ms: number): string {
  return `${ms / 1000}s`;
}
