/** What `Ref` gives besides resources: the template's parameters and AWS's pseudo parameters. */
import type { Account } from '../account.ts';
import { AwsError, notModelled } from '../errors.ts';
import type { Template, TemplateParameter } from './template.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/pseudo-parameter-reference.html */
export function parameterValues(
  template: Template,
  account: Account,
  stackName: string,
  given: { readonly [name: string]: string },
): ReadonlyMap<string, unknown> {
  const declared = template.Parameters ?? {};
  for (const name of Object.keys(given))
    if (declared[name] === undefined)
      throw new AwsError('ValidationError', `Parameters: [${name}] do not exist in the template`);
  return new Map<string, unknown>([
    ['AWS::AccountId', account.id],
    ['AWS::Partition', 'aws'],
    ['AWS::Region', account.region],
    ['AWS::StackId', account.arn('cloudformation', `stack/${stackName}/embedded`)],
    ['AWS::StackName', stackName],
    ['AWS::URLSuffix', 'amazonaws.com'],
    ...Object.entries(declared).map(
      ([name, parameter]) => [name, parameterValue(name, parameter, given[name])] as const,
    ),
  ]);
}

function parameterValue(
  name: string,
  { Type, Default }: TemplateParameter,
  given: string | undefined,
): unknown {
  const value = given ?? Default;
  if (value === undefined) throw new AwsError('ValidationError', `Parameters: [${name}] must have values`);
  switch (Type) {
    case 'String':
      return String(value);
    case 'Number':
      return String(value);
    case 'CommaDelimitedList':
      return String(value)
        .split(',')
        .map((item) => item.trim());
    case 'AWS::SSM::Parameter::Value<String>':
      // The CDK's BootstrapVersion: only its own rule reads it, and there is no bootstrap stack here.
      if (String(value).startsWith('/cdk-bootstrap/')) return String(value);
      throw notModelled(
        `the SSM parameter ${String(value)} behind the template parameter ${name}`,
        'ValidationError',
      );
    default:
      throw notModelled(`the parameter type ${Type} of ${name}`, 'ValidationError');
  }
}
