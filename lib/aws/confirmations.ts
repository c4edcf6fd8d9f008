/** Gives a person's answer to the failover that waits for it: the callback of a durable execution. */
import type { Confirmations } from '../recovery/confirmation.ts';
import type { Clients } from './clients.ts';
import { codeBehind } from './errors.ts';
import { type Retrying, withRetries } from './retry.ts';

/** https://docs.aws.amazon.com/lambda/latest/api/API_SendDurableExecutionCallbackSuccess.html */
const nobodyWaits: ReadonlySet<string | undefined> = new Set([
  'callbacktimeoutexception',
  'resourcenotfoundexception',
  'invalidparametervalueexception',
]);

export function lambdaConfirmations(clients: Pick<Clients, 'lambda'>, retrying: Retrying): Confirmations {
  return {
    async answer(callbackId, confirmation) {
      const [{ SendDurableExecutionCallbackSuccessCommand }, lambda] = await Promise.all([
        import('@aws-sdk/client-lambda'),
        clients.lambda(),
      ]);
      const command = new SendDurableExecutionCallbackSuccessCommand({
        CallbackId: callbackId,
        Result: Buffer.from(JSON.stringify(confirmation)),
      });
      try {
        await withRetries(retrying, 'lambda:SendDurableExecutionCallbackSuccess', () => lambda.send(command));
        return 'taken';
      } catch (error) {
        if (nobodyWaits.has(codeBehind(error))) return 'too-late';
        throw error;
      }
    },
  };
}
