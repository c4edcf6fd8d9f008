/**
 * Who asks, for the engine to verify: an sts:GetCallerIdentity that the caller signs and does not send. The engine sends
 * it, and STS says who signed. Nothing secret is in it, and it is good for this order alone, for the minutes in which STS
 * takes a signature: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import type { AskedRequest } from '../recovery/order.ts';
import { type ClientOptions, clientConfig } from './client-config.ts';
import { faultOf } from './errors.ts';
import { orderDigest, orderHeader } from './order-digest.ts';

type SignedIdentity = Extract<NonNullable<AskedRequest['proof']>, { kind: 'signed-identity' }>;

interface SdkRequest {
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/**
 * @param order as it is sent, with or without a proof; a change afterwards makes the proof void
 * @param engine name of the operate function
 * @param options the engine's Region and the caller's credentials; without them, as the SDK finds them
 * @throws Fault `access-denied` when there are no credentials
 */
export async function signedIdentity(
  order: object,
  engine: string,
  options: ClientOptions = {},
): Promise<SignedIdentity> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const signed: SdkRequest[] = [];
  const requestHandler = {
    handle: async (request: SdkRequest) => {
      signed.push(request);
      throw new Captured();
    },
  };
  const sts = new STSClient(clientConfig({ ...options, requestHandler }));
  const command = new GetCallerIdentityCommand({});
  command.middlewareStack.add(
    (next) => (args) => {
      (args.request as SdkRequest).headers[orderHeader] = orderDigest(order, engine);
      return next(args);
    },
    { step: 'build', name: 'bindToOrder' },
  );
  try {
    await sts.send(command);
  } catch (error) {
    if (!(error instanceof Captured)) throw faultOf(error, 'sign sts:GetCallerIdentity');
  }
  const [request] = signed;
  if (request === undefined) throw new Error('the SDK sent nothing');
  return {
    kind: 'signed-identity',
    headers: signedHeaders(request.headers),
    body: String(request.body),
  };
}

/** Thrown in place of sending. */
class Captured extends Error {}

/** What the signature does not cover says nothing. */
function signedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const [, list = ''] = /SignedHeaders=([^,\s]+)/.exec(headers['authorization'] ?? '') ?? [];
  const names = new Set(['authorization', ...list.split(';')]);
  return Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => names.has(name)),
  );
}
