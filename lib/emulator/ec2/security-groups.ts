/** Security groups, as far as an interface needs them: that they exist, and whether they let anything through at all. */
import { AwsError } from '../errors.ts';
import type { Ids } from './ids.ts';
import type { SecurityGroup, Tags } from './records.ts';
import { isId } from './world.ts';

export interface SecurityGroupPlan {
  readonly id?: string;
  readonly name: string;
  readonly vpcId: string;
  /** Without rules it isolates an interface that is in no other group. */
  readonly hasRules: boolean;
  readonly tags?: Tags;
}

export class SecurityGroups {
  readonly #ids: Ids;
  readonly #groups = new Map<string, SecurityGroup>();

  constructor(ids: Ids) {
    this.#ids = ids;
  }

  add(plan: SecurityGroupPlan): SecurityGroup {
    const { name, vpcId, hasRules, tags = {} } = plan;
    const group = { id: this.#ids.take('sg', plan.id), name, vpcId, hasRules, tags };
    this.#groups.set(group.id, group);
    return group;
  }

  /** One that an interface came with: it lets everything through. */
  admit(id: string, vpcId: string): void {
    if (!this.#groups.has(id)) this.add({ id, name: id, vpcId, hasRules: true });
  }

  all(): readonly SecurityGroup[] {
    return [...this.#groups.values()];
  }

  find(id: string): SecurityGroup | undefined {
    return this.#groups.get(id);
  }

  /** @throws AwsError InvalidGroupId.Malformed, InvalidGroup.NotFound */
  get(id: string): SecurityGroup {
    const group = this.#groups.get(id);
    if (group !== undefined) return group;
    if (!isId('sg', id)) throw new AwsError('InvalidGroupId.Malformed', `Invalid id: "${id}"`);
    throw new AwsError('InvalidGroup.NotFound', `The security group '${id}' does not exist`);
  }

  /** Rules of several groups add up: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html */
  isolate(ids: readonly string[]): boolean {
    return ids.length > 0 && ids.every((id) => this.#groups.get(id)?.hasRules === false);
  }
}
