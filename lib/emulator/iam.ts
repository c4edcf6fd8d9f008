/**
 * Who calls and whether the template's policies let them: identity policies of roles, evaluated the documented way
 * (explicit deny, else an allow, else denied): https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 * Anything a policy says that is not modelled here is refused when the policy is put, not ignored when it is asked.
 */
import { createHash } from 'node:crypto';
import { AwsError, notModelled } from './errors.ts';

/** A resource IAM is asked about, with the condition keys that the service supplies for it. */
export interface IamTarget {
  readonly arn: string;
  readonly keys?: { readonly [conditionKey: string]: string | readonly string[] };
}

export interface Caller {
  readonly arn: string;
  readonly accountId: string;
  /** Name of the role whose policies apply; absent for the account's operator, who may do everything. */
  readonly roleName?: string;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

interface Statement {
  readonly allow: boolean;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly Condition[];
}

interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

interface Role {
  readonly name: string;
  readonly policies: Map<string, readonly Statement[]>;
  /** ARNs of managed policies. */
  readonly attached: Set<string>;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const mostAttached = 10;

export class Iam {
  readonly #accountId: string;
  readonly #roles = new Map<string, Role>();
  readonly #managed = new Map<string, readonly Statement[]>();
  readonly #keys = new Map<string, { readonly roleName: string; readonly session: string }>();

  constructor(accountId: string) {
    this.#accountId = accountId;
  }

  roleArn(name: string): string {
    return `arn:aws:iam::${this.#accountId}:role/${name}`;
  }

  putRole(name: string): void {
    if (!this.#roles.has(name)) this.#roles.set(name, { name, policies: new Map(), attached: new Set() });
  }

  hasRole(name: string): boolean {
    return this.#roles.has(name);
  }

  deleteRole(name: string): void {
    this.#roles.delete(name);
  }

  putRolePolicy(roleName: string, policyName: string, document: unknown): void {
    this.#role(roleName).policies.set(policyName, readPolicy(document));
  }

  deleteRolePolicy(roleName: string, policyName: string): void {
    this.#roles.get(roleName)?.policies.delete(policyName);
  }

  /** `path` begins and ends with a slash. */
  policyArn(path: string, name: string): string {
    return `arn:aws:iam::${this.#accountId}:policy${path}${name}`;
  }

  hasPolicy(arn: string): boolean {
    return this.#managed.has(arn);
  }

  /** Makes the managed policy, or gives it a new default version. */
  putPolicy(arn: string, document: unknown): void {
    this.#managed.set(arn, readPolicy(document));
  }

  deletePolicy(arn: string): void {
    this.#managed.delete(arn);
  }

  /** All or none. @throws AwsError NoSuchEntity, LimitExceeded */
  attachPolicy(arn: string, roleNames: readonly string[]): void {
    const roles = roleNames.map((name) => this.#role(name));
    for (const { attached } of roles)
      if (!attached.has(arn) && attached.size >= mostAttached)
        throw new AwsError('LimitExceeded', `Cannot exceed quota for PoliciesPerRole: ${mostAttached}`, 409);
    for (const { attached } of roles) attached.add(arn);
  }

  detachPolicy(arn: string, roleName: string): void {
    this.#roles.get(roleName)?.attached.delete(arn);
  }

  /** Credentials of a session of that role, which is named as the service names it; the access key id leads back to it. */
  credentialsOf(roleName: string, session: string = roleName): Credentials {
    // By the whole names: sessions that end alike must not share a key.
    const digest = createHash('sha256').update(`${roleName}/${session}`).digest('hex');
    const accessKeyId = `ASIA${digest.toUpperCase().slice(0, 16)}`;
    this.#keys.set(accessKeyId, { roleName, session });
    return { accessKeyId, secretAccessKey: 'embedded', sessionToken: 'embedded' };
  }

  /** The caller behind an access key id; unknown keys are the operator at the keyboard. */
  caller(accessKeyId: string | undefined): Caller {
    const known = accessKeyId === undefined ? undefined : this.#keys.get(accessKeyId);
    if (known === undefined)
      return { arn: `arn:aws:iam::${this.#accountId}:user/operator`, accountId: this.#accountId };
    const { roleName, session } = known;
    const arn = `arn:aws:sts::${this.#accountId}:assumed-role/${roleName}/${session}`;
    return { arn, accountId: this.#accountId, roleName };
  }

  /** The first target that the caller may not act on, or undefined when all are allowed. */
  firstDenied(caller: Caller, action: string, targets: readonly IamTarget[]): IamTarget | undefined {
    if (caller.roleName === undefined) return undefined;
    const { policies, attached } = this.#roles.get(caller.roleName) ?? {};
    const managed = [...(attached ?? [])].map((arn) => this.#managed.get(arn) ?? []);
    const statements = [...(policies?.values() ?? []), ...managed].flat();
    return targets.find((target) => !allowed(statements, action, target));
  }

  #role(name: string): Role {
    const role = this.#roles.get(name);
    if (role === undefined)
      throw new AwsError('NoSuchEntity', `The role with name ${name} cannot be found.`, 404);
    return role;
  }
}

function allowed(statements: readonly Statement[], action: string, target: IamTarget): boolean {
  const matching = statements.filter(
    (statement) =>
      statement.actions.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
      statement.resources.some((pattern) => matches(pattern, target.arn)) &&
      statement.conditions.every((condition) => holds(condition, target)),
  );
  return matching.some((statement) => statement.allow) && !matching.some((statement) => !statement.allow);
}

function holds(condition: Condition, target: IamTarget): boolean {
  const actual = target.keys?.[condition.key];
  const every = condition.operator.startsWith(everyValue);
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html:
  // ForAllValues also holds when the request has no such key.
  if (actual === undefined) return every;
  const values = typeof actual === 'string' ? [actual] : actual;
  if (every) return values.every((value) => condition.values.includes(value));
  const like = condition.operator !== 'StringEquals';
  return values.some((value) =>
    condition.values.some((wanted) => (like ? matches(wanted, value) : wanted === value)),
  );
}

/** IAM wildcards: `*` any run of characters, `?` any one. */
export function matches(pattern: string, value: string): boolean {
  const expression = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 's').test(value);
}

const everyValue = 'ForAllValues:';
const knownOperators = new Set([
  'StringEquals',
  'StringLike',
  'ArnEquals',
  'ArnLike',
  `${everyValue}StringEquals`,
]);

/** @throws AwsError naming the part of the policy that is not modelled */
export function readPolicy(document: unknown): readonly Statement[] {
  const { Statement: statements } = document as { Statement: unknown };
  return asList(statements).map((raw) => {
    const statement = raw as Record<string, unknown>;
    for (const key of Object.keys(statement))
      if (!['Sid', 'Effect', 'Action', 'Resource', 'Condition', 'Principal'].includes(key))
        throw notModelled(`the policy element ${key}`, 'MalformedPolicyDocument');
    return {
      allow: statement['Effect'] === 'Allow',
      actions: asList(statement['Action']).map(String),
      resources: asList(statement['Resource'] ?? '*').map(String),
      conditions: readConditions(statement['Condition']),
    };
  });
}

function readConditions(raw: unknown): Condition[] {
  return Object.entries((raw ?? {}) as Record<string, Record<string, unknown>>).flatMap(
    ([operator, keys]) => {
      if (!knownOperators.has(operator))
        throw notModelled(`the condition operator ${operator}`, 'MalformedPolicyDocument');
      return Object.entries(keys).map(([key, values]) => ({
        operator,
        key,
        values: asList(values).map(String),
      }));
    },
  );
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}
