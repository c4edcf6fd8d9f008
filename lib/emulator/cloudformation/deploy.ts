/**
 * CloudFormation's part: puts the synthesized template of a stack into the services, resource by resource, so that what
 * runs here is what ships. A deployment that fails undoes what it did, as a stack rolls back.
 */
import type { Account } from '../account.ts';
import { AwsError, notModelled } from '../errors.ts';
import { conditionHolds, evaluate, type Scope } from './intrinsics.ts';
import { deploymentOrder } from './order.ts';
import { parameterValues } from './parameters.ts';
import type { ResourceContext, ResourceProvider } from './provider.ts';
import { readAssembly, type TemplateResource } from './template.ts';

interface DeployedResource {
  readonly type: string;
  readonly physicalId: string;
  readonly attributes: { readonly [name: string]: string };
  readonly properties: unknown;
  /** Stays when it leaves the template or the stack. */
  readonly retain: boolean;
}

export interface Deployment {
  readonly stackName: string;
  readonly outputs: { readonly [name: string]: string };
  /** By logical id, in the order of their creation. */
  readonly resources: ReadonlyMap<string, DeployedResource>;
}

export interface DeployOptions {
  /** Of a synthesized cloud assembly: `<stack>.template.json` and `<stack>.assets.json`. */
  readonly assemblyDirectory: string;
  readonly stackName: string;
  readonly account: Account;
  readonly providers: readonly ResourceProvider[];
  readonly parameters?: { readonly [name: string]: string };
  /** What the last deployment of this stack left. */
  readonly previous?: Deployment | undefined;
  readonly onProgress?: (line: string) => void;
}

export class DeploymentFailed extends Error {
  readonly logicalId: string;
  readonly type: string;
  /** AWS's error code. */
  readonly code: string;

  constructor(logicalId: string, type: string, cause: unknown) {
    const code = cause instanceof AwsError ? cause.code : 'InternalFailure';
    super(`${logicalId} (${type}): ${code}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = 'DeploymentFailed';
    this.logicalId = logicalId;
    this.type = type;
    this.code = code;
  }
}

/** Does nothing anywhere: it tells AWS which construct library made the template. */
const metadataType = 'AWS::CDK::Metadata';

/** @throws DeploymentFailed naming the resource, after undoing what this deployment did; AwsError for the template itself */
export async function deploy(options: DeployOptions): Promise<Deployment> {
  return new StackUpdate(options).run();
}

/** One run over one stack: what it made, and how to undo it, newest last. */
class StackUpdate {
  readonly #options: DeployOptions;
  readonly #providers: ReadonlyMap<string, ResourceProvider>;
  readonly #resources = new Map<string, DeployedResource>();
  readonly #undo: { readonly logicalId: string; readonly run: () => unknown }[] = [];
  /** Old resources whose replacement is in place. */
  readonly #replaced: { readonly logicalId: string; readonly resource: DeployedResource }[] = [];

  constructor(options: DeployOptions) {
    this.#options = options;
    this.#providers = new Map(options.providers.map((each) => [each.type, each]));
  }

  async run(): Promise<Deployment> {
    const { assemblyDirectory, stackName, account, parameters = {} } = this.#options;
    const { template, assetDirectory } = await readAssembly(assemblyDirectory, stackName);
    const values = parameterValues(template, account, stackName, parameters);
    const scope: Scope = { template, parameters: values, resources: this.#resources };
    const included = new Set(
      Object.entries(template.Resources)
        .filter(([, { Condition, Type }]) => {
          const wanted = Condition === undefined || conditionHolds(Condition, scope);
          return wanted && Type !== metadataType;
        })
        .map(([logicalId]) => logicalId),
    );
    const order = deploymentOrder(template, included);
    for (const logicalId of order) this.#provider(logicalId, template.Resources[logicalId]?.Type ?? '');
    for (const logicalId of order) {
      const resource = template.Resources[logicalId];
      if (resource === undefined) continue;
      try {
        await this.#apply(logicalId, resource, scope, { stackName, logicalId, assetDirectory });
      } catch (error) {
        this.#say(`FAILED ${resource.Type} ${logicalId}`);
        await this.#rollBack();
        throw new DeploymentFailed(logicalId, resource.Type, error);
      }
    }
    const outputs = Object.entries(template.Outputs ?? {})
      .filter(([, { Condition }]) => Condition === undefined || conditionHolds(Condition, scope))
      .map(([name, { Value }]) => [name, String(evaluate(Value, scope))] as const);
    await this.#cleanUp();
    return { stackName, outputs: Object.fromEntries(outputs), resources: this.#resources };
  }

  async #apply(
    logicalId: string,
    resource: TemplateResource,
    scope: Scope,
    context: ResourceContext,
  ): Promise<void> {
    const properties = evaluate(resource.Properties ?? {}, scope);
    const provider = this.#provider(logicalId, resource.Type);
    const before = this.#options.previous?.resources.get(logicalId);
    const retain = resource.DeletionPolicy?.startsWith('Retain') ?? false;
    const settle = (physicalId: string, attributes: { readonly [name: string]: string } = {}): void => {
      this.#resources.set(logicalId, { type: resource.Type, physicalId, attributes, properties, retain });
    };
    if (before?.type === resource.Type && same(before.properties, properties))
      return settle(before.physicalId, before.attributes);
    const { update } = provider;
    if (before?.type === resource.Type && update !== undefined) {
      const { attributes } = await update(before.physicalId, properties, context);
      this.#undo.push({ logicalId, run: () => update(before.physicalId, before.properties, context) });
      this.#say(`UPDATED ${resource.Type} ${logicalId}`);
      return settle(before.physicalId, attributes);
    }
    const created = await provider.create(properties, context);
    // Retain keeps it even when the stack rolls back; RetainExceptOnCreate exists for that.
    if (resource.DeletionPolicy !== 'Retain')
      this.#undo.push({ logicalId, run: () => provider.remove(created.physicalId) });
    if (before !== undefined)
      this.#replaced.push({
        logicalId,
        resource: { ...before, retain: resource.UpdateReplacePolicy === 'Retain' },
      });
    this.#say(`${before === undefined ? 'CREATED' : 'REPLACED'} ${resource.Type} ${logicalId}`);
    settle(created.physicalId, created.attributes);
  }

  /** Only after everything new is in place: what was replaced, then what left the template, last created first. */
  async #cleanUp(): Promise<void> {
    const left = [...(this.#options.previous?.resources ?? [])]
      .filter(([logicalId]) => !this.#resources.has(logicalId))
      .map(([logicalId, resource]) => ({ logicalId, resource }));
    const outdated = [...left, ...this.#replaced].filter(({ resource }) => !resource.retain);
    const age = [...(this.#options.previous?.resources.keys() ?? [])];
    outdated.sort((a, b) => age.indexOf(b.logicalId) - age.indexOf(a.logicalId));
    for (const { logicalId, resource } of outdated) {
      // As in CloudFormation, what cannot be deleted in the end does not fail the update.
      await this.#attempt(`DELETED ${resource.type} ${logicalId}`, () =>
        this.#provider(logicalId, resource.type).remove(resource.physicalId),
      );
    }
  }

  async #rollBack(): Promise<void> {
    for (const { logicalId, run } of this.#undo.reverse())
      await this.#attempt(`ROLLED BACK ${logicalId}`, run);
  }

  async #attempt(what: string, run: () => unknown): Promise<void> {
    try {
      await run();
      this.#say(what);
    } catch (error) {
      this.#say(`NOT ${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #provider(logicalId: string, type: string): ResourceProvider {
    const found = this.#providers.get(type);
    if (found === undefined)
      throw new DeploymentFailed(
        logicalId,
        type,
        notModelled(`the resource type ${type}`, 'ValidationError'),
      );
    return found;
  }

  #say(line: string): void {
    this.#options.onProgress?.(line);
  }
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
