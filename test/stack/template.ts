/** A synthesized example fleet, and its template as lines that a person can read. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesize } from '../../lib/stack/synthesize.ts';

export interface Resource {
  readonly Type: string;
  readonly Properties?: { readonly [name: string]: unknown };
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: readonly string[];
}

export interface Template {
  readonly Resources: { readonly [logicalId: string]: Resource };
  readonly Outputs: { readonly [name: string]: { readonly Value: unknown } };
  readonly Parameters: { readonly [name: string]: unknown };
}

export const exampleFleet = readFileSync(new URL('../../fleet.yaml', import.meta.url), 'utf8');

/** The template of a fleet file; the functions are stubs, since a template does not depend on what they do. */
export async function templateOf(
  fleetText: string = exampleFleet,
  stub = 'export const handler = () => {};',
): Promise<Template> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-stack-'));
  try {
    const sourceDirectory = join(directory, 'lambdas');
    mkdirSync(sourceDirectory);
    for (const name of ['recover', 'failover', 'operate'])
      writeFileSync(join(sourceDirectory, `${name}.ts`), `${stub}\n`);
    const fleetFile = join(directory, 'fleet.yaml');
    writeFileSync(fleetFile, fleetText);
    const { assemblyDirectory, stackName } = await synthesize({
      fleetFile,
      outDirectory: join(directory, 'assembly'),
      bundles: { sourceDirectory, outDirectory: join(directory, 'functions') },
    });
    return JSON.parse(readFileSync(join(assemblyDirectory, `${stackName}.template.json`), 'utf8'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export function resourcesOf(template: Template, type: string): readonly (readonly [id: string, Resource])[] {
  return Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);
}

/** Intrinsic functions as they would come out, with `aws`, `region` and `account` as themselves. */
export function text(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [[name, argument] = ['', undefined]] = Object.entries(value);
  if (name === 'Ref') return pseudo[String(argument)] ?? `<${shortId(String(argument))}>`;
  if (name === 'Fn::GetAtt' && Array.isArray(argument)) return `<${shortId(argument[0])}.${argument[1]}>`;
  if (name === 'Fn::Join' && Array.isArray(argument)) return argument[1].map(text).join(argument[0]);
  return JSON.stringify(value);
}

/** With the intrinsics of CloudFormation as they would come out. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const keys = Object.keys(value);
  if (keys.length === 1 && (keys[0] === 'Ref' || keys[0]?.startsWith('Fn::'))) return text(value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** Logical ids without CDK's hash of the construct path. */
export function shortId(id: string): string {
  return id.replace(/[0-9A-F]{8}([0-9a-f]{32})?$/, '');
}

const pseudo: { readonly [name: string]: string } = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'region',
  'AWS::AccountId': 'account',
};
