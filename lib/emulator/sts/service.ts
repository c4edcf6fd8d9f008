/** STS: who am I. Nobody needs a permission for it: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
import { createHash } from 'node:crypto';
import { operation, type Service } from '../service.ts';
import { structure } from '../shapes.ts';

export function stsService(): Service {
  return {
    signingName: 'sts',
    iamPrefix: 'sts',
    wires: ['query'],
    xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    operations: {
      GetCallerIdentity: operation(
        structure({}),
        (_, { caller }) => ({
          UserId: userId(caller.arn, caller.roleName),
          Account: caller.accountId,
          Arn: caller.arn,
        }),
        () => [],
      ),
    },
  };
}

/** `AROA…:session` for a role, `AIDA…` for a user: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html */
function userId(arn: string, roleName: string | undefined): string {
  const unique = createHash('sha256')
    .update(roleName ?? arn)
    .digest('hex')
    .slice(0, 17)
    .toUpperCase();
  return roleName === undefined ? `AIDA${unique}` : `AROA${unique}:${arn.split('/').at(-1) ?? ''}`;
}
