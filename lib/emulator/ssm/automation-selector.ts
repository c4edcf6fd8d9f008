/**
 * What a step's declared outputs take from the response of its call: child, index and deep scan, the three operators of
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-outputs-inputs.html#automation-action-json-path
 */
import { AwsError } from '../errors.ts';
import type { Json } from './automation-references.ts';

export interface DeclaredOutput {
  readonly name: string;
  readonly selector: readonly Hop[];
  readonly type: OutputType;
}

const outputTypes = ['String', 'StringList', 'Integer', 'Boolean', 'StringMap', 'MapList'] as const;
type OutputType = (typeof outputTypes)[number];

type Hop =
  | { readonly kind: 'child' | 'scan'; readonly key: string }
  | { readonly kind: 'index'; readonly at: number };

/** @throws AwsError InvalidDocumentContent */
export function readOutput(
  stepName: string,
  raw: { readonly Name?: string; readonly Selector?: string; readonly Type?: string },
  reserved: readonly string[],
): DeclaredOutput {
  const { Name: name, Selector: selector, Type = 'String' } = raw;
  if (name === undefined || !/^\w+$/.test(name) || selector === undefined)
    throw invalid(`in step ${stepName}, an output has a Name of letters, digits and _, and a Selector`);
  // Seen: https://github.com/cdklabs/cdk-ssm-documents/issues/55
  if (reserved.includes(name))
    throw invalid(
      `In step ${stepName}, name: ${name} is conflicting with one of the following reserved output names: [${reserved.join(', ')}]`,
    );
  const type = outputTypes.find((each) => each === Type);
  if (type === undefined) throw invalid(`in step ${stepName}, output ${name} has the unknown type ${Type}`);
  return { name, selector: readSelector(selector), type };
}

/** Undefined when the response has nothing there: such an output stays without a value. */
export function select(response: Json, selector: readonly Hop[]): Json | undefined {
  return selector.reduce<Json | undefined>(follow, response);
}

/** Types are never converted: "Parameter types in runbooks are static". */
export function hasType(value: Json, type: OutputType): boolean {
  switch (type) {
    case 'String':
      return typeof value === 'string';
    case 'Integer':
      return Number.isInteger(value);
    case 'Boolean':
      return typeof value === 'boolean';
    case 'StringList':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'StringMap':
      return isMap(value);
    case 'MapList':
      return Array.isArray(value) && value.every(isMap);
  }
}

function readSelector(text: string): readonly Hop[] {
  const hops = text.startsWith('$') ? [...text.slice(1).matchAll(/\.\.(\w+)|\.(\w+)|\[(\d+)\]/g)] : [];
  if (hops.map(([whole]) => whole).join('') !== text.slice(1) || !text.startsWith('$'))
    throw invalid(`the selector ${text} is not made of $, .key, [index] and ..key`);
  const firstScan = hops.findIndex(([, scan]) => scan !== undefined);
  if (firstScan !== -1 && hops.slice(firstScan).some(([, scan]) => scan === undefined))
    throw invalid(`the selector ${text} goes on behind a deep scan, which is not modelled`);
  return hops.map(([, scan, child, at]) => {
    if (at !== undefined) return { kind: 'index', at: Number(at) };
    return scan === undefined ? { kind: 'child', key: child ?? '' } : { kind: 'scan', key: scan };
  });
}

function follow(value: Json | undefined, hop: Hop): Json | undefined {
  if (value === undefined) return undefined;
  if (hop.kind === 'scan') return found(value, hop.key);
  if (hop.kind === 'index') return Array.isArray(value) ? value[hop.at] : undefined;
  return isMap(value) && Object.hasOwn(value, hop.key) ? value[hop.key] : undefined;
}

function found(value: Json, key: string): readonly Json[] {
  if (typeof value !== 'object' || value === null) return [];
  const here = !Array.isArray(value) && isMap(value) && Object.hasOwn(value, key) ? [value[key] ?? null] : [];
  return [...here, ...Object.values(value).flatMap((item: Json | undefined) => found(item ?? null, key))];
}

function isMap(value: Json): value is { readonly [key: string]: Json | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidDocumentContent', message);
}
