/** The shape of what depends on an address, and of the rules of its failover. What they mean is dependent-meaning.ts. */
import * as v from 'valibot';
import { defaultFailover } from '../recovery/fleet.ts';
import { serverNamePattern } from '../recovery/info.ts';
import { tagPattern } from '../recovery/names.ts';
import {
  checked,
  duration,
  identifier,
  integer,
  isIpv4Route,
  routeTables,
  strict,
  word,
} from './fleet-values.ts';

/** One step of the failover, whose function has 15 minutes at a time (functions.ts). */
const longestStep = '10m';

const dependentName = checked(
  'the name of a dependent: lower-case letters, digits and dashes, at most 63, starting with a letter or digit',
  (text) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(text),
);

/** Those that systemctl starts and stops. https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html */
const unit = checked(
  'a systemd unit with its type, such as postgresql.service or data.mount; of a template an instance, such as db@1.service',
  (text) =>
    /^[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]{0,239}\.(service|socket|mount|automount|swap|target|path|timer)$/.test(
      text,
    ) && !text.includes('@.'),
);

/** Systems Manager puts what a parameter says in the place of {{ its name }}, wherever that stands in a document. */
const argument = checked(
  'text without control characters and without {{',
  (text) => !/\p{Cc}/u.test(text) && !text.includes('{{'),
);
const argv = v.pipe(
  v.array(argument, 'a program with its arguments, such as [/opt/app/bin/start, --now]'),
  v.minLength(1, 'a program with its arguments, such as [/opt/app/bin/start, --now]'),
  v.check(([program = '']) => program !== '', 'a program with its arguments, the program first'),
);

const command = strict({
  start: argv,
  stop: argv,
  /** 0 in service, 3 out of service. */
  check: v.optional(argv),
});

const route = strict({
  destination: checked(
    'an IPv4 block such as 192.168.10.0/24: host bits zero, prefix length /0 to /32',
    isIpv4Route,
  ),
  routeTables,
});

/**
 * As Route 53 writes it in the condition of a policy, so that the file and the permission say the same.
 * https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
 */
const recordName = checked(
  'a full name such as db.example.com: lower case, no dot at the end, at most 253 characters',
  (text) =>
    text.length <= 253 && /^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}$/.test(text),
);

const dns = strict({
  zone: checked('the id of a hosted zone, such as Z0123456789ABCDEFGHIJ', (text) =>
    /^Z[A-Z0-9]{1,31}$/.test(text),
  ),
  name: recordName,
  type: word('A', 'AAAA', 'CNAME', 'TXT'),
  ttl: v.optional(duration('0s', '1d'), '60s'),
  /** By server. */
  values: v.record(
    checked('the name of a server', (text) => serverNamePattern.test(text)),
    checked('the value of the record there, at most 255 characters without quotes', (text) =>
      /^[^"\p{Cc}]{1,255}$/u.test(text),
    ),
    'a mapping from servers to the value of the record there, such as { ServerA: 10.0.1.10 }',
  ),
});

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html */
const volume = strict({
  id: identifier('vol'),
  device: checked('a device name such as /dev/sdf', (text) =>
    /^\/dev\/(sd[b-z]|xvd[b-z]|xvd[b-d][a-z])$/.test(text),
  ),
});

const target = strict({
  group: checked(
    'the ARN of a target group: arn:aws:elasticloadbalancing:<Region>:<account>:targetgroup/<name>/<16 hex digits>',
    (text) =>
      /^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:targetgroup\/[A-Za-z0-9-]{1,32}\/[0-9a-f]{16}$/.test(
        text,
      ),
  ),
  as: v.optional(word('instance', 'address'), 'instance'),
  /** Left out: the target group's own. */
  port: v.optional(integer(1, 65_535)),
});

const kinds = {
  systemd: v.optional(unit),
  command: v.optional(command),
  elasticIp: v.optional(identifier('eipalloc')),
  route: v.optional(route),
  dns: v.optional(dns),
  volume: v.optional(volume),
  target: v.optional(target),
  resource: v.optional(checked('the tag of another resource of this file', (text) => tagPattern.test(text))),
} as const;

export const dependentKinds = Object.keys(kinds) as readonly (keyof typeof kinds)[];

const dependent = strict({
  ...kinds,
  /** What has to be in service before it. */
  needs: v.optional(v.array(dependentName, 'a list of names of dependents of the same resource'), []),
  start: v.optional(duration('1s', longestStep), '60s'),
  stop: v.optional(duration('1s', longestStep), '60s'),
  tries: v.optional(integer(1, 5), 2),
  onFailure: v.optional(word('stay', 'next-server'), 'stay'),
});

export const dependents = v.record(
  dependentName,
  dependent,
  'a mapping from names to what depends on the address',
);

const confirm = strict({ within: duration('1m', '7d'), otherwise: word('proceed', 'hold') });

export const failover = strict({
  confirm: v.optional(confirm),
  switchback: v.optional(word('intelligent', 'automatic'), defaultFailover.switchback),
  shutdownStrategy: v.optional(word('switchover', 'hold'), defaultFailover.shutdownStrategy),
  fence: v.optional(
    v.union(
      [v.picklist(['none', 'halt', 'stop-instance']), strict({ isolate: identifier('sg') })],
      'one of the words none, halt, stop-instance, or a mapping such as { isolate: sg-0a1b2c3d4e5f60040 }',
    ),
    'halt',
  ),
});
