/** Lambda's Invoke by the SDK, for whoever's credentials need it: profiles, single sign-on, roles. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { Fault } from '../recovery/fault.ts';
import { clientConfig } from './client-config.ts';
import type { Invoked } from './invoke.ts';

/** A first start of the function and its looks at EC2 are in it. */
const requestTimeout = 20_000;
const connectionTimeout = 3_000;

/** @throws what the SDK throws */
export async function invokeWithSdk(
  FunctionName: string,
  Qualifier: string,
  payload: string,
): Promise<Invoked> {
  const requestHandler = { connectionTimeout, requestTimeout, throwOnRequestTimeout: true };
  const lambda = new LambdaClient(clientConfig({ requestHandler }));
  try {
    await requireRegion(() => lambda.config.region());
    const command = new InvokeCommand({ FunctionName, Qualifier, Payload: Buffer.from(payload) });
    const reply = await lambda.send(command);
    return {
      payload: Buffer.from(reply.Payload ?? []).toString('utf8'),
      functionError: reply.FunctionError,
    };
  } finally {
    lambda.destroy();
  }
}

/** The SDK gives this error no code. */
async function requireRegion(region: () => Promise<string>): Promise<void> {
  try {
    await region();
  } catch (cause) {
    throw new Fault(
      'invalid-settings',
      'no AWS Region: give --region, set AWS_REGION, or name one in the profile',
      'never',
      { cause },
    );
  }
}
