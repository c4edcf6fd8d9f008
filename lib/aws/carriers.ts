/** Hands an order to the recover function through its alias, asynchronously: whoever gave it watches the audit trail. */
import type { Carriers } from '../recovery/operate-ports.ts';
import type { Clients } from './clients.ts';
import { type Retrying, withRetries } from './retry.ts';

export function lambdaCarriers(
  clients: Pick<Clients, 'lambda'>,
  functionArn: string,
  retrying: Retrying,
): Carriers {
  return {
    async start(order) {
      const [{ InvokeCommand }, lambda] = await Promise.all([
        import('@aws-sdk/client-lambda'),
        clients.lambda(),
      ]);
      const command = new InvokeCommand({
        FunctionName: functionArn,
        InvocationType: 'Event',
        Payload: Buffer.from(JSON.stringify(order)),
      });
      await withRetries(retrying, 'lambda:Invoke', () => lambda.send(command));
    },
  };
}
