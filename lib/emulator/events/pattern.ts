/**
 * Event patterns: which events a rule wants. Pure. The operators of
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html; `$or` and `cidr` are refused.
 */
import { AwsError } from '../errors.ts';

type Leaf = string | number | boolean | null;
type Test = (value: Leaf) => boolean;

/** One alternative of a field: a test on any of its values, or on the field being there at all. */
type Matcher =
  | { readonly kind: 'value'; readonly test: Test }
  | { readonly kind: 'exists'; readonly wanted: boolean };

export type Pattern = { readonly [field: string]: Pattern | readonly Matcher[] };

/** @throws AwsError InvalidEventPatternException */
export function readPattern(text: string): Pattern {
  return readObject(parse(text), '');
}

export function matchesPattern(pattern: Pattern, event: unknown): boolean {
  return Object.entries(pattern).every(([field, below]) => {
    const value = isObject(event) ? event[field] : undefined;
    if (isMatchers(below)) return matchesField(below, value);
    return Array.isArray(value)
      ? value.some((item) => matchesPattern(below, item))
      : matchesPattern(below, value);
  });
}

/** An array matches when one of its items does. An object is no leaf: for a pattern's leaf it is not there. */
function matchesField(matchers: readonly Matcher[], value: unknown): boolean {
  const leaves = (Array.isArray(value) ? value : [value]).filter(isLeaf);
  return matchers.some((matcher) =>
    matcher.kind === 'exists' ? leaves.length > 0 === matcher.wanted : leaves.some(matcher.test),
  );
}

function readObject(raw: unknown, path: string): Pattern {
  if (!isObject(raw)) throw invalid('Filter is not an object');
  const entries = Object.entries(raw);
  if (entries.length === 0) throw invalid(`Empty objects are not allowed${at(path)}`);
  return Object.fromEntries(
    entries.map(([field, below]) => {
      const place = path === '' ? field : `${path}.${field}`;
      if (field.startsWith('$')) throw notModelled(field, place);
      if (Array.isArray(below)) return [field, readMatchers(below, place)];
      if (!isObject(below)) throw invalid(`"${field}" must be an object or an array`);
      return [field, readObject(below, place)];
    }),
  );
}

function readMatchers(raw: readonly unknown[], path: string): readonly Matcher[] {
  if (raw.length === 0) throw invalid(`Empty arrays are not allowed${at(path)}`);
  return raw.map((item) => {
    if (isLeaf(item)) return { kind: 'value', test: (value) => value === item };
    const [name, argument] = onlyEntry(item, path);
    if (name !== 'exists') return { kind: 'value', test: readTest(name, argument, path) };
    if (typeof argument !== 'boolean')
      throw invalid(`exists match pattern must be either true or false${at(path)}`);
    return { kind: 'exists', wanted: argument };
  });
}

function readTest(name: string, argument: unknown, path: string): Test {
  switch (name) {
    case 'prefix':
    case 'suffix':
      return readAffix(name, argument, path);
    case 'equals-ignore-case': {
      const wanted = readString(name, argument, path).toLowerCase();
      return (value) => typeof value === 'string' && value.toLowerCase() === wanted;
    }
    case 'wildcard':
      return readWildcard(argument, path);
    case 'numeric':
      return readNumeric(argument, path);
    case 'anything-but':
      return readAnythingBut(argument, path);
    default:
      throw notModelled(name, path);
  }
}

function readAffix(name: 'prefix' | 'suffix', argument: unknown, path: string): Test {
  const holds = (text: string, affix: string) =>
    name === 'prefix' ? text.startsWith(affix) : text.endsWith(affix);
  if (!isObject(argument)) {
    const affix = readString(name, argument, path);
    return (value) => typeof value === 'string' && holds(value, affix);
  }
  const [inner, text] = onlyEntry(argument, path);
  if (inner !== 'equals-ignore-case') throw notModelled(`${name} of ${inner}`, path);
  const affix = readString(inner, text, path).toLowerCase();
  return (value) => typeof value === 'string' && holds(value.toLowerCase(), affix);
}

/** `*` is any run of characters, `\*` a star; two stars in a row are refused as AWS does. */
function readWildcard(argument: unknown, path: string): Test {
  const text = readString('wildcard', argument, path);
  const parts: readonly string[] = text.match(/\\[\\*]|[^\\]|\\/g) ?? [];
  if (parts.some((part, index) => part === '*' && parts[index + 1] === '*'))
    throw invalid(`Consecutive wildcard characters${at(path)}`);
  if (parts.includes('\\')) throw invalid(`Invalid escape character${at(path)}`);
  const expression = parts
    .map((part) => (part === '*' ? '.*' : escaped(part.length === 2 ? part.slice(1) : part)))
    .join('');
  const compiled = new RegExp(`^${expression}$`, 's');
  return (value) => typeof value === 'string' && compiled.test(value);
}

function escaped(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|]/, '\\$&');
}

const comparisons: { readonly [operator: string]: (value: number, limit: number) => boolean } = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '=': (value, limit) => value === limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
};

const numericLimit = 5e9;

/** `["=", 5]`, `[">", 0, "<=", 5]` */
function readNumeric(argument: unknown, path: string): Test {
  if (!Array.isArray(argument) || (argument.length !== 2 && argument.length !== 4))
    throw invalid(`Value of numeric must be an array of one or two comparisons${at(path)}`);
  const tests = Array.from({ length: argument.length / 2 }, (_, index) => {
    const [operator, limit]: readonly unknown[] = argument.slice(2 * index);
    const compare = typeof operator === 'string' ? comparisons[operator] : undefined;
    if (compare === undefined) throw invalid(`Unrecognized numeric range operator: ${operator}${at(path)}`);
    if (typeof limit !== 'number' || Math.abs(limit) > numericLimit)
      throw invalid(`Value of ${operator} must be numeric, within ${numericLimit}${at(path)}`);
    return (value: number) => compare(value, limit);
  });
  return (value) => typeof value === 'number' && tests.every((test) => test(value));
}

/** One value or a list of them, or one of the text operators over one or a list. */
function readAnythingBut(argument: unknown, path: string): Test {
  if (!isObject(argument)) {
    const excluded: readonly unknown[] = Array.isArray(argument) ? argument : [argument];
    if (
      excluded.length === 0 ||
      !excluded.every((item) => typeof item === 'string' || typeof item === 'number')
    )
      throw invalid(`Inside anything but list, values must be strings or numbers${at(path)}`);
    return (value) => !excluded.some((item) => item === value);
  }
  const [name, inner] = onlyEntry(argument, path);
  if (name === 'numeric' || name === 'anything-but') throw notModelled(`anything-but of ${name}`, path);
  const tests = (Array.isArray(inner) ? inner : [inner]).map((item) => readTest(name, item, path));
  return (value) => !tests.some((test) => test(value));
}

function readString(operator: string, argument: unknown, path: string): string {
  if (typeof argument !== 'string' || argument === '')
    throw invalid(`${operator} match pattern must be a non-empty string${at(path)}`);
  return argument;
}

function onlyEntry(raw: unknown, path: string): readonly [string, unknown] {
  const entries = isObject(raw) ? Object.entries(raw) : [];
  const [entry] = entries;
  if (entry === undefined || entries.length !== 1)
    throw invalid(`Match value must be String, number, true, false, null or one operator${at(path)}`);
  return entry;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('Invalid JSON');
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isLeaf(value: unknown): value is Leaf {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function isMatchers(below: Pattern | readonly Matcher[]): below is readonly Matcher[] {
  return Array.isArray(below);
}

function at(path: string): string {
  return path === '' ? '' : ` at ${path}`;
}

function notModelled(what: string, path: string): AwsError {
  return invalid(`Unrecognized match type ${what}${at(path)}`);
}

function invalid(reason: string): AwsError {
  return new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`);
}
