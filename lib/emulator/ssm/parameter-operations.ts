import type { Account } from '../account.ts';
import type { IamTarget } from '../iam.ts';
import { type Operation, operation, type Reply } from '../service.ts';
import { list, structure } from '../shapes.ts';
import type { Ssm } from './model.ts';
import { page } from './pages.ts';
import type { StoredParameter } from './parameters.ts';

/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html */
const mostByPath = 10;

/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html and its neighbours. */
export function parameterOperations(ssm: Ssm): { readonly [name: string]: Operation } {
  const { account, parameters } = ssm;
  return {
    PutParameter: operation(
      structure({
        Name: 'string',
        Type: 'string',
        Value: 'string',
        Description: 'string',
        Overwrite: 'boolean',
      }),
      ({ Name = '', Type, Value = '', Overwrite }) => {
        const plan = { name: Name, type: Type, value: Value, overwrite: Overwrite ?? false };
        return { Version: parameters.put(plan).version, Tier: 'Standard' };
      },
      ({ Name = '' }) => [parameterTarget(account, Name)],
    ),
    GetParameter: operation(
      structure({ Name: 'string', WithDecryption: 'boolean' }),
      ({ Name = '' }) => ({ Parameter: item(account, parameters.get(Name)) }),
      ({ Name = '' }) => [parameterTarget(account, Name)],
    ),
    GetParameters: operation(
      structure({ Names: list('string'), WithDecryption: 'boolean' }),
      ({ Names = [] }) => ({
        Parameters: Names.flatMap((name) => parameters.find(name) ?? []).map((each) => item(account, each)),
        InvalidParameters: Names.filter((name) => parameters.find(name) === undefined),
      }),
      ({ Names = [] }) => Names.map((name) => parameterTarget(account, name)),
    ),
    GetParametersByPath: operation(
      structure({
        Path: 'string',
        Recursive: 'boolean',
        WithDecryption: 'boolean',
        MaxResults: 'integer',
        NextToken: 'string',
      }),
      ({ Path = '', Recursive = false, MaxResults = mostByPath, NextToken }) => {
        const { items, nextToken } = page(
          parameters.below(Path, Recursive),
          Math.min(MaxResults, mostByPath),
          NextToken,
        );
        return { Parameters: items.map((each) => item(account, each)), NextToken: nextToken };
      },
      ({ Path = '' }) => [parameterTarget(account, Path.replace(/\/$/, ''))],
    ),
    DeleteParameter: operation(
      structure({ Name: 'string' }),
      ({ Name = '' }) => {
        parameters.remove(Name);
        return {};
      },
      ({ Name = '' }) => [parameterTarget(account, Name)],
    ),
  };
}

function parameterTarget(account: Account, name: string): IamTarget {
  return { arn: parameterArn(account, name) };
}

/** The slash before a hierarchical name is not doubled. */
function parameterArn(account: Account, name: string): string {
  return account.arn('ssm', `parameter/${name.replace(/^\//, '')}`);
}

function item(account: Account, parameter: StoredParameter): Reply {
  return {
    Name: parameter.name,
    Type: parameter.type,
    Value: parameter.value,
    Version: parameter.version,
    LastModifiedDate: new Date(parameter.modifiedAtMs),
    ARN: parameterArn(account, parameter.name),
    DataType: 'text',
  };
}
