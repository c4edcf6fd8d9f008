/** Asks the engine: one synchronous invocation of the operate function, whose IAM permission is the access control. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { Fault } from '../recovery/fault.ts';
import { liveAlias, operateFunctionName } from '../recovery/names.ts';
import type { Answer, AskedRequest } from '../recovery/order.ts';
import { type ClientOptions, clientConfig } from './client-config.ts';
import { type Retrying, withRetries } from './retry.ts';

export interface Engine {
  /**
   * A question is asked again when it got no answer. An order is asked again too, so each order is one that does nothing
   * the second time, or is refused. @throws Fault when the engine cannot be reached or fails; its own refusals come back as answers
   */
  ask(request: AskedRequest): Promise<Answer>;
}

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
