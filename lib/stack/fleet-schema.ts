/**
 * The shape of the fleet file: which keys there are and what one value may be by itself (fleet-values.ts). What values
 * mean together is fleet-meaning.ts.
 */
import * as v from 'valibot';
import { defaultPolicy } from '../recovery/fleet.ts';
import { interfaceNamePattern, noBackup, serverNamePattern } from '../recovery/info.ts';
import { fleetNamePattern, tagPattern } from '../recovery/names.ts';
import { dependents, failover } from './dependent-schema.ts';
import {
  address,
  anyAddress,
  anySubnet,
  checked,
  duration,
  flag,
  identifier,
  integer,
  named,
  pingTarget,
  routeTables,
  strict,
  subnet,
  tcpTarget,
  word,
} from './fleet-values.ts';

/** As many as the SSM document's PingList parameter carries (lib/host/document.ts). */
export const maxPathTargets = 8;

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
  /** Of its interfaces, where it is not the fleet's. */
  subnet: v.optional(subnet),
  /** Nothing fails over to it. */
  maintenance: flag(false),
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
  /** Differences of its interfaces from those on the other servers that are known and wanted. */
  accept: v.optional(
    v.array(word('security-groups', 'source-dest-check'), 'a list of security-groups, source-dest-check'),
    [],
  ),
});

const resource = strict({
  /** By which means of EC2 it moves. */
  kind: v.optional(word('secondary', 'ipv6', 'overlay', 'elastic'), 'secondary'),
  address: anyAddress,
  /** For a resource in another subnet than the fleet's; of an IPv6 address its block. */
  subnet: v.optional(anySubnet),
  /** Of an overlay address: where its route stands. */
  routeTables: v.optional(routeTables),
  /** Of an Elastic IP. */
  allocation: v.optional(identifier('eipalloc')),
  pingList: v.optional(
    v.pipe(
      v.array(pingTarget, 'a list of addresses, such as [10.0.1.100]'),
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
  failover: v.optional(failover, {}),
  /** By name. */
  dependents: v.optional(dependents, {}),
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
  install: flag(true),
  /** Whether its word starts a recovery, beside the alarm. */
  fastLane: flag(false),
  /** Whether `lkipbu` is there too, and the instances' roles may give it what it asks for. */
  commands: flag(false),
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
  subnet,
  servers: named(serverName, server),
  resources: named(tag, resource),
  agent: v.optional(agent, {}),
  runbooks: v.optional(runbooks, {}),
  policy: v.optional(policy, {}),
  deployment: v.optional(deployment, {}),
});

export type FleetFileShape = v.InferOutput<typeof fleetFileSchema>;

function limit(defaults: { readonly max: number; readonly windowMs: number }) {
  return strict({
    max: v.optional(integer(0, 100), defaults.max),
    within: v.optional(duration('1m', '1d'), show(defaults.windowMs)),
  });
}

function show(ms: number): string {
  return `${ms / 1000}s`;
}
