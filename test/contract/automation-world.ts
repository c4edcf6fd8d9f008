/** An account with a function behind the alias `live`, Systems Manager and SNS: for tests of Automation and OpsCenter. */
import {
  type AutomationExecution,
  CreateDocumentCommand,
  GetAutomationExecutionCommand,
  SSMClient,
  type SSMClientConfig,
  StartAutomationExecutionCommand,
  type StartAutomationExecutionCommandInput,
} from '@aws-sdk/client-ssm';
import { type Clock, VirtualClock } from '../../lib/emulator/clock.ts';
import { Ec2 } from '../../lib/emulator/ec2/model.ts';
import type { HandlerFactory } from '../../lib/emulator/lambda/in-process-runtime.ts';
import { snsService } from '../../lib/emulator/sns/service.ts';
import { Sns } from '../../lib/emulator/sns/sns.ts';
import { Ssm } from '../../lib/emulator/ssm/model.ts';
import { ssmService } from '../../lib/emulator/ssm/service.ts';
import { sdkRequestHandler } from '../../lib/emulator/transports.ts';
import { inProcess, lambdaAccount } from './lambda-account.ts';

export const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:mover';
export const operatorArn = 'arn:aws:iam::123456789012:user/operator';

export function automationWorld<C extends Clock>(clock: C, factory: HandlerFactory) {
  const { account, gateway, lambda } = lambdaAccount(clock, inProcess(factory));
  const sns = new Sns(account);
  const ssm = new Ssm(account, new Ec2(account), gateway);
  gateway.add(snsService(sns));
  gateway.add(ssmService(ssm));
  const clientOf = (accessKeyId: string): SSMClient =>
    new SSMClient({
      region: 'us-east-1',
      credentials: { accessKeyId, secretAccessKey: 'test' },
      requestHandler: sdkRequestHandler(gateway) as NonNullable<SSMClientConfig['requestHandler']>,
      maxAttempts: 1,
    });
  const client = clientOf('test');
  return {
    account,
    gateway,
    lambda,
    sns,
    ssm,
    clock,
    client,
    /** A client with the role's credentials; the role may do what `statements` say. */
    clientAs(roleName: string, ...statements: readonly object[]): SSMClient {
      account.iam.putRole(roleName);
      account.iam.putRolePolicy(roleName, 'all', { Statement: statements });
      return clientOf(account.iam.credentialsOf(roleName).accessKeyId);
    },
    async create(Name: string, content: object): Promise<void> {
      const Content = JSON.stringify(content);
      await client.send(new CreateDocumentCommand({ Name, Content, DocumentType: 'Automation' }));
    },
    async start(
      DocumentName: string,
      input: Partial<StartAutomationExecutionCommandInput> = {},
      by = client,
    ): Promise<string> {
      const started = await by.send(new StartAutomationExecutionCommand({ DocumentName, ...input }));
      return started.AutomationExecutionId ?? '';
    },
    async execution(AutomationExecutionId: string) {
      const command = new GetAutomationExecutionCommand({ AutomationExecutionId });
      const { AutomationExecution } = await client.send(command);
      if (AutomationExecution === undefined) throw new Error('no execution in the answer');
      return AutomationExecution;
    },
  };
}

export type AutomationWorld = ReturnType<typeof automationWorld>;

/** A runbook of schema 0.3 with these steps. */
export function runbook(mainSteps: readonly object[], rest: object = {}): object {
  return { schemaVersion: '0.3', ...rest, mainSteps };
}

/** A step that invokes the function with `payload`. */
export function invoke(name: string, payload: object = {}, rest: object = {}): object {
  const inputs = { FunctionName: 'mover', Qualifier: 'live', InputPayload: payload };
  return { name, action: 'aws:invokeLambdaFunction', inputs, ...rest };
}

/** `name: status` of each step. */
export function stepsOf({ StepExecutions: steps = [] }: Pick<AutomationExecution, 'StepExecutions'>) {
  return steps.map(({ StepName, StepStatus }) => `${StepName}: ${StepStatus}`);
}

/** What the function of a told world is asked to do, and how. */
interface Told {
  readonly tag?: string;
  readonly fail?: boolean;
  readonly sleepMs?: number;
  readonly answer?: unknown;
}

export interface ToldWorld {
  readonly clock: VirtualClock;
  readonly w: AutomationWorld;
  /** What the function was told so far. */
  readonly told: readonly Told[];
  /** Starts a runbook of this content and lets `seconds` go by. */
  readonly ran: (
    content: object,
    parameters?: Record<string, string[]>,
    seconds?: number,
  ) => Promise<AutomationExecution>;
}

/** A world whose function does as its payload says. */
export function toldWorld(): ToldWorld {
  const clock = new VirtualClock();
  const told: Told[] = [];
  const w = automationWorld(clock, () => async (event) => {
    const order = event as Told;
    told.push(order);
    if (order.sleepMs !== undefined) await clock.sleep(order.sleepMs);
    if (order.fail === true) throw new RangeError('no backup interface');
    return order.answer ?? order;
  });
  return {
    clock,
    w,
    told,
    async ran(content, parameters = {}, seconds = 10) {
      await w.create('run', content);
      const id = await w.start('run', { Parameters: parameters });
      await clock.advance(seconds * 1_000);
      return w.execution(id);
    },
  };
}
