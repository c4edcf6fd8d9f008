import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { execute } from './labs.ts';
import { missing, shells, titled } from './shells.ts';
import { authorizationOf, type SignedRequest } from './signature.ts';

const script = fileURLToPath(new URL('../../lib/host/sigv4.sh', import.meta.url));

/** Key and date of AWS's test suite for Signature Version 4. */
const suite = {
  service: 'service',
  path: '/',
  date: '20150830T123600Z',
  region: 'us-east-1',
  accessKey: 'AKIDEXAMPLE',
  secretKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
} as const;
const suiteHeaders = [
  ['host', 'example.amazonaws.com'],
  ['x-amz-date', suite.date],
] as const;

const metrics: SignedRequest = {
  service: 'monitoring',
  method: 'POST',
  path: '/',
  headers: [
    ['content-type', 'application/x-amz-json-1.0'],
    ['host', 'monitoring.eu-central-1.amazonaws.com'],
    ['x-amz-date', '20260105T100000Z'],
    ['x-amz-security-token', 'IQoJb3JpZ2luX2VjEJr//////////wEaCXVz+LWVhc3QtMSJHMEUCIQ=='],
    ['x-amz-target', 'GraniteServiceVersion20100801.PutMetricData'],
  ],
  body: '{"Namespace":"Holdfast","MetricData":[{"MetricName":"AddressHealthy","Value":1,"Unit":"%s \\\\ $x"}]}',
  date: '20260105T100000Z',
  region: 'eu-central-1',
  accessKey: 'ASIAEXAMPLE',
  secretKey: 'a/b+c==0123456789',
};

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function signing({
  service,
  method,
  path,
  headers,
  body,
  date,
  region,
  accessKey,
  secretKey,
}: SignedRequest): string {
  const lines = headers.map((each) => each.join(':')).join('\n');
  const names = headers.map(([name]) => name).join(';');
  const words = [service, method, path, lines, names, body].map(quoted).join(' ');
  return `access_key=${accessKey} secret_key=${quoted(secretKey)} region=${region} amz_date=${date}
sign ${words} && printf '%s\\n' "$authorization"`;
}

describe.each(shells.map((words) => ({ words, name: words.join(' ') })))(
  'signing under $name',
  ({ words }) => {
    const [shell, ...args] = words;
    const reason = missing(shell, 'openssl');

    async function run(...lines: readonly string[]): Promise<readonly string[]> {
      const text = [`set -u; signing_keys=''; newline='\n'; . ${script}`, ...lines].join('\n');
      const { stdout, stderr, exitCode } = await execute(shell, [...args, '-c', text]);
      expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
      return stdout.trimEnd().split('\n');
    }

    test.skipIf(reason !== undefined)(
      titled("gives the signatures of AWS's test suite: get-vanilla and post-vanilla", reason),
      async () => {
        const lines = await run(
          signing({ ...suite, method: 'GET', headers: suiteHeaders, body: '' }),
          signing({ ...suite, method: 'POST', headers: suiteHeaders, body: '' }),
        );
        expect(lines.map((line) => line.split('Signature=')[1])).toEqual([
          '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
          '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
        ]);
      },
    );

    test.skipIf(reason !== undefined)(
      titled('signs the session token and a body with every awkward character', reason),
      async () => {
        expect(await run(signing(metrics))).toEqual([authorizationOf(metrics)]);
      },
    );

    test.skipIf(reason !== undefined)(
      titled(
        'keeps a key for each service, and derives it anew on another day and for other credentials',
        reason,
      ),
      async () => {
        const events = { ...metrics, service: 'events' };
        const tomorrow = { ...metrics, date: '20260106T000000Z' };
        const renewed = { ...metrics, accessKey: 'ASIAOTHER', secretKey: 'other' };
        const requests = [metrics, events, metrics, tomorrow, renewed, events];
        expect(await run(...requests.map(signing))).toEqual(requests.map(authorizationOf));
        const counting = ['openssl', 'sha256sum']
          .map((tool) => `${tool}() { echo run >&3; command ${tool} "$@"; };`)
          .join(' ');
        const lines = await run(`${counting} exec 3>&1`, ...[metrics, events, metrics, events].map(signing));
        expect(lines.filter((line) => line === 'run')).toHaveLength(7 + 7 + 3 + 3);
      },
    );

    test.skipIf(reason !== undefined)(
      titled('gives no signature when a tool fails, and needs nothing but openssl', reason),
      async () => {
        for (const tool of ['openssl', 'sha256sum'])
          expect(await run(`${tool}() { return 1; }`, `${signing(metrics)} || echo none`)).toEqual(['none']);
        const without = 'command() { return 1; }';
        expect(await run(without, signing(metrics))).toEqual([authorizationOf(metrics)]);
      },
    );
  },
);
