/** A synthesized cloud assembly on disk: the stack's template, and where its file assets lie. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { notModelled } from '../errors.ts';

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: { readonly [name: string]: unknown };
  readonly DependsOn?: string | readonly string[];
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Metadata?: unknown;
}

export interface TemplateParameter {
  readonly Type: string;
  readonly Default?: unknown;
}

export interface Template {
  readonly Parameters?: { readonly [name: string]: TemplateParameter };
  readonly Mappings?: {
    readonly [name: string]: { readonly [key: string]: { readonly [key: string]: unknown } };
  };
  readonly Conditions?: { readonly [name: string]: unknown };
  readonly Resources: { readonly [logicalId: string]: TemplateResource };
  readonly Outputs?: { readonly [name: string]: { readonly Value: unknown; readonly Condition?: string } };
}

export interface Assembly {
  readonly template: Template;
  /** @throws AwsError when the template names a key that no asset has */
  readonly assetDirectory: (s3Key: string) => string;
}

/** `Rules` is the bootstrap check of the CDK: there is no bootstrap stack here, so it is read past on purpose. */
const knownSections = [
  'AWSTemplateFormatVersion',
  'Conditions',
  'Description',
  'Mappings',
  'Metadata',
  'Outputs',
  'Parameters',
  'Resources',
  'Rules',
];

const knownAttributes = [
  'Condition',
  'DeletionPolicy',
  'DependsOn',
  'Metadata',
  'Properties',
  'Type',
  'UpdateReplacePolicy',
];

interface AssetManifest {
  readonly files?: {
    readonly [id: string]: {
      readonly source: { readonly path?: string; readonly packaging?: string };
      readonly destinations: { readonly [id: string]: { readonly objectKey: string } };
    };
  };
}

/** @throws AwsError naming a section or attribute that is not modelled */
export async function readAssembly(directory: string, stackName: string): Promise<Assembly> {
  const template = await readJsonFile<Template>(join(directory, `${stackName}.template.json`));
  const manifest = await readJsonFile<AssetManifest>(join(directory, `${stackName}.assets.json`));
  requireKnown(template);
  const directories = new Map<string, string>();
  for (const { source, destinations } of Object.values(manifest.files ?? {}))
    for (const { objectKey } of Object.values(destinations))
      if (source.path !== undefined && source.packaging === 'zip')
        directories.set(objectKey, resolve(directory, source.path));
  return {
    template,
    assetDirectory(s3Key) {
      const found = directories.get(s3Key);
      if (found === undefined)
        throw notModelled(`the code ${s3Key}: the assembly has no directory asset of that key`);
      return found;
    },
  };
}

function requireKnown(template: Template): void {
  for (const section of Object.keys(template))
    if (!knownSections.includes(section))
      throw notModelled(`the template section ${section}`, 'ValidationError');
  for (const [logicalId, resource] of Object.entries(template.Resources))
    for (const attribute of Object.keys(resource))
      if (!knownAttributes.includes(attribute))
        throw notModelled(`the attribute ${attribute} of ${logicalId} (${resource.Type})`, 'ValidationError');
}

async function readJsonFile<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, 'utf8')) as T;
}
