/**
 * What an operation takes, as data: the same shape reads the query protocols and JSON, gives the action its TypeScript
 * type, and refuses by name whatever it does not list.
 */
import { AwsError } from './errors.ts';

type Scalar = 'string' | 'integer' | 'float' | 'boolean' | 'timestamp' | 'json';
export interface ListShape<T extends Shape = Shape> {
  readonly list: T;
}
export interface MapShape<T extends Shape = Shape> {
  readonly map: T;
}
export interface StructureShape<M extends Members = Members> {
  readonly structure: M;
}
export type Members = { readonly [name: string]: Shape };
export type Shape = Scalar | ListShape | MapShape | StructureShape;

export function list<const T extends Shape>(of: T): ListShape<T> {
  return { list: of };
}

export function map<const T extends Shape>(of: T): MapShape<T> {
  return { map: of };
}

export function structure<const M extends Members>(members: M): StructureShape<M> {
  return { structure: members };
}

/** The TypeScript type of a value of shape `S`; every structure member may be absent, as on the wire. */
export type Value<S> = S extends 'string'
  ? string
  : S extends 'integer' | 'float'
    ? number
    : S extends 'boolean'
      ? boolean
      : S extends 'timestamp'
        ? Date
        : S extends 'json'
          ? unknown
          : S extends { readonly list: infer T }
            ? readonly Value<T>[]
            : S extends { readonly map: infer T }
              ? { readonly [key: string]: Value<T> }
              : S extends { readonly structure: infer M }
                ? { readonly [K in keyof M]?: Value<M[K]> }
                : never;

/** Reads JSON as it came from the wire. @throws AwsError SerializationException, ValidationException */
export function readJson<S extends Shape>(shape: S, json: unknown, path = ''): Value<S> {
  return readJsonValue(shape, json, path) as Value<S>;
}

function readJsonValue(shape: Shape, json: unknown, path: string): unknown {
  if (shape === 'json') return json;
  if (shape === 'timestamp') {
    if (typeof json !== 'number' && typeof json !== 'string') throw wrongType(path, 'timestamp');
    return parseTimestamp(json, path);
  }
  if (shape === 'integer' || shape === 'float') {
    if (typeof json !== 'number') throw wrongType(path, shape);
    return json;
  }
  if (shape === 'string' || shape === 'boolean') {
    if (typeof json !== shape) throw wrongType(path, shape);
    return json;
  }
  if ('list' in shape) {
    if (!Array.isArray(json)) throw wrongType(path, 'list');
    return json.map((item, index) => readJsonValue(shape.list, item, `${path}[${index}]`));
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw wrongType(path, 'structure');
  const entries = Object.entries(json).filter(([, value]) => value !== null && value !== undefined);
  if ('map' in shape)
    return Object.fromEntries(
      entries.map(([key, value]) => [key, readJsonValue(shape.map, value, `${path}.${key}`)]),
    );
  return Object.fromEntries(
    entries.map(([key, value]) => {
      const at = path === '' ? key : `${path}.${key}`;
      const member = shape.structure[key];
      if (member === undefined) throw unknownParameter(at, 'ValidationException');
      return [key, readJsonValue(member, value, at)];
    }),
  );
}

/** Flat `A.1.B=…` parameters; `listMark` is `''` for EC2 (`A.1`) and `member` for the other query services. */
export function readQuery<S extends StructureShape>(
  shape: S,
  parameters: ReadonlyMap<string, string>,
  listMark: '' | 'member',
): Value<S> {
  const tree = new Map<string, QueryNode>();
  for (const [name, value] of parameters) plant(tree, name.split('.'), value);
  return readQueryStructure(shape, tree, '', listMark) as Value<S>;
}

type QueryNode = string | Map<string, QueryNode>;

function plant(tree: Map<string, QueryNode>, path: readonly string[], value: string): void {
  const [head = '', ...rest] = path;
  if (rest.length === 0) {
    tree.set(head, value);
    return;
  }
  const below = tree.get(head);
  const branch = below instanceof Map ? below : new Map<string, QueryNode>();
  if (below === undefined) tree.set(head, branch);
  plant(branch, rest, value);
}

function readQueryStructure(
  shape: StructureShape,
  node: QueryNode,
  path: string,
  listMark: '' | 'member',
): Record<string, unknown> {
  if (typeof node === 'string') throw wrongType(path, 'structure');
  const result: Record<string, unknown> = {};
  for (const [key, value] of node) {
    const at = path === '' ? key : `${path}.${key}`;
    const member = shape.structure[key];
    if (member === undefined) throw unknownParameter(at, 'UnknownParameter');
    result[key] = readQueryValue(member, value, at, listMark);
  }
  return result;
}

function readQueryValue(shape: Shape, node: QueryNode, path: string, listMark: '' | 'member'): unknown {
  if (typeof shape === 'string') {
    if (typeof node !== 'string') throw wrongType(path, shape);
    return readText(shape, node, path);
  }
  if ('list' in shape) {
    if (node === '') return [];
    const items = listMark !== '' && node instanceof Map ? node.get(listMark) : node;
    if (items === undefined || typeof items === 'string') throw wrongType(path, 'list');
    return [...items.entries()]
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([index, item]) => readQueryValue(shape.list, item, `${path}.${index}`, listMark));
  }
  if ('map' in shape) return readQueryMap(shape, node, path, listMark);
  return readQueryStructure(shape, node, path, listMark);
}

/** `A.entry.1.key=…&A.entry.1.value=…`; SNS names the two `Name` and `Value` in message attributes (seen: its SDK). */
function readQueryMap(shape: MapShape, node: QueryNode, path: string, listMark: '' | 'member'): unknown {
  const entries = node instanceof Map ? node.get('entry') : undefined;
  if (!(entries instanceof Map)) throw wrongType(path, 'map');
  return Object.fromEntries(
    [...entries].map(([index, entry]) => {
      const at = `${path}.entry.${index}`;
      const key = entry instanceof Map ? (entry.get('key') ?? entry.get('Name')) : undefined;
      const value = entry instanceof Map ? (entry.get('value') ?? entry.get('Value')) : undefined;
      if (typeof key !== 'string' || value === undefined) throw wrongType(at, 'map entry');
      return [key, readQueryValue(shape.map, value, at, listMark)];
    }),
  );
}

function readText(shape: Scalar, text: string, path: string): unknown {
  if (shape === 'string') return text;
  if (shape === 'boolean') {
    if (text !== 'true' && text !== 'false') throw wrongType(path, 'boolean');
    return text === 'true';
  }
  if (shape === 'timestamp') return parseTimestamp(text, path);
  if (shape === 'json') return JSON.parse(text);
  const number = Number(text);
  if (text.trim() === '' || Number.isNaN(number)) throw wrongType(path, shape);
  return number;
}

function parseTimestamp(value: number | string, path: string): Date {
  const asNumber = typeof value === 'number' ? value : Number(value);
  const date = Number.isFinite(asNumber) ? new Date(asNumber * 1000) : new Date(value);
  if (Number.isNaN(date.getTime())) throw wrongType(path, 'timestamp');
  return date;
}

function wrongType(path: string, expected: string): AwsError {
  return new AwsError(
    'SerializationException',
    `The value of ${path || 'the request'} is not a ${expected}.`,
  );
}

function unknownParameter(path: string, code: string): AwsError {
  return new AwsError(
    code,
    `The parameter ${path} is not recognized: the embedded AWS refuses what it does not model.`,
  );
}
