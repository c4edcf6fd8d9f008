/**
 * The one table that says what an AWS error means to us. Codes are compared without case: EC2 spells some in several
 * ways (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html).
 */
import { Fault, type FaultCode } from '../recovery/fault.ts';

type Meaning = readonly [FaultCode, 'later' | 'never'];

const throttled: Meaning = ['throttled', 'later'];
const unavailable: Meaning = ['service-unavailable', 'later'];
const noAnswer: Meaning = ['no-answer', 'later'];
const denied: Meaning = ['access-denied', 'never'];
const missing: Meaning = ['not-found', 'never'];
const refused: Meaning = ['refused', 'never'];
/** Of something that is still being changed. */
const notYet: Meaning = ['refused', 'later'];

const meanings = new Map<string, Meaning>([
  ['requestlimitexceeded', throttled],
  ['ec2throttledexception', throttled],
  ['throttling', throttled],
  ['throttlingexception', throttled],
  ['throttledexception', throttled],
  ['toomanyrequestsexception', throttled],
  ['provisionedthroughputexceededexception', throttled],
  ['requestthrottled', throttled],
  ['requestthrottledexception', throttled],
  ['slowdown', throttled],
  ['internalerror', unavailable],
  ['internalfailure', unavailable],
  ['internalservererror', unavailable],
  ['serviceunavailable', unavailable],
  ['serviceexception', unavailable],
  ['unavailable', unavailable],
  ['timeouterror', noAnswer],
  ['connectionlost', noAnswer],
  ['econnreset', noAnswer],
  ['econnrefused', noAnswer],
  ['etimedout', noAnswer],
  ['epipe', noAnswer],
  ['enotfound', noAnswer],
  ['eai_again', noAnswer],
  ['unauthorizedoperation', denied],
  ['accessdenied', denied],
  ['accessdeniedexception', denied],
  ['authfailure', denied],
  ['expiredtoken', denied],
  ['expiredtokenexception', denied],
  ['unrecognizedclientexception', denied],
  ['invalidclienttokenid', denied],
  ['signaturedoesnotmatch', denied],
  ['credentialsprovidererror', denied],
  ['invalidnetworkinterfaceid.notfound', missing],
  ['invalidinstanceid.notfound', missing],
  ['invalidallocationid.notfound', missing],
  ['invalidroutetableid.notfound', missing],
  ['invalidvolume.notfound', missing],
  ['invalidgroup.notfound', missing],
  ['nosuchhostedzone', missing],
  ['targetgroupnotfound', missing],
  ['targetgroupnotfoundexception', missing],
  ['resourcenotfoundexception', missing],
  ['priorrequestnotcomplete', notYet],
  ['volumeinuse', notYet],
  ['incorrectstate', notYet],
  ['invalidinstanceid', refused],
]);

/**
 * What was thrown by an SDK client, as a Fault. Anything that is no AWS error (a bug of ours) is thrown as it is.
 * @param what the call, for the message: `ec2:AssignPrivateIpAddresses`
 */
export function faultOf(error: unknown, what: string): Fault {
  if (error instanceof Fault) return error;
  const code = awsCode(error);
  if (code === undefined) throw error;
  const [fault, retry] = meanings.get(code.toLowerCase()) ?? byStatus(error);
  return new Fault(fault, `${what}: ${code}: ${messageOf(error)}`, retry, { cause: error });
}

/** AWS's error code, or the network's, however the SDK wraps it; undefined for what is neither. */
export function awsCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name, code, Code } = error as Error & { readonly code?: unknown; readonly Code?: unknown };
  if (typeof Code === 'string') return Code;
  if (typeof code === 'string' && meanings.has(code.toLowerCase())) return code;
  if ('$metadata' in error || meanings.has(name.toLowerCase())) return name;
  return undefined;
}

/** AWS's code behind a Fault, in lower case: EC2 spells some in several ways. */
export function codeBehind(fault: unknown): string | undefined {
  return awsCode(fault instanceof Error ? fault.cause : undefined)?.toLowerCase();
}

function byStatus(error: unknown): Meaning {
  const status = (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata
    ?.httpStatusCode;
  if (status === undefined) return noAnswer;
  if (status === 429) return throttled;
  return status >= 500 ? unavailable : refused;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
