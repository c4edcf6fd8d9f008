/** The engine by a client of the test's own, in process: requests go as they are, with the proof that they bear. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { type ClientOptions, clientConfig } from '../../lib/aws/client-config.ts';
import { type Retrying, withRetries } from '../../lib/aws/retry.ts';
import type { Engine } from '../../lib/operator/engine.ts';
import { Fault } from '../../lib/recovery/fault.ts';
import { liveAlias, operateFunctionName } from '../../lib/recovery/names.ts';
import type { Answer } from '../../lib/recovery/order.ts';

export function lambdaEngine(fleet: string, retrying: Retrying, options: ClientOptions = {}): Engine {
  const lambda = new LambdaClient(clientConfig(options));
  const name = operateFunctionName(fleet);
  return {
    async ask(request) {
      const command = new InvokeCommand({
        FunctionName: name,
        Qualifier: liveAlias,
        Payload: Buffer.from(JSON.stringify(request)),
      });
      const reply = await withRetries(retrying, `lambda:Invoke ${name}`, () => lambda.send(command));
      const payload: unknown = JSON.parse(Buffer.from(reply.Payload ?? []).toString('utf8') || 'null');
      if (reply.FunctionError !== undefined)
        throw new Fault(
          'service-unavailable',
          `${name} failed: ${JSON.stringify(payload).slice(0, 300)}`,
          'later',
        );
      return payload as Answer;
    },
  };
}
