/**
 * Who gives an order. The operate function sees only its event, so the order bears a proof, and AWS itself says whose it
 * is: STS, who has signed this order; Systems Manager, who has started this runbook. The idea of a GetCallerIdentity that
 * another sends is known from https://developer.hashicorp.com/vault/docs/auth/aws; what the answer is taken from, and what
 * may be in the request, is held tight here: our own endpoint, one fixed body, no header that is not signed.
 */
import { createHash } from 'node:crypto';
import { Fault } from '../recovery/fault.ts';
import { defaultFleetName, operateFunctionName } from '../recovery/names.ts';
import type { Identified, Identities } from '../recovery/operate-ports.ts';
import type { Request } from '../recovery/order.ts';
import { orderDigest, orderHeader } from './order-digest.ts';

type Proof = NonNullable<Request['proof']>;
type SignedIdentity = Extract<Proof, { kind: 'signed-identity' }>;

/** The run of a runbook, as Systems Manager has it. */
export interface Execution {
  readonly documentName: string;
  readonly status: string;
  readonly parameters: { readonly [name: string]: readonly string[] };
  readonly executedBy: string;
}

export interface Witnesses {
  /** Sends the signed request to our own Region's STS. @returns the ARN of who has signed it @throws Fault */
  readonly signer: (headers: Readonly<Record<string, string>>, body: string) => Promise<string>;
  /** @throws Fault */
  readonly execution: (executionId: string) => Promise<Execution>;
}

const body = 'Action=GetCallerIdentity&Version=2011-06-15';
const required = ['host', 'x-amz-date', orderHeader] as const;
/** What SDKs sign. Nothing among them changes what STS does or how it answers. */
const allowed: ReadonlySet<string> = new Set([
  ...required,
  'amz-sdk-invocation-id',
  'amz-sdk-request',
  'content-length',
  'content-type',
  'x-amz-content-sha256',
  'x-amz-security-token',
  'x-amz-user-agent',
]);
const longestHeader = 8_192;
const authorization =
  /^AWS4-HMAC-SHA256 Credential=[^,\s]+\/sts\/aws4_request,\s?SignedHeaders=([a-z0-9;-]+),\s?Signature=([0-9a-f]{64})$/;
const idLength = 32;
const usual: Readonly<Record<string, string>> = { force: 'false', forMinutes: '60' };

/** @param fleet an account may have several, each with runbooks of its own */
export function awsIdentities(witnesses: Witnesses, fleet: string): Identities {
  return {
    async verify(asked, request) {
      const { proof } = request;
      if (proof === undefined) return unknown('the order bears no proof of who gives it');
      try {
        return proof.kind === 'runbook'
          ? await byRunbook(witnesses, fleet, proof.executionId, asked, request)
          : await bySignature(witnesses, proof, asked, operateFunctionName(fleet));
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        return error.retry === 'later'
          ? { kind: 'could-not-look', why: error.message }
          : unknown(error.message);
      }
    },
  };
}

async function bySignature(
  witnesses: Witnesses,
  proof: SignedIdentity,
  asked: object,
  engine: string,
): Promise<Identified> {
  const wrong = wrongWith(proof, asked, engine);
  if (wrong !== null) return unknown(wrong);
  const arn = await witnesses.signer(proof.headers, proof.body);
  const via = /:assumed-role\/.+\/i-[0-9a-f]+$/.test(arn) ? 'instance' : 'command';
  return { kind: 'known', arn, via, id: idOf(proof.headers['authorization'] ?? '') };
}

/** Why the request is not one that may be sent; null when it is. */
function wrongWith(proof: SignedIdentity, asked: object, engine: string): string | null {
  if (proof.body !== body) return 'the proof is not a GetCallerIdentity';
  const [, list = ''] = authorization.exec(proof.headers['authorization'] ?? '') ?? [];
  if (list === '') return 'the proof is not signed for STS with AWS4-HMAC-SHA256';
  const signed = new Set(list.split(';'));
  for (const name of required) if (!signed.has(name)) return `the proof does not sign ${name}`;
  for (const [name, value] of Object.entries(proof.headers)) {
    if (name === 'authorization') continue;
    if (!allowed.has(name) || !signed.has(name))
      return `the proof has a header that it may not have: ${name.slice(0, 64)}`;
    if (value.length > longestHeader || /[\r\n]/.test(value)) return `the proof's ${name} is not a header`;
  }
  const length = proof.headers['content-length'];
  if (length !== undefined && length !== String(body.length))
    return 'the proof has the length of another body';
  return proof.headers[orderHeader] === orderDigest(asked, engine)
    ? null
    : 'the proof is signed for another order or another fleet';
}

async function byRunbook(
  witnesses: Witnesses,
  fleet: string,
  executionId: string,
  asked: object,
  request: Request,
): Promise<Identified> {
  const execution = await witnesses.execution(executionId);
  const { documentName, status, parameters, executedBy } = execution;
  const document = runbookName(fleet, request.action);
  if (documentName !== document)
    return unknown(
      `${executionId} is a run of ${documentName}, and ${request.action} is ordered by ${document}`,
    );
  if (status !== 'InProgress') return unknown(`${executionId} is not under way: ${status}`);
  const told = parameters['Tag']?.[0] ?? '';
  const tag = 'tag' in request ? (request.tag ?? '') : '';
  if (told !== tag) return unknown(`${executionId} is about "${told}", the order about "${tag}"`);
  const given = new Set(Object.values(parameters).flat());
  for (const [name, value] of Object.entries(asked))
    if (
      !['action', 'tag', 'proof'].includes(name) &&
      String(value) !== '' &&
      !given.has(String(value)) &&
      usual[name] !== String(value)
    )
      return unknown(`${executionId} was not started with this ${name}`);
  if (executedBy === '') return unknown(`Systems Manager does not say who has started ${executionId}`);
  return { kind: 'known', arn: executedBy, via: 'runbook', id: idOf(executionId) };
}

/** `move-to-backup` is ordered by `Holdfast-MoveToBackup`. */
function runbookName(fleet: string, action: string): string {
  const words = action.split('-').map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`);
  return fleet === defaultFleetName ? `Holdfast-${words.join('')}` : `Holdfast-${fleet}-${words.join('')}`;
}

function idOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, idLength);
}

function unknown(why: string): Identified {
  return { kind: 'unknown', why };
}
