/** An operator of an incident: signs orders with credentials of their own and asks the deployed operate function. */
import { signedIdentity } from '../../lib/aws/caller.ts';
import type { Engine } from '../../lib/operator/engine.ts';
import { operateFunctionName } from '../../lib/recovery/names.ts';
import type { Answer, AskedRequest, Explanation, Status } from '../../lib/recovery/order.ts';
import { lambdaEngine } from '../fakes/lambda-engine.ts';
import { type Incident, minute, second, tag } from './incident.ts';

export interface Operator {
  readonly arn: string;
  /** With a proof of who gives it. */
  readonly order: (words: AskedRequest) => Promise<Answer>;
  readonly ask: (request: AskedRequest) => Promise<Answer>;
  readonly status: () => Promise<Status>;
  /** With a proof of who gives it, for `askAtOnce`. */
  readonly sign: (words: AskedRequest) => Promise<AskedRequest>;
  /** All in the same moment, whoever has signed them. */
  readonly askAtOnce: (requests: readonly AskedRequest[]) => Promise<readonly Answer[]>;
  readonly orderAtOnce: (words: readonly AskedRequest[]) => Promise<readonly Answer[]>;
  /** Gives the order and waits until its recovery has ended. */
  readonly orderToEnd: (words: AskedRequest) => Promise<Explanation>;
  readonly explain: (recovery: string) => Promise<Explanation>;
}

/** @param roleName a role of the account; the account's own operator when absent */
export function operatorOf(incident: Incident, roleName?: string): Operator {
  const { aws, clock, fleet } = incident;
  const { iam, region } = aws.account;
  const { accessKeyId, secretAccessKey } =
    roleName === undefined
      ? { accessKeyId: 'operator', secretAccessKey: 'operator' }
      : iam.credentialsOf(roleName);
  const credentials = { accessKeyId, secretAccessKey };
  const retrying = {
    clock: { now: () => clock.now(), sleep: (ms: number) => clock.sleep(ms) },
    chance: () => 0,
  };
  const engine: Engine = lambdaEngine(fleet.name, retrying, {
    region,
    credentials: { accessKeyId: 'operator', secretAccessKey: 'operator' },
    requestHandler: aws.requestHandler(),
  });

  const ask = (request: AskedRequest): Promise<Answer> => clock.run(engine.ask(request));

  const sign = async (words: AskedRequest): Promise<AskedRequest> => ({
    ...words,
    proof: await signedIdentity(words, operateFunctionName(fleet.name), { region, credentials }),
  });

  const order = async (words: AskedRequest): Promise<Answer> => ask(await sign(words));

  const askAtOnce = (requests: readonly AskedRequest[]): Promise<readonly Answer[]> =>
    clock.run(Promise.all(requests.map((request) => engine.ask(request))));

  async function explain(recovery: string): Promise<Explanation> {
    const answer = await ask({ action: 'explain', recovery });
    if (!answer.ok || answer.kind !== 'explanation') throw new Error(JSON.stringify(answer));
    return answer.explanation;
  }

  return {
    arn: iam.caller(accessKeyId).arn,
    ask,
    order,
    explain,
    sign,
    askAtOnce,
    orderAtOnce: async (words) => askAtOnce(await Promise.all(words.map(sign))),
    async status() {
      const answer = await ask({ action: 'status', tag });
      if (!answer.ok || answer.kind !== 'status') throw new Error(JSON.stringify(answer));
      return answer.status;
    },
    async orderToEnd(words) {
      const answer = await order(words);
      if (!answer.ok || answer.kind !== 'started') throw new Error(JSON.stringify(answer));
      for (const untilMs = clock.now() + 3 * minute; clock.now() <= untilMs; await clock.advance(second)) {
        const explanation = await explain(answer.recovery);
        if (explanation.ended) return explanation;
      }
      throw new Error(`${answer.recovery} did not end`);
    },
  };
}
