/** Names that CloudFormation makes up where the template gives none. */
import type { Account } from '../account.ts';
import type { ResourceContext } from './provider.ts';

const suffixLength = 12;

/**
 * `<stack>-<logical id>-<random>`, cut in front of the suffix to fit
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html).
 */
export function generatedName(
  account: Account,
  { stackName, logicalId }: ResourceContext,
  maximumLength = 64,
): string {
  const stem = `${stackName}-${logicalId}`.slice(0, maximumLength - suffixLength - 1);
  return `${stem}-${account.random.hex(suffixLength).toUpperCase()}`;
}
