/**
 * A target's own words instead of the event: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 * Of the templates one kind is modelled, a JSON string with variables in it. It is delivered with its quotation marks.
 */
import { AwsError, notModelled } from '../errors.ts';
import type { EventEnvelope } from './eventbridge.ts';

export interface InputTransformer {
  /** By variable: a path in dot notation, `$.detail.status`. */
  readonly paths: Readonly<Record<string, string>>;
  /** A JSON string: `"it is <status>"`. */
  readonly template: string;
}

const mostPaths = 100;
const pathForm = /^\$(\.[\w-]+)+$/;
const variable = /<([\w.-]+)>/g;

/** @throws AwsError ValidationException */
export function readInputTransformer(
  id: string,
  raw: {
    readonly InputPathsMap?: Readonly<Record<string, string>>;
    readonly InputTemplate?: string;
  },
): InputTransformer {
  const { InputPathsMap: paths = {}, InputTemplate: template = '' } = raw;
  const invalid = (why: string) =>
    new AwsError('ValidationException', `Invalid InputTransformer for target ${id}: ${why}`);
  if (template === '') throw invalid('InputTemplate is missing.');
  if (Object.keys(paths).length > mostPaths) throw invalid(`more than ${mostPaths} paths.`);
  for (const [name, path] of Object.entries(paths)) {
    if (/^aws/i.test(name)) throw invalid(`the variable ${name} is reserved.`);
    if (!pathForm.test(path))
      throw notModelled(`the path ${path} of an InputTransformer`, 'ValidationException');
  }
  for (const [, name = ''] of template.matchAll(variable))
    if (!Object.hasOwn(paths, name)) {
      if (name.startsWith('aws.')) throw notModelled(`the variable ${name}`, 'ValidationException');
      throw invalid(`the variable ${name} has no path.`);
    }
  if (!isJsonString(template.replaceAll(variable, '')))
    throw notModelled('an InputTemplate that is no JSON string', 'ValidationException');
  return { paths, template };
}

/** What is not in the event is nothing in the text. */
export function transform({ paths, template }: InputTransformer, event: EventEnvelope): string {
  return template.replaceAll(variable, (_, name: string) => textAt(event, paths[name] ?? ''));
}

/** As it stands between quotation marks. */
function textAt(event: EventEnvelope, path: string): string {
  let value: unknown = event;
  for (const key of path.split('.').slice(1))
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  if (value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return JSON.stringify(text).slice(1, -1);
}

function isJsonString(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'string';
  } catch {
    return false;
  }
}
