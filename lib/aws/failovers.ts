/**
 * Starts the failover function through its alias, asynchronously: the recovery does not wait for it. The incident's name
 * makes it one durable execution however often it is started:
 * https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-idempotency.html
 */
import type { Failovers } from '../recovery/ports.ts';
import type { Clients } from './clients.ts';
import { codeBehind } from './errors.ts';
import { type Retrying, withRetries } from './retry.ts';

export function lambdaFailovers(
  clients: Pick<Clients, 'lambda'>,
  functionArn: string,
  retrying: Retrying,
): Failovers {
  return {
    async start(incident) {
      const [{ InvokeCommand }, lambda] = await Promise.all([
        import('@aws-sdk/client-lambda'),
        clients.lambda(),
      ]);
      const command = new InvokeCommand({
        FunctionName: functionArn,
        InvocationType: 'Event',
        DurableExecutionName: incident.name,
        Payload: Buffer.from(JSON.stringify(incident)),
      });
      try {
        await withRetries(retrying, 'lambda:Invoke', () => lambda.send(command));
      } catch (error) {
        if (codeBehind(error) !== 'durableexecutionalreadystartedexception') throw error;
      }
    },
  };
}
