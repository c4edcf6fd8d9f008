/** Who vouches for an order, over the SDK: STS sends what the caller has signed, Systems Manager knows its runbooks' runs. */
import { GetAutomationExecutionCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { Fault } from '../recovery/fault.ts';
import type { Clients } from './clients.ts';
import type { Execution, Witnesses } from './identity.ts';
import { type Retrying, withRetries } from './retry.ts';

interface SdkRequest {
  headers: Record<string, string>;
  body?: unknown;
}

export function awsWitnesses(clients: Pick<Clients, 'sts' | 'ssm'>, retrying: Retrying): Witnesses {
  return {
    signer: (headers, body) => signer(clients, retrying, headers, body),
    execution: (executionId) => execution(clients.ssm, retrying, executionId),
  };
}

/** The request that the SDK would sign is replaced by the signed one; where it goes stays the SDK's own choice. */
async function signer(
  clients: Pick<Clients, 'sts'>,
  retrying: Retrying,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<string> {
  const [{ GetCallerIdentityCommand }, sts] = await Promise.all([
    import('@aws-sdk/client-sts'),
    clients.sts(),
  ]);
  const reply = await withRetries(retrying, 'sts:GetCallerIdentity', () => {
    const command = new GetCallerIdentityCommand({});
    command.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as SdkRequest;
        request.headers = { ...headers, host: request.headers['host'] ?? '' };
        request.body = body;
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low', name: 'sendWhatTheCallerSigned' },
    );
    return sts.send(command);
  });
  if (reply.Arn === undefined) throw new Fault('no-answer', 'sts:GetCallerIdentity named nobody', 'later');
  return reply.Arn;
}

async function execution(ssm: SSMClient, retrying: Retrying, executionId: string): Promise<Execution> {
  const command = new GetAutomationExecutionCommand({ AutomationExecutionId: executionId });
  const reply = await withRetries(retrying, 'ssm:GetAutomationExecution', () => ssm.send(command));
  const { DocumentName, AutomationExecutionStatus, Parameters, ExecutedBy } = reply.AutomationExecution ?? {};
  return {
    documentName: DocumentName ?? '',
    status: AutomationExecutionStatus ?? '',
    parameters: Parameters ?? {},
    executedBy: ExecutedBy ?? '',
  };
}
