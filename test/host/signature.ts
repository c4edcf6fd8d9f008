/** Signature Version 4 by Node's own means, to compare with what the shell makes. */
import { createHash, createHmac } from 'node:crypto';

export interface SignedRequest {
  readonly service: string;
  readonly method: string;
  readonly path: string;
  /** In order, names in lower case. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly date: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** As AWS describes it: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
export function authorizationOf(request: SignedRequest): string {
  const { service, method, path, headers, body, date, region, accessKey, secretKey } = request;
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const names = headers.map(([name]) => name).join(';');
  const lines = headers.map(([name, value]) => `${name}:${value}\n`).join('');
  const canonical = [method, path, '', lines, names, sha256(body)].join('\n');
  const scope = `${date.slice(0, 8)}/${region}/${service}/aws4_request`;
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secretKey}`);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')).toString(
    'hex',
  );
  return `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
}
