/**
 * Which service may publish to a topic. Without a policy of its own a topic lets its account's alarms in; any policy
 * replaces that default as a whole, so alarms fall silent unless it names them.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html; seen: "CloudWatch Alarms is not authorized
 * to perform: SNS:Publish" after a policy was attached.
 */
import type { Account, Delivery } from '../account.ts';
import { Iam, readPolicy } from '../iam.ts';

export interface TopicPolicy {
  readonly document: { readonly Statement: readonly Statement[] };
}

type Statement = Readonly<Record<string, unknown>>;

/** @throws AwsError MalformedPolicyDocument naming the part that is not modelled */
export function readTopicPolicy(document: unknown): TopicPolicy {
  readPolicy(document);
  const raw = (document as { readonly Statement: unknown }).Statement;
  return { document: { Statement: (Array.isArray(raw) ? raw : [raw]) as readonly Statement[] } };
}

/** Functions' destinations publish with the function's role, which is not asked here: its own policy decides. */
const usesRole = 'lambda.amazonaws.com';
/** Rules come without the source account that the default policy asks for: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html */
const unknownToDefault = 'events.amazonaws.com';

export function mayPublish(account: Account, policy: TopicPolicy | undefined, delivery: Delivery): boolean {
  const { principal, sourceArn, targetArn } = delivery;
  if (principal === usesRole) return true;
  if (policy === undefined) return principal !== unknownToDefault;
  const iam = new Iam(account.id);
  const roleName = 'principal';
  iam.putRole(roleName);
  const Statement = policy.document.Statement.filter((statement) => names(statement, principal));
  iam.putRolePolicy(roleName, 'topic', { Statement });
  const keys = {
    'aws:SourceArn': sourceArn,
    'aws:SourceAccount': account.id,
    'AWS:SourceAccount': account.id,
    'AWS:SourceOwner': account.id,
  };
  const caller = { arn: principal, accountId: account.id, roleName };
  return iam.firstDenied(caller, 'sns:Publish', [{ arn: targetArn, keys }]) === undefined;
}

function names({ Principal: principal }: Statement, service: string): boolean {
  if (typeof principal !== 'object' || principal === null) return principal === '*';
  return Object.entries(principal).some(([kind, value]) => {
    const listed: readonly unknown[] = Array.isArray(value) ? value : [value];
    return listed.includes('*') || (kind === 'Service' && listed.includes(service));
  });
}
