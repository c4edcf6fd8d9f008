/** The fleets of this account and Region: each stack writes the name of its operate function under one path. */
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { operateParameterName, parameterRoot } from '../recovery/names.ts';
import { type ClientOptions, clientConfig } from './client-config.ts';
import { type Retrying, withRetries } from './retry.ts';

const pageLimit = 10;
const parametersPerPage = 10;

/** Names of operate functions by fleet. @throws Fault */
export async function findFleets(
  retrying: Retrying,
  options: ClientOptions = {},
): Promise<ReadonlyMap<string, string>> {
  const ssm = new SSMClient(clientConfig(options));
  const found = new Map<string, string>();
  let NextToken: string | undefined;
  try {
    for (let page = 0; page < pageLimit; page += 1) {
      const command = new GetParametersByPathCommand({
        Path: parameterRoot,
        Recursive: true,
        MaxResults: parametersPerPage,
        NextToken,
      });
      const reply = await withRetries(retrying, 'ssm:GetParametersByPath', () => ssm.send(command));
      for (const { Name = '', Value = '' } of reply.Parameters ?? []) {
        const fleet = Name.slice(parameterRoot.length).split('/')[0] ?? '';
        if (Name === operateParameterName(fleet) && Value !== '') found.set(fleet, Value);
      }
      NextToken = reply.NextToken;
      if (NextToken === undefined) break;
    }
    return found;
  } finally {
    ssm.destroy();
  }
}
