/** AWS::IAM::Role, AWS::IAM::Policy and AWS::IAM::ManagedPolicy (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html). */
import type { Account } from './account.ts';
import { generatedName } from './cloudformation/names.ts';
import { type Created, provider, type ResourceProvider } from './cloudformation/provider.ts';
import { AwsError, notModelled } from './errors.ts';
import { managedPolicyProvider } from './iam-managed-policy.ts';
import { list, structure, type Value } from './shapes.ts';

const roleShape = structure({
  AssumeRolePolicyDocument: 'json',
  Description: 'string',
  ManagedPolicyArns: list('string'),
  Policies: list(structure({ PolicyName: 'string', PolicyDocument: 'json' })),
  RoleName: 'string',
  Tags: list(structure({ Key: 'string', Value: 'string' })),
});

const policyShape = structure({ PolicyDocument: 'json', PolicyName: 'string', Roles: list('string') });

/** https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaBasicExecutionRole.html and AWSLambdaBasicDurableExecutionRolePolicy.html */
const managedPolicies: { readonly [arn: string]: object } = {
  'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole': {
    Statement: [
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: '*',
      },
    ],
  },
  'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicDurableExecutionRolePolicy': {
    Statement: [
      {
        Effect: 'Allow',
        Action: [
          'logs:CreateLogGroup',
          'logs:CreateLogStream',
          'logs:PutLogEvents',
          'lambda:CheckpointDurableExecution',
          'lambda:GetDurableExecutionState',
        ],
        Resource: '*',
      },
    ],
  },
};

/** Managed, inline and attached policies share a role's map of policies: the first word tells them apart. */
type PolicyKind = 'managed' | 'inline' | 'attached';
const keyOf = (kind: PolicyKind, name: string): string => `${kind} ${name}`;

export function iamResources(account: Account): readonly ResourceProvider[] {
  return [roleProvider(account), policyProvider(account), managedPolicyProvider(account)];
}

function roleProvider(account: Account): ResourceProvider {
  const { iam } = account;
  const put = new Map<string, readonly string[]>();
  const attached = new Map<string, readonly string[]>();
  const putPolicies = (roleName: string, properties: Value<typeof roleShape>): void => {
    const documents = new Map<string, unknown>();
    const ofTheAccount: string[] = [];
    for (const arn of properties.ManagedPolicyArns ?? []) {
      if (iam.hasPolicy(arn)) ofTheAccount.push(arn);
      else if (managedPolicies[arn] === undefined) throw notModelled(`the managed policy ${arn}`);
      else documents.set(keyOf('managed', arn), managedPolicies[arn]);
    }
    for (const arn of attached.get(roleName) ?? []) iam.detachPolicy(arn, roleName);
    for (const arn of ofTheAccount) iam.attachPolicy(arn, [roleName]);
    attached.set(roleName, ofTheAccount);
    for (const { PolicyName = '', PolicyDocument } of properties.Policies ?? [])
      documents.set(keyOf('inline', PolicyName), PolicyDocument);
    for (const key of put.get(roleName) ?? []) iam.deleteRolePolicy(roleName, key);
    for (const [key, document] of documents) iam.putRolePolicy(roleName, key, document);
    put.set(roleName, [...documents.keys()]);
  };
  const created = (roleName: string): Created => ({
    physicalId: roleName,
    attributes: { Arn: iam.roleArn(roleName) },
  });
  return provider('AWS::IAM::Role', roleShape, {
    create(properties, context) {
      requireTrust(properties.AssumeRolePolicyDocument);
      const roleName = properties.RoleName ?? generatedName(account, context);
      if (iam.hasRole(roleName))
        throw new AwsError('EntityAlreadyExists', `Role with name ${roleName} already exists.`, 409);
      iam.putRole(roleName);
      try {
        putPolicies(roleName, properties);
      } catch (error) {
        iam.deleteRole(roleName);
        throw error;
      }
      return created(roleName);
    },
    update(roleName, properties) {
      requireTrust(properties.AssumeRolePolicyDocument);
      if (properties.RoleName !== undefined && properties.RoleName !== roleName)
        throw notModelled('the replacement of a role whose RoleName changed');
      putPolicies(roleName, properties);
      return created(roleName);
    },
    remove(roleName) {
      iam.deleteRole(roleName);
      put.delete(roleName);
      attached.delete(roleName);
    },
  });
}

function policyProvider(account: Account): ResourceProvider {
  const { iam } = account;
  const attached = new Map<string, { readonly key: string; readonly roles: readonly string[] }>();
  const detach = (physicalId: string): void => {
    const { key, roles } = attached.get(physicalId) ?? { key: '', roles: [] };
    for (const role of roles) iam.deleteRolePolicy(role, key);
    attached.delete(physicalId);
  };
  const attach = (physicalId: string, properties: Value<typeof policyShape>): Created => {
    const { PolicyName = '', Roles: roles = [], PolicyDocument } = properties;
    if (roles.length === 0)
      throw new AwsError('InvalidRequest', 'At least one of [Groups,Roles,Users] must be non-empty.');
    const key = keyOf('attached', PolicyName);
    for (const role of roles) iam.putRolePolicy(role, key, PolicyDocument);
    attached.set(physicalId, { key, roles });
    return { physicalId };
  };
  return provider('AWS::IAM::Policy', policyShape, {
    create: (properties, context) => attach(generatedName(account, context), properties),
    update(physicalId, properties) {
      detach(physicalId);
      return attach(physicalId, properties);
    },
    remove: detach,
  });
}

/** Without one, nothing could take the role. */
function requireTrust(document: unknown): void {
  const statements = (document as { readonly Statement?: unknown } | undefined)?.Statement;
  if (!Array.isArray(statements) || statements.length === 0)
    throw new AwsError('MalformedPolicyDocument', 'AssumeRolePolicyDocument has no statement');
}
