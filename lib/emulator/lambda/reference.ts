/** How a function is named on the wire: name, partial ARN or ARN, each with an optional version or alias behind it. */
import { AwsError } from '../errors.ts';

export interface FunctionReference {
  readonly functionName: string;
  /** Version number, alias name or `$LATEST`; absent for the unqualified function. */
  readonly qualifier: string | undefined;
}

/** Pattern of FunctionName in https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
const namePattern =
  /^(?:arn:aws[a-zA-Z-]*:lambda:[a-z]{2}(?:-gov)?-[a-z]+-\d:)?(?:\d{12}:)?(?:function:)?([a-zA-Z0-9_-]+)(?::(\$LATEST|[a-zA-Z0-9_-]+))?$/;

/** @throws AwsError ValidationException, InvalidParameterValueException */
export function readReference(name: string, qualifier?: string): FunctionReference {
  const match = namePattern.exec(name);
  const functionName = match?.[1];
  if (match === null || functionName === undefined)
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value '${name}' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern`,
    );
  const inName = match[2];
  if (inName !== undefined && qualifier !== undefined && inName !== qualifier)
    throw new AwsError(
      'InvalidParameterValueException',
      'The derived qualifier from the function name does not match the specified qualifier.',
    );
  return { functionName, qualifier: qualifier ?? inName };
}
