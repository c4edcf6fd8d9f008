/**
 * What is wrong in a fleet file, as its author reads it: file and line, path, the value seen, what is allowed.
 *
 *     fleet.yaml:31: resources.ip-db.servers[0].backup: "eth0" is the primary interface itself; allowed: eth1 or none
 */
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type LineCounter } from 'yaml';

export type Path = readonly (string | number)[];

export interface Problem {
  readonly path: Path;
  /** What is wrong with the value, from "is …" on. */
  readonly wrong: string;
  readonly allowed: string;
  /** The problem is the key at the end of the path, not its value. */
  readonly atKey?: boolean;
}

export interface FleetText {
  readonly file: string;
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  /** The document as plain values. */
  readonly values: unknown;
}

/** One line per problem in the order of the file; two problems that read the same are one. */
export function printProblems(text: FleetText, problems: readonly Problem[]): string {
  const printed = problems.map((problem) => {
    const line = lineOf(text, problem);
    const { wrong, allowed } = problem;
    const what = [printPath(problem.path), `${seen(text, problem)} ${wrong}`.trim()]
      .filter(Boolean)
      .join(': ');
    return { line, text: `${text.file}:${line}: ${what}; allowed: ${allowed}` };
  });
  const inOrder = printed.toSorted((a, b) => a.line - b.line).map((problem) => problem.text);
  return [...new Set(inOrder)].join('\n');
}

/** `resources.ip-db.servers[0].backup`. */
export function printPath(path: Path): string {
  return path.reduce<string>((printed, key) => {
    if (typeof key === 'number') return `${printed}[${key}]`;
    if (!/^[A-Za-z0-9_-]+$/.test(key)) return `${printed}[${JSON.stringify(key)}]`;
    return printed === '' ? key : `${printed}.${key}`;
  }, '');
}

/** The value at a path, undefined where there is none. */
function valueAt(values: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? Reflect.get(value, key)
        : undefined,
    values,
  );
}

function seen(text: FleetText, problem: Problem): string {
  const value = problem.atKey === true ? problem.path.at(-1) : valueAt(text.values, problem.path);
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return 'this list';
  if (typeof value === 'object' && value !== null)
    return problem.path.length === 0 ? 'the file' : 'this mapping';
  return JSON.stringify(value);
}

/** Of the deepest node on the path that the file has: a missing key is reported where its mapping starts. */
function lineOf(text: FleetText, problem: Problem): number {
  let node: unknown = text.document.contents;
  let offset = startOf(node);
  for (const key of problem.path) {
    const [at, inside] = step(resolved(text, node), key);
    if (at === undefined) break;
    offset = startOf(at);
    node = inside;
  }
  return text.lines.linePos(offset).line;
}

/** From a node to the entry under the key: the node that says where it is, and the node to go on from. */
function step(node: unknown, key: string | number): readonly [at?: unknown, inside?: unknown] {
  if (isSeq(node) && typeof key === 'number') return [node.items[key], node.items[key]];
  const pair = isMap(node)
    ? node.items.find((item) => isScalar(item.key) && item.key.value === key)
    : undefined;
  return [pair?.key, pair?.value];
}

function resolved(text: FleetText, node: unknown): unknown {
  return isAlias(node) ? node.resolve(text.document) : node;
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}
