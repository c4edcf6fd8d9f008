/**
 * Managed policies for what has no room in the inline policies of a role, which end at 10,240 characters: a managed one
 * has 6,144 for itself, and a role may have ten.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
import { Token } from 'aws-cdk-lib';
import { CfnManagedPolicy, type IRole, PolicyDocument, type PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** As few policies as hold the statements, in their order. */
export function effectPolicies(
  scope: Construct,
  description: string,
  statements: readonly PolicyStatement[],
  role: IRole,
): readonly CfnManagedPolicy[] {
  return packed(statements).map(
    (some, index) =>
      new CfnManagedPolicy(scope, `Effects${index + 1}`, {
        description,
        policyDocument: new PolicyDocument({ statements: [...some] }),
        roles: [role.roleName],
      }),
  );
}

/** White space does not count; some is left for what stands around the statements. */
const policyCharacters = 6_000;

function packed(statements: readonly PolicyStatement[]): readonly (readonly PolicyStatement[])[] {
  const policies: PolicyStatement[][] = [];
  let room = 0;
  for (const statement of statements) {
    const size = lengthOf(statement);
    if (size > room) {
      policies.push([]);
      room = policyCharacters;
    }
    policies.at(-1)?.push(statement);
    room -= size;
  }
  return policies;
}

/** No partition, Region or account is longer than this stands for it. */
const longestToken = 'ap-southeast-12';

function lengthOf(statement: PolicyStatement): number {
  const written = JSON.stringify(statement.toStatementJson(), (_, value) =>
    typeof value === 'string' && Token.isUnresolved(value)
      ? value.replaceAll(/\$\{Token\[[^\]]*\]\}/g, longestToken)
      : value,
  );
  return written.length + 1;
}
