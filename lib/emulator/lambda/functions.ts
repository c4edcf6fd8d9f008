/**
 * The functions of the account with their versions, aliases, resource policies and async settings. Policies and async
 * settings belong to exactly one qualifier: a grant on the alias says nothing of the function behind it
 * (https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html).
 */
import type { Account } from '../account.ts';
import { AwsError } from '../errors.ts';
import type {
  Alias,
  EventInvokeConfig,
  FunctionConfiguration,
  FunctionVersion,
  InvocationTarget,
  Permission,
} from './model.ts';
import type { FunctionReference } from './reference.ts';

interface Entry {
  latest: FunctionVersion;
  reservedConcurrency: number | undefined;
  nextVersion: number;
  readonly published: Map<string, FunctionVersion>;
  readonly aliases: Map<string, Alias>;
  readonly permissions: Map<string, Map<string, Permission>>;
  readonly eventInvokeConfigs: Map<string, EventInvokeConfig>;
}

const unqualified = '$LATEST';

export class Functions {
  readonly #account: Account;
  readonly #entries = new Map<string, Entry>();

  constructor(account: Account) {
    this.#account = account;
  }

  /** @throws AwsError ResourceNotFoundException */
  target({ functionName, qualifier }: FunctionReference): InvocationTarget {
    const entry = this.#entries.get(functionName);
    const version = entry === undefined ? undefined : resolveQualifier(entry, qualifier);
    const arn = this.arn({ functionName, qualifier });
    if (entry === undefined || version === undefined) throw notFound(`Function not found: ${arn}`);
    return { functionName, arn, version, reservedConcurrency: entry.reservedConcurrency };
  }

  arn({ functionName, qualifier }: FunctionReference): string {
    const arn = this.#account.arn('lambda', `function:${functionName}`);
    return qualifier === undefined ? arn : `${arn}:${qualifier}`;
  }

  names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  create(configuration: FunctionConfiguration, reservedConcurrency?: number): FunctionVersion {
    const { functionName } = configuration;
    if (this.#entries.has(functionName))
      throw new AwsError('ResourceConflictException', `Function already exist: ${functionName}`, 409);
    const latest = this.#version(configuration, unqualified);
    this.#entries.set(functionName, {
      latest,
      reservedConcurrency,
      nextVersion: 1,
      published: new Map(),
      aliases: new Map(),
      permissions: new Map(),
      eventInvokeConfigs: new Map(),
    });
    return latest;
  }

  update(configuration: FunctionConfiguration, reservedConcurrency?: number): FunctionVersion {
    const entry = this.#entry(configuration.functionName);
    entry.latest = this.#version(configuration, unqualified);
    entry.reservedConcurrency = reservedConcurrency;
    return entry.latest;
  }

  delete(functionName: string): void {
    this.#entry(functionName);
    this.#entries.delete(functionName);
  }

  /** `alreadyPublished` when nothing changed since the last version: PublishVersion then answers with that one. */
  publish(
    functionName: string,
    description: string,
  ): { readonly version: FunctionVersion; readonly alreadyPublished: boolean } {
    const entry = this.#entry(functionName);
    const last = [...entry.published.values()].at(-1);
    if (last !== undefined && sameBut(last.configuration, entry.latest.configuration, 'description'))
      return { version: last, alreadyPublished: true };
    const number = String(entry.nextVersion++);
    const configuration = { ...entry.latest.configuration, description };
    const version = this.#version(configuration, number);
    entry.published.set(number, version);
    return { version, alreadyPublished: false };
  }

  /** @throws AwsError ResourceConflictException while an alias points to it */
  deleteVersion(functionName: string, version: string): void {
    const entry = this.#entry(functionName);
    const alias = [...entry.aliases.values()].find((each) => each.version === version);
    if (alias !== undefined)
      throw new AwsError(
        'ResourceConflictException',
        `Version ${version} of ${functionName} is still referenced by alias ${alias.name}`,
        409,
      );
    entry.published.delete(version);
  }

  versions(functionName: string): readonly FunctionVersion[] {
    const entry = this.#entry(functionName);
    return [entry.latest, ...entry.published.values()];
  }

  reservedConcurrency(functionName: string): number | undefined {
    return this.#entry(functionName).reservedConcurrency;
  }

  /** Creates the alias or points it elsewhere. @throws AwsError ResourceNotFoundException */
  putAlias(functionName: string, name: string, version: string, description: string): Alias {
    const entry = this.#entry(functionName);
    if (resolveQualifier(entry, version) === undefined)
      throw notFound(`Function not found: ${this.arn({ functionName, qualifier: version })}`);
    const arn = this.arn({ functionName, qualifier: name });
    const alias = { name, arn, version, description, revisionId: this.#account.random.uuid() };
    entry.aliases.set(name, alias);
    return alias;
  }

  deleteAlias(functionName: string, name: string): void {
    this.#entries.get(functionName)?.aliases.delete(name);
  }

  aliases(functionName: string): readonly Alias[] {
    return [...this.#entry(functionName).aliases.values()];
  }

  alias(functionName: string, name: string): Alias {
    const alias = this.#entry(functionName).aliases.get(name);
    if (alias === undefined)
      throw notFound(`Cannot find alias arn: ${this.arn({ functionName, qualifier: name })}`);
    return alias;
  }

  /** @throws AwsError ResourceConflictException when the statement id is taken */
  addPermission(reference: FunctionReference, permission: Permission): void {
    this.target(reference);
    const { permissions } = this.#entry(reference.functionName);
    const key = reference.qualifier ?? '';
    const statements = permissions.get(key) ?? new Map<string, Permission>();
    if (statements.has(permission.statementId))
      throw new AwsError(
        'ResourceConflictException',
        `The statement id (${permission.statementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
        409,
      );
    statements.set(permission.statementId, permission);
    permissions.set(key, statements);
  }

  removePermission(reference: FunctionReference, statementId: string): void {
    this.#entries
      .get(reference.functionName)
      ?.permissions.get(reference.qualifier ?? '')
      ?.delete(statementId);
  }

  permissions(reference: FunctionReference): readonly Permission[] {
    const { permissions } = this.#entry(reference.functionName);
    return [...(permissions.get(reference.qualifier ?? '')?.values() ?? [])];
  }

  putEventInvokeConfig(reference: FunctionReference, config: EventInvokeConfig): void {
    this.target(reference);
    this.#entry(reference.functionName).eventInvokeConfigs.set(reference.qualifier ?? unqualified, config);
  }

  deleteEventInvokeConfig(reference: FunctionReference): void {
    this.#entries.get(reference.functionName)?.eventInvokeConfigs.delete(reference.qualifier ?? unqualified);
  }

  eventInvokeConfig(reference: FunctionReference): EventInvokeConfig | undefined {
    return this.#entry(reference.functionName).eventInvokeConfigs.get(reference.qualifier ?? unqualified);
  }

  #entry(functionName: string): Entry {
    const entry = this.#entries.get(functionName);
    if (entry === undefined)
      throw notFound(`Function not found: ${this.arn({ functionName, qualifier: undefined })}`);
    return entry;
  }

  #version(configuration: FunctionConfiguration, version: string): FunctionVersion {
    const { functionName } = configuration;
    return {
      version,
      arn: this.arn({ functionName, qualifier: version === unqualified ? undefined : version }),
      configuration,
      revisionId: this.#account.random.uuid(),
      lastModifiedMs: this.#account.clock.now(),
    };
  }
}

function resolveQualifier(entry: Entry, qualifier: string | undefined): FunctionVersion | undefined {
  if (qualifier === undefined || qualifier === unqualified) return entry.latest;
  const version = entry.aliases.get(qualifier)?.version ?? qualifier;
  return version === unqualified ? entry.latest : entry.published.get(version);
}

function sameBut(a: FunctionConfiguration, b: FunctionConfiguration, ignored: 'description'): boolean {
  return JSON.stringify({ ...a, [ignored]: '' }) === JSON.stringify({ ...b, [ignored]: '' });
}

export function notFound(message: string): AwsError {
  return new AwsError('ResourceNotFoundException', message, 404);
}
