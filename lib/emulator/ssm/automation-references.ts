/**
 * `{{ … }}` in a runbook: found when the document is made, replaced when a step starts. A text that is nothing but one
 * reference becomes the value with its type; inside a text a value is put as text, and a list or map as JSON.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-variables.html
 */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** What a reference stands for; undefined when nothing does yet. */
export type Lookup = (name: string) => Json | undefined;

/** A step's inputs name an output that no step has given. */
export class Unresolved extends Error {
  constructor(name: string) {
    super(`Failed to resolve input: ${name}. ${name} has no value.`);
    this.name = 'Unresolved';
  }
}

/** Wider than what may stand there, so that `{{ssm:/path}}` is found and refused. */
const reference = /\{\{\s*([A-Za-z0-9_:./-]+)\s*\}\}/g;
const wholeReference = /^\s*\{\{\s*([A-Za-z0-9_:./-]+)\s*\}\}\s*$/;

/** The names in all texts of `template`, keys of maps included. */
export function referencesIn(template: Json): readonly string[] {
  if (typeof template === 'string') return [...template.matchAll(reference)].map(([, name = '']) => name);
  if (typeof template !== 'object' || template === null) return [];
  return Object.entries(template).flatMap(([key, value]) => [
    ...referencesIn(key),
    ...(value === undefined ? [] : referencesIn(value)),
  ]);
}

/** The name when `text` is one reference and nothing else. */
export function referenceOf(text: string): string | undefined {
  return wholeReference.exec(text)?.[1];
}

/** @throws Unresolved */
export function resolve(template: Json, lookup: Lookup): Json {
  const need = (name: string): Json => {
    const value = lookup(name);
    if (value === undefined) throw new Unresolved(name);
    return value;
  };
  return replace(template, need);
}

/** Leaves a reference without a value as it stands: so a branch may ask about a step that did not run. */
export function resolveKnown(template: Json, lookup: Lookup): Json {
  return replace(template, (name) => lookup(name) ?? `{{${name}}}`);
}

export function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function replace(template: Json, need: (name: string) => Json): Json {
  if (typeof template === 'string') {
    const whole = referenceOf(template);
    if (whole !== undefined) return need(whole);
    return template.replaceAll(reference, (_, name: string) => asText(need(name)));
  }
  if (Array.isArray(template)) return template.map((item: Json) => replace(item, need));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) => [
      String(replace(key, need)),
      value === undefined ? undefined : replace(value as Json, need),
    ]),
  );
}
