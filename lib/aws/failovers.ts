/** Starts the failover function through its alias, asynchronously: the recovery does not wait for it. */
import type { Failovers } from '../recovery/ports.ts';
import type { Clients } from './clients.ts';
import { type Retrying, withRetries } from './retry.ts';

export function lambdaFailovers(clients: Clients, functionArn: string, retrying: Retrying): Failovers {
  return {
    async start(escalation) {
      const [{ InvokeCommand }, lambda] = await Promise.all([
        import('@aws-sdk/client-lambda'),
        clients.lambda(),
      ]);
      const command = new InvokeCommand({
        FunctionName: functionArn,
        InvocationType: 'Event',
        Payload: Buffer.from(JSON.stringify(escalation)),
      });
      await withRetries(retrying, 'lambda:Invoke', () => lambda.send(command));
    },
  };
}
