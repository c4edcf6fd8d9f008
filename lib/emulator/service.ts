/** What a service is to the gateway: named operations with their shapes, and how the wire names them. */
import type { Caller, IamTarget } from './iam.ts';
import type { StructureShape, Value } from './shapes.ts';

/** One call as an operation sees it. */
export interface Call {
  readonly caller: Caller;
  readonly requestId: string;
}

/** A reply's members in order; a Date is a timestamp, an array a list, undefined is left out. */
export type Reply = { readonly [member: string]: unknown };

export interface Operation {
  readonly input: StructureShape;
  /** What IAM is asked about; `*` when absent. */
  readonly targets?: (input: never) => readonly IamTarget[];
  readonly run: (input: never, call: Call) => Reply | Promise<Reply>;
}

/** Keeps the input's type between shape, IAM targets and action. */
export function operation<S extends StructureShape>(
  input: S,
  run: (input: Value<S>, call: Call) => Reply | Promise<Reply>,
  targets?: (input: Value<S>) => readonly IamTarget[],
): Operation {
  return { input, run, ...(targets === undefined ? {} : { targets }) } as Operation;
}

export interface Service {
  /** The service's name in a SigV4 credential scope, which is how the gateway tells services apart. */
  readonly signingName: string;
  /** Prefix of its IAM actions. */
  readonly iamPrefix: string;
  /** `ec2`: EC2's own query dialect; `query`: AWS Query; `json`: X-Amz-Target. A service may speak several. */
  readonly wires: readonly ('ec2' | 'query' | 'json')[];
  /** Namespace of its XML replies. */
  readonly xmlNamespace?: string;
  readonly operations: { readonly [name: string]: Operation };
}

export interface WireRequest {
  readonly method: string;
  /** Path without the query string, still percent-encoded. */
  readonly path: string;
  readonly query: string;
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string };
  readonly body: Buffer;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: Buffer;
}

/** A service that reads the wire by itself: DynamoDB (dynalite) and the REST services. */
export interface RawService {
  readonly signingName: string;
  readonly iamPrefix: string;
  /** How it words an error: as JSON when absent, else in the XML of AWS Query, which REST with XML shares. */
  readonly errorWire?: 'query';
  /** Names the operation and what IAM is asked about, before anything happens. */
  readonly describe: (request: WireRequest) => {
    readonly operation: string;
    readonly action?: string;
    readonly input: unknown;
    readonly targets: readonly IamTarget[];
  };
  readonly handle: (request: WireRequest, call: Call) => Promise<WireResponse>;
}
