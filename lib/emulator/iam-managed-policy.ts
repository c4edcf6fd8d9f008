/**
 * AWS::IAM::ManagedPolicy, for roles of the template and for roles that were there before it:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-managedpolicy.html
 * Groups and users are not modelled: the shape refuses them by name.
 */
import type { Account } from './account.ts';
import { generatedName } from './cloudformation/names.ts';
import { type Created, provider, type ResourceProvider } from './cloudformation/provider.ts';
import { AwsError, notModelled } from './errors.ts';
import { readPolicy } from './iam.ts';
import { list, structure, type Value } from './shapes.ts';

const shape = structure({
  ManagedPolicyName: 'string',
  Description: 'string',
  Path: 'string',
  PolicyDocument: 'json',
  Roles: list('string'),
});

/** Characters without white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const longestDocument = 6_144;
/** Names and paths: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html */
const namePattern = /^[\w+=,.@-]{1,128}$/;
const pathPattern = /^\/(?:[!-~]*\/)?$/;
const longestName = 128;

interface Kept {
  readonly properties: Value<typeof shape>;
  readonly roles: readonly string[];
}

export function managedPolicyProvider(account: Account): ResourceProvider {
  const { iam } = account;
  const kept = new Map<string, Kept>();
  const put = (arn: string, properties: Value<typeof shape>): Created => {
    checkDocument(properties.PolicyDocument);
    const { Roles: roles = [] } = properties;
    iam.attachPolicy(arn, roles);
    iam.putPolicy(arn, properties.PolicyDocument);
    for (const role of kept.get(arn)?.roles ?? []) if (!roles.includes(role)) iam.detachPolicy(arn, role);
    kept.set(arn, { properties, roles });
    return { physicalId: arn, attributes: { PolicyArn: arn } };
  };
  return provider('AWS::IAM::ManagedPolicy', shape, {
    create(properties, context) {
      const { ManagedPolicyName, Path: path = '/' } = properties;
      const name = ManagedPolicyName ?? generatedName(account, context, longestName);
      if (!namePattern.test(name)) throw invalid(`'${name}' is not a policy name`);
      if (!pathPattern.test(path)) throw invalid(`'${path}' is not a path`);
      const arn = iam.policyArn(path, name);
      if (iam.hasPolicy(arn))
        throw new AwsError(
          'EntityAlreadyExists',
          `A policy called ${name} already exists. Duplicate names are not allowed.`,
          409,
        );
      return put(arn, properties);
    },
    update(arn, properties) {
      for (const name of ['ManagedPolicyName', 'Description', 'Path'] as const)
        if (properties[name] !== kept.get(arn)?.properties[name])
          throw notModelled(`the replacement of a managed policy whose ${name} changed`, 'ValidationError');
      return put(arn, properties);
    },
    remove(arn) {
      for (const role of kept.get(arn)?.roles ?? []) iam.detachPolicy(arn, role);
      kept.delete(arn);
      iam.deletePolicy(arn);
    },
  });
}

/** Before anything is attached: a policy that is refused leaves nothing behind. */
function checkDocument(document: unknown): void {
  if (document === undefined || readPolicy(document).length === 0)
    throw new AwsError('MalformedPolicyDocument', 'The policy has no statement.');
  if (JSON.stringify(document).replaceAll(/\s/g, '').length > longestDocument)
    throw new AwsError('LimitExceeded', `Cannot exceed quota for PolicySize: ${longestDocument}`, 409);
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message);
}
