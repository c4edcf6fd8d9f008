/** `ip rule` and `ip route` of a model guest: see ip.ts. */
import { formatAddress, formatPrefix, type Prefix, parseAddress, parsePrefix } from './ipv4.ts';
import { type Kernel, localTable, mainTable, Refused, type Route, type Rule } from './kernel.ts';
import { notModelled, type Words } from './words.ts';

const tableNames: Readonly<Record<string, number>> = { default: 253, main: mainTable, local: localTable };

export function runRule(kernel: Kernel, words: Words): readonly string[] {
  const command = words.next();
  if (command === 'show') {
    words.end();
    return kernel.rules.map(ruleLine);
  }
  if (command !== 'add' && command !== 'del') throw notModelled(words);
  const given = words.pairs('from', 'lookup', 'table', 'priority');
  const tableText = given.lookup ?? given.table;
  const table = tableText === undefined ? undefined : tableOf(tableText);
  const from = given.from === undefined || given.from === 'all' ? undefined : prefixOf(given.from);
  const priority = given.priority === undefined ? undefined : numberOf(given.priority, words);
  if (command === 'del')
    kernel.deleteRule({
      priority: priority ?? 'any',
      table: table ?? 'any',
      from: given.from ? from : 'any',
    });
  // The kernel would choose a priority by itself, and `ip` the table main: nobody here means that.
  else if (priority === undefined || table === undefined) throw notModelled(words);
  else kernel.addRule({ priority, table, from });
  return [];
}

export function runRoute(kernel: Kernel, words: Words): readonly string[] {
  const command = words.next();
  switch (command) {
    case 'show':
      return showRoutes(kernel, words);
    case 'get':
      return getRoute(kernel, words);
    case 'flush':
      kernel.flushTable(tableOf(words.expect('table').next()));
      words.end();
      return [];
    case 'del': {
      const to = destinationOf(words.next());
      const { table, dev } = words.pairs('table', 'dev');
      kernel.deleteRoute({ table: tableOf(table ?? 'main'), to, device: dev && kernel.device(dev).name });
      return [];
    }
    case 'add':
    case 'replace':
      kernel.addRoute(routeOf(kernel, words), command);
      return [];
    default:
      throw notModelled(words);
  }
}

function routeOf(kernel: Kernel, words: Words): Route {
  const to = destinationOf(words.next());
  const { via, dev, src, table, metric, proto } = words.pairs(
    'via',
    'dev',
    'src',
    'table',
    'metric',
    'proto',
  );
  const gateway = via === undefined ? undefined : addressOf(via);
  if (dev === undefined || (proto !== undefined && proto !== 'dhcp' && proto !== 'static'))
    throw notModelled(words);
  return {
    table: tableOf(table ?? 'main'),
    to,
    via: gateway,
    device: kernel.device(dev).name,
    src: src === undefined ? undefined : addressOf(src),
    metric: metric === undefined ? 0 : numberOf(metric, words),
    proto,
  };
}

/** `show [table T|all] [default]`; the table `local` and what else `table all` would list is not modelled. */
function showRoutes(kernel: Kernel, words: Words): readonly string[] {
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
  const isKnown =
    wanted === undefined || wanted === mainTable || kernel.routes.some((each) => each.table === wanted);
  if (!isKnown) throw new Refused('Error: ipv4: FIB table does not exist.\nDump terminated');
  return inListedOrder(kernel.routes)
    .filter(
      (each) => (wanted === undefined || each.table === wanted) && (!onlyDefault || each.to.length === 0),
    )
    .map((each) => routeLine(kernel, each, wanted === undefined));
}

/** The kernel keeps its tables in 256 buckets, and lists them by bucket. */
function inListedOrder(routes: readonly Route[]): readonly Route[] {
  return routes.toSorted((a, b) => (a.table & 255) - (b.table & 255));
}

function getRoute(kernel: Kernel, words: Words): readonly string[] {
  const target = addressOf(words.next());
  const { from } = words.pairs('from');
  const source = from === undefined ? undefined : addressOf(from);
  const decision = kernel.decide(source, target);
  if (decision.kind === 'unreachable') throw new Refused('RTNETLINK answers: Network is unreachable');
  if (decision.kind === 'local') throw notModelled(words);
  const { route, src } = decision;
  const line = [
    formatAddress(target),
    source === undefined ? '' : `from ${formatAddress(source)}`,
    route.via === undefined ? '' : `via ${formatAddress(route.via)}`,
    `dev ${route.device}`,
    route.table === mainTable ? '' : `table ${route.table}`,
    source === undefined ? `src ${formatAddress(src)}` : '',
    'uid 0',
  ];
  return [`${spaced(line)}${words.oneline ? '\\' : '\n'}    cache `];
}

function ruleLine({ priority, from, table }: Rule): string {
  return `${priority}:\tfrom ${from === undefined ? 'all' : formatPrefix(from)} lookup ${nameOf(table)}`;
}

function routeLine(kernel: Kernel, route: Route, withTable: boolean): string {
  return spaced([
    formatPrefix(route.to),
    route.via === undefined ? '' : `via ${formatAddress(route.via)}`,
    `dev ${route.device}`,
    withTable && route.table !== mainTable ? `table ${nameOf(route.table)}` : '',
    route.proto === undefined ? '' : `proto ${route.proto}`,
    route.via === undefined ? 'scope link' : '',
    route.src === undefined ? '' : `src ${formatAddress(route.src)}`,
    route.metric === 0 ? '' : `metric ${route.metric}`,
    kernel.device(route.device).carrier ? '' : 'linkdown',
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

function destinationOf(text: string): Prefix {
  return text === 'default' ? { base: 0, length: 0 } : prefixOf(text);
}

function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined)
    throw new Refused(`Error: any valid prefix is expected rather than "${text}".`, 1);
  if (prefix.address !== prefix.base) throw new Refused('Error: Invalid prefix for given prefix length.');
  return { base: prefix.base, length: prefix.length };
}

function addressOf(text: string): number {
  const address = parseAddress(text);
  if (address === undefined)
    throw new Refused(`Error: any valid address is expected rather than "${text}".`, 1);
  return address;
}

function numberOf(text: string, words: Words): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw notModelled(words);
  return Number(text);
}
