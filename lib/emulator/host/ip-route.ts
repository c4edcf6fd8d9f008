/** `ip rule` and `ip route` of a model guest: see ip.ts. */
import { type Family, formatPrefix, ipv4, type Prefix, parsePrefix } from './family.ts';
import type { Kernel } from './kernel.ts';
import { defaultTable, localTable, mainTable, Refused, type Route, type Rule } from './routing.ts';
import type { Stack } from './stack.ts';
import { notModelled, type Words } from './words.ts';

/** Of IPv6 routes that are added without one. */
const ownMetric = 1024;
const tableNames: Readonly<Record<string, number>> = {
  default: defaultTable,
  main: mainTable,
  local: localTable,
};

/** Without an option they are about IPv4, as long as no address says otherwise, which is not modelled. */
export function runRule(kernel: Kernel, words: Words): readonly string[] {
  const stack = kernel.stack(words.family ?? ipv4);
  const command = words.next();
  if (command === 'show') {
    words.end();
    return stack.rules.map((rule) => ruleLine(stack, rule));
  }
  if (command !== 'add' && command !== 'del') throw notModelled(words);
  const given = words.pairs('from', 'lookup', 'table', 'priority');
  const tableText = given.lookup ?? given.table;
  const table = tableText === undefined ? undefined : tableOf(tableText);
  const from =
    given.from === undefined || given.from === 'all' ? undefined : prefixOf(stack, words, given.from);
  const priority = given.priority === undefined ? undefined : numberOf(given.priority, words);
  if (command === 'del')
    stack.deleteRule({
      priority: priority ?? 'any',
      table: table ?? 'any',
      from: given.from ? from : 'any',
    });
  // The kernel would choose a priority by itself, and `ip` the table main: nobody here means that.
  else if (priority === undefined || table === undefined) throw notModelled(words);
  else stack.addRule({ priority, table, from });
  return [];
}

export function runRoute(kernel: Kernel, words: Words): readonly string[] {
  const stack = kernel.stack(words.family ?? ipv4);
  const command = words.next();
  switch (command) {
    case 'show':
      return showRoutes(kernel, stack, words);
    case 'get':
      return getRoute(stack, words);
    case 'flush':
      stack.flushTable(tableOf(words.expect('table').next()));
      words.end();
      return [];
    case 'del': {
      const to = destinationOf(stack, words);
      const { table, dev } = words.pairs('table', 'dev');
      stack.deleteRoute({ table: tableOf(table ?? 'main'), to, device: dev && kernel.device(dev).name });
      return [];
    }
    case 'add':
    case 'replace':
      stack.addRoute(routeOf(kernel, stack, words), command);
      return [];
    default:
      throw notModelled(words);
  }
}

function routeOf(kernel: Kernel, stack: Stack, words: Words): Route {
  const to = destinationOf(stack, words);
  const { via, dev, src, table, metric, proto } = words.pairs(
    'via',
    'dev',
    'src',
    'table',
    'metric',
    'proto',
  );
  const gateway = via === undefined ? undefined : addressOf(stack, words, via);
  if (dev === undefined || (proto !== undefined && !isProtocol(proto))) throw notModelled(words);
  return {
    table: tableOf(table ?? 'main'),
    to,
    via: gateway,
    device: kernel.device(dev).name,
    src: src === undefined ? undefined : addressOf(stack, words, src),
    metric: metric === undefined ? (stack.family.version === 4 ? 0 : ownMetric) : numberOf(metric, words),
    proto,
  };
}

function isProtocol(word: string): word is 'dhcp' | 'ra' | 'static' {
  return word === 'dhcp' || word === 'ra' || word === 'static';
}

/** `show [table T|all] [default]`; the table `local` and what else `table all` would list is not modelled. */
function showRoutes(kernel: Kernel, stack: Stack, words: Words): readonly string[] {
  let table = 'main';
  let onlyDefault = false;
  while (!words.isAtEnd()) {
    const word = words.next();
    if (word === 'default') onlyDefault = true;
    else if (word === 'table') table = words.next();
    else throw notModelled(words);
  }
  if ((table === 'all' && !onlyDefault) || table === 'local') throw notModelled(words);
  const wanted = table === 'all' ? undefined : tableOf(table);
  if (wanted !== undefined && !stack.hasTable(wanted))
    throw new Refused(`Error: ipv${stack.family.version}: FIB table does not exist.\nDump terminated`);
  return inListedOrder(stack.routes)
    .filter(
      (each) => (wanted === undefined || each.table === wanted) && (!onlyDefault || each.to.length === 0),
    )
    .map((each) => routeLine(kernel, stack, each, wanted === undefined));
}

/** The kernel keeps its tables in 256 buckets, and lists them by bucket. */
function inListedOrder(routes: readonly Route[]): readonly Route[] {
  return routes.toSorted((a, b) => (a.table & 255) - (b.table & 255));
}

function getRoute(stack: Stack, words: Words): readonly string[] {
  const { family } = stack;
  if (family.version === 6) throw notModelled(words);
  const target = addressOf(stack, words, words.next());
  const { from } = words.pairs('from');
  const source = from === undefined ? undefined : addressOf(stack, words, from);
  const decision = stack.decide(source, target);
  if (decision.kind === 'unreachable') throw new Refused('RTNETLINK answers: Network is unreachable');
  if (decision.kind === 'local') throw notModelled(words);
  const { route, src } = decision;
  const line = [
    family.format(target),
    source === undefined ? '' : `from ${family.format(source)}`,
    route.via === undefined ? '' : `via ${family.format(route.via)}`,
    `dev ${route.device}`,
    route.table === mainTable ? '' : `table ${route.table}`,
    source === undefined ? `src ${family.format(src)}` : '',
    'uid 0',
  ];
  return [`${spaced(line)}${words.oneline ? '\\' : '\n'}    cache `];
}

function ruleLine({ family }: Stack, { priority, from, table }: Rule): string {
  return `${priority}:\tfrom ${from === undefined ? 'all' : formatPrefix(family, from)} lookup ${nameOf(table)}`;
}

function routeLine(kernel: Kernel, { family }: Stack, route: Route, withTable: boolean): string {
  return spaced([
    formatPrefix(family, route.to),
    route.via === undefined ? '' : `via ${family.format(route.via)}`,
    `dev ${route.device}`,
    withTable && route.table !== mainTable ? `table ${nameOf(route.table)}` : '',
    route.proto === undefined ? '' : `proto ${route.proto}`,
    route.via === undefined && family.version === 4 ? 'scope link' : '',
    route.src === undefined ? '' : `src ${family.format(route.src)}`,
    route.metric === 0 ? '' : `metric ${route.metric}`,
    kernel.device(route.device).carrier ? '' : 'linkdown',
    family.version === 6 ? 'pref medium' : '',
  ]);
}

/** iproute2 ends its lines with a blank. */
function spaced(words: readonly string[]): string {
  return words
    .filter((word) => word !== '')
    .map((word) => `${word} `)
    .join('');
}

function nameOf(table: number): string {
  return Object.keys(tableNames).find((name) => tableNames[name] === table) ?? String(table);
}

function tableOf(text: string): number {
  const named = Object.hasOwn(tableNames, text) ? tableNames[text] : undefined;
  if (named !== undefined) return named;
  if (!/^[1-9][0-9]{0,9}$/.test(text))
    throw new Refused(`Error: argument "${text}" is wrong: table id value is invalid\n`, 255);
  return Number(text);
}

function destinationOf(stack: Stack, words: Words): Prefix {
  const text = words.next();
  return text === 'default' ? { base: 0n, length: 0 } : prefixOf(stack, words, text);
}

function prefixOf({ family }: Stack, words: Words, text: string): Prefix {
  const prefix = parsePrefix(family, text);
  if (prefix === undefined) throw expected(words.family, 'prefix', text);
  if (prefix.address !== prefix.base) throw new Refused('Error: Invalid prefix for given prefix length.');
  return { base: prefix.base, length: prefix.length };
}

function addressOf({ family }: Stack, words: Words, text: string): bigint {
  const address = family.parse(text);
  if (address === undefined) throw expected(words.family, 'address', text);
  return address;
}

function expected(family: Family | undefined, what: 'prefix' | 'address', text: string): Refused {
  return new Refused(`Error: ${family?.name ?? 'any valid'} ${what} is expected rather than "${text}".`, 1);
}

function numberOf(text: string, words: Words): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw notModelled(words);
  return Number(text);
}
