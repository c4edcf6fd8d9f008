/**
 * The functions of a template, worked out against what is known of the stack
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html).
 * A function that is not listed is refused by name.
 */
import { AwsError, notModelled } from '../errors.ts';
import type { Template } from './template.ts';

/** What references resolve to. */
export interface Scope {
  readonly template: Template;
  /** Parameters and pseudo parameters. */
  readonly parameters: ReadonlyMap<string, unknown>;
  /** Created resources by logical id. */
  readonly resources: ReadonlyMap<
    string,
    { readonly physicalId: string; readonly attributes: { readonly [name: string]: string } }
  >;
}

/** Stands for a property that is to be left out (`AWS::NoValue`). */
const noValue = Symbol('AWS::NoValue');

/** @throws AwsError ValidationError naming what cannot be resolved */
export function evaluate(value: unknown, scope: Scope): unknown {
  const result = resolve(value, scope);
  return result === noValue ? undefined : result;
}

/** @throws AwsError ValidationError when there is no such condition */
export function conditionHolds(name: string, scope: Scope): boolean {
  const condition = scope.template.Conditions?.[name];
  if (condition === undefined) throw invalid(`unresolved condition dependency ${name}`);
  return resolve(condition, scope) === true;
}

/** Logical ids and parameters that `value` refers to, at any depth. */
export function references(value: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  collect(value, found);
  return found;
}

function resolve(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value))
    return value.map((item) => resolve(item, scope)).filter((item) => item !== noValue);
  if (typeof value !== 'object' || value === null) return value;
  const call = intrinsicCall(value);
  if (call !== undefined) return callIntrinsic(call.name, call.argument, scope);
  const entries = Object.entries(value).map(([key, item]) => [key, resolve(item, scope)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== noValue));
}

function intrinsicCall(value: object): { readonly name: string; readonly argument: unknown } | undefined {
  const [entry, ...others] = Object.entries(value);
  if (entry === undefined || others.length > 0) return undefined;
  const [name, argument] = entry;
  // `Condition` is a call only inside conditions; an IAM statement's `Condition` holds an object.
  const isCall =
    name === 'Ref' || name.startsWith('Fn::') || (name === 'Condition' && typeof argument === 'string');
  return isCall ? { name, argument } : undefined;
}

function callIntrinsic(name: string, argument: unknown, scope: Scope): unknown {
  switch (name) {
    case 'Ref':
      return reference(String(argument), scope);
    case 'Condition':
      return conditionHolds(String(argument), scope);
    case 'Fn::GetAtt': {
      const [logicalId = '', ...path] =
        typeof argument === 'string' ? argument.split('.') : tuple(name, argument).map(String);
      return attribute(logicalId, path.join('.'), scope);
    }
    case 'Fn::Join': {
      const [separator, items] = tuple(name, argument);
      return textList(name, resolve(items, scope)).join(String(separator));
    }
    case 'Fn::Sub':
      return substitute(argument, scope);
    case 'Fn::Select': {
      const [index, items] = tuple(name, resolve(argument, scope));
      const selected = tuple(name, items)[Number(index)];
      if (selected === undefined)
        throw invalid(`Fn::Select cannot select nonexistent value at index ${index}`);
      return selected;
    }
    case 'Fn::Split': {
      const [separator, text] = tuple(name, resolve(argument, scope));
      return String(text).split(String(separator));
    }
    case 'Fn::If': {
      const [condition, whenTrue, whenFalse] = tuple(name, argument);
      return resolve(conditionHolds(String(condition), scope) ? whenTrue : whenFalse, scope);
    }
    case 'Fn::Equals': {
      const [left, right] = tuple(name, resolve(argument, scope));
      return JSON.stringify(left) === JSON.stringify(right);
    }
    case 'Fn::And':
      return tuple(name, resolve(argument, scope)).every((each) => each === true);
    case 'Fn::Or':
      return tuple(name, resolve(argument, scope)).some((each) => each === true);
    case 'Fn::Not':
      return tuple(name, resolve(argument, scope))[0] !== true;
    case 'Fn::FindInMap': {
      const [map, first, second] = tuple(name, resolve(argument, scope)).map(String);
      const found = scope.template.Mappings?.[map ?? '']?.[first ?? '']?.[second ?? ''];
      if (found === undefined) throw invalid(`Fn::FindInMap finds nothing at ${map}.${first}.${second}`);
      return found;
    }
    default:
      throw notModelled(`the intrinsic function ${name}`, 'ValidationError');
  }
}

function reference(name: string, scope: Scope): unknown {
  if (name === 'AWS::NoValue') return noValue;
  const parameter = scope.parameters.get(name);
  if (parameter !== undefined) return parameter;
  const resource = scope.resources.get(name);
  if (resource === undefined) throw invalid(`Unresolved resource dependencies [${name}]`);
  return resource.physicalId;
}

function attribute(logicalId: string, name: string, scope: Scope): string {
  const resource = scope.resources.get(logicalId);
  if (resource === undefined) throw invalid(`Unresolved resource dependencies [${logicalId}]`);
  const value = resource.attributes[name];
  if (value === undefined) {
    const type = scope.template.Resources[logicalId]?.Type;
    throw invalid(`Resource type ${type} (${logicalId}) does not support attribute {${name}}`);
  }
  return value;
}

/** `${!literal}` stays, `${Name}`, `${Resource.Attribute}` and the names of the second form are replaced. */
function substitute(argument: unknown, scope: Scope): string {
  const [text, variables] = typeof argument === 'string' ? [argument, {}] : tuple('Fn::Sub', argument);
  const own = resolve(variables ?? {}, scope) as { readonly [name: string]: unknown };
  return String(text).replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
    if (name.startsWith('!')) return `\${${name.slice(1)}}`;
    if (own[name] !== undefined) return String(own[name]);
    const [head = '', ...rest] = name.split('.');
    return String(rest.length > 0 ? attribute(head, rest.join('.'), scope) : reference(name, scope));
  });
}

function collect(value: unknown, found: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, found);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const call = intrinsicCall(value);
  if (call?.name === 'Ref') found.add(String(call.argument));
  if (call?.name === 'Fn::GetAtt') found.add(String([call.argument].flat()[0]).split('.')[0] ?? '');
  if (call?.name === 'Fn::Sub') {
    const text = String([call.argument].flat()[0]);
    for (const [, name = ''] of text.matchAll(/\$\{([^!}][^}]*)\}/g)) found.add(name.split('.')[0] ?? '');
  }
  for (const item of Object.values(value)) collect(item, found);
}

function tuple(name: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(`${name} takes a list`);
  return value;
}

function textList(name: string, value: unknown): readonly string[] {
  return tuple(name, value).map((item) => {
    if (typeof item === 'object') throw invalid(`${name} takes a list of strings`);
    return String(item);
  });
}

export function invalid(message: string): AwsError {
  return new AwsError('ValidationError', `Template error: ${message}`);
}
