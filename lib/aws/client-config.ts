/**
 * What every SDK client of ours is created with: connection and request timeouts (the SDK has none by default: a
 * black-holed call would eat the function's whole time) and none of the SDK's retries. `AWS_ENDPOINT_URL` is honoured by
 * the SDK itself.
 */
const connectionTimeout = 1_000;
const requestTimeout = 4_000;

/** Options that every SDK client takes alike; tests give a transport and credentials. */
export interface ClientOptions {
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** A request handler as SDK clients take it. */
  readonly requestHandler?: unknown;
}

export function clientConfig(options: ClientOptions): object {
  return {
    maxAttempts: 1,
    requestHandler: { connectionTimeout, requestTimeout, throwOnRequestTimeout: true },
    ...options,
  };
}
