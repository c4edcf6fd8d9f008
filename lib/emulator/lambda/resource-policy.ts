/** Resource policies of functions: which service may invoke, on behalf of which source. */
import { AwsError } from '../errors.ts';
import { matches } from '../iam.ts';
import type { Permission } from './model.ts';

export interface Invoker {
  readonly principal: string;
  readonly sourceArn: string;
  /** The account that the source belongs to. */
  readonly sourceAccount: string;
}

/**
 * Every service needs a statement that names it; the source, when named, is matched with ArnLike
 * (https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html, SourceArn).
 * @throws AwsError AccessDeniedException
 */
export function requireAdmission(
  permissions: readonly Permission[],
  functionArn: string,
  invoker: Invoker,
): void {
  const admitted = permissions.some(
    ({ principal, action, sourceArn, sourceAccount }) =>
      principal === invoker.principal &&
      matches(action, 'lambda:InvokeFunction') &&
      (sourceArn === undefined || matches(sourceArn, invoker.sourceArn)) &&
      (sourceAccount === undefined || sourceAccount === invoker.sourceAccount),
  );
  if (!admitted)
    throw new AwsError(
      'AccessDeniedException',
      `User: ${invoker.principal} is not authorized to perform: lambda:InvokeFunction on resource: ${functionArn} because no resource-based policy allows the lambda:InvokeFunction action`,
      403,
    );
}

/** The policy as GetPolicy prints it (https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html). */
export function policyDocument(permissions: readonly Permission[], functionArn: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Id: 'default',
    Statement: permissions.map(({ statementId, principal, action, sourceArn, sourceAccount }) => ({
      Sid: statementId,
      Effect: 'Allow',
      Principal: { Service: principal },
      Action: action,
      Resource: functionArn,
      ...(sourceArn === undefined && sourceAccount === undefined
        ? {}
        : {
            Condition: {
              ...(sourceAccount === undefined
                ? {}
                : { StringEquals: { 'AWS:SourceAccount': sourceAccount } }),
              ...(sourceArn === undefined ? {} : { ArnLike: { 'AWS:SourceArn': sourceArn } }),
            },
          }),
    })),
  });
}
