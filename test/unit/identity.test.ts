/** Who gives an order: what the engine believes, and of whom. */

import * as v from 'valibot';
import { expect, test } from 'vitest';
import { signedIdentity } from '../../lib/aws/caller.ts';
import { awsIdentities, type Execution, type Witnesses } from '../../lib/aws/identity.ts';
import { Fault } from '../../lib/recovery/fault.ts';
import { operateFunctionName } from '../../lib/recovery/names.ts';
import type { Identified } from '../../lib/recovery/operate-ports.ts';
import { type Request, request } from '../../lib/recovery/order.ts';

const arn = 'arn:aws:iam::123456789012:user/alice';
const client = {
  region: 'eu-central-1',
  credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret' },
};
const order = { action: 'switchover', tag: 'ip-db', server: 'ServerB', reason: 'patch' } as const;
const execution: Execution = {
  documentName: 'Holdfast-Switchover',
  status: 'InProgress',
  parameters: { Tag: ['ip-db'], Server: ['ServerB'], Reason: ['patch'] },
  executedBy: arn,
};

interface Signed {
  readonly kind: 'signed-identity';
  readonly headers: Record<string, string>;
  readonly body: string;
}

async function verify(
  asked: object,
  witnesses: Partial<Witnesses> = {},
  fleet = 'main',
): Promise<Identified> {
  const identities = awsIdentities(
    {
      signer: witnesses.signer ?? (async () => arn),
      execution: witnesses.execution ?? (async () => execution),
    },
    fleet,
  );
  return identities.verify(asked, read(asked));
}

function read(asked: object): Request {
  return v.parse(request, asked);
}

async function signed(change: (proof: Signed) => object = (proof) => proof): Promise<object> {
  return {
    ...order,
    proof: change((await signedIdentity(order, operateFunctionName('main'), client)) as Signed),
  };
}

test('who has signed the order gives it, and the signed request goes to STS as it is', async () => {
  const sent: [Readonly<Record<string, string>>, string][] = [];
  const asked = await signed();
  const identified = await verify(asked, {
    signer: async (headers, body) => {
      sent.push([headers, body]);
      return arn;
    },
  });
  expect(identified).toMatchObject({ kind: 'known', arn, via: 'command' });
  expect(sent).toMatchObject([
    [
      { host: 'sts.eu-central-1.amazonaws.com', authorization: expect.stringContaining('x-holdfast-order') },
      'Action=GetCallerIdentity&Version=2011-06-15',
    ],
  ]);
});

test('the proof holds no secret key, and nothing that is not signed', async () => {
  const { headers } = await signedIdentity(order, operateFunctionName('main'), client);
  const [, list = ''] = /SignedHeaders=([^,]+)/.exec(headers['authorization'] ?? '') ?? [];
  expect(Object.keys(headers).toSorted()).toEqual(['authorization', ...list.split(';')].toSorted());
  expect(JSON.stringify(headers)).not.toContain('secret');
});

test('fields in another order are the same order, and the same proof has the same id', async () => {
  const asked = (await signed()) as { readonly proof: object };
  const { action, tag, server, reason } = order;
  const first = await verify(asked);
  expect(await verify({ proof: asked.proof, reason, server, tag, action })).toEqual(first);
  expect(await verify(await signed())).not.toEqual(first);
});

test('a session of an instance’s role is known as one', async () => {
  const session = 'arn:aws:sts::123456789012:assumed-role/holdfast-agent/i-0a1b2c3d4e5f60001';
  expect(await verify(await signed(), { signer: async () => session })).toMatchObject({
    via: 'instance',
    arn: session,
  });
});

const bad: readonly (readonly [string, (proof: Signed) => object, string])[] = [
  [
    'that is another call',
    (proof) => ({ ...proof, body: 'Action=AssumeRole&Version=2011-06-15' }),
    'not a GetCallerIdentity',
  ],
  [
    'with another action behind it',
    (proof) => ({ ...proof, body: `${proof.body}&Action=AssumeRole` }),
    'not a GetCallerIdentity',
  ],
  [
    'that is not signed',
    ({ headers: { authorization: _, ...headers }, ...proof }) => ({ ...proof, headers }),
    'not signed',
  ],
  [
    'for another service',
    (proof) => withHeader(proof, 'authorization', (text) => text.replace('/sts/', '/s3/')),
    'not signed',
  ],
  [
    'whose signature does not cover the order',
    (proof) => withHeader(proof, 'authorization', (text) => text.replace(';x-holdfast-order', '')),
    'does not sign x-holdfast-order',
  ],
  [
    'whose signature does not cover the host',
    (proof) => withHeader(proof, 'authorization', (text) => text.replace(';host;', ';')),
    'does not sign host',
  ],
  [
    'for another order',
    (proof) => withHeader(proof, 'x-holdfast-order', () => '0'.repeat(64)),
    'for another order',
  ],
  [
    'with a header beside',
    (proof) => withHeader(proof, 'accept', () => 'application/json'),
    'may not have: accept',
  ],
  [
    'with a header that breaks a line',
    (proof) => withHeader(proof, 'x-amz-date', () => 'a\r\nb: c'),
    'is not a header',
  ],
];

function withHeader(proof: Signed, name: string, change: (value: string) => string): object {
  return { ...proof, headers: { ...proof.headers, [name]: change(proof.headers[name] ?? '') } };
}

test.each(bad)('a proof %s is not sent', async (_, change, why) => {
  const sent: string[] = [];
  const signer = async () => {
    sent.push('sent');
    return arn;
  };
  expect(await verify(await signed(change), { signer })).toEqual({
    kind: 'unknown',
    why: expect.stringContaining(why),
  });
  expect(sent).toEqual([]);
});

test('a changed order is not the one that was signed', async () => {
  const asked = await signed();
  for (const change of [{ server: 'ServerC' }, { dryRun: true }, { reason: undefined }])
    expect(await verify(JSON.parse(JSON.stringify({ ...asked, ...change })))).toMatchObject({
      kind: 'unknown',
      why: 'the proof is signed for another order or another fleet',
    });
});

test('an order without a proof is nobody’s', async () => {
  expect(await verify(order)).toMatchObject({ kind: 'unknown' });
});

test('STS refuses: nobody; STS gives no answer: nobody could look', async () => {
  const refusing = async (): Promise<string> => {
    throw new Fault('access-denied', 'SignatureDoesNotMatch', 'never');
  };
  const silent = async (): Promise<string> => {
    throw new Fault('no-answer', 'timeout', 'later');
  };
  expect(await verify(await signed(), { signer: refusing })).toMatchObject({ kind: 'unknown' });
  expect(await verify(await signed(), { signer: silent })).toMatchObject({ kind: 'could-not-look' });
});

const byRunbook = { ...order, proof: { kind: 'runbook', executionId: 'e-1' } } as const;

test('who has started the runbook gives its order', async () => {
  expect(await verify(byRunbook)).toMatchObject({ kind: 'known', arn, via: 'runbook' });
  const other = { ...execution, documentName: 'Holdfast-second-Switchover' };
  expect(await verify(byRunbook, { execution: async () => other }, 'second')).toMatchObject({
    kind: 'known',
  });
});

test.each<[string, Partial<Execution>]>([
  ['of another document', { documentName: 'Holdfast-Status' }],
  ['of another fleet’s document', { documentName: 'Holdfast-second-Switchover' }],
  ['of a document that is not ours', { documentName: 'AWS-RestartEC2Instance' }],
  ['that is over', { status: 'Success' }],
  ['that waits for an approval', { status: 'Waiting' }],
  ['about another resource', { parameters: { Tag: ['ip-web'] } }],
  ['about no resource', { parameters: {} }],
  ['that nobody has started', { executedBy: '' }],
])('a run %s proves nothing', async (_, change) => {
  expect(await verify(byRunbook, { execution: async () => ({ ...execution, ...change }) })).toMatchObject({
    kind: 'unknown',
  });
});

test('a run that Systems Manager does not know proves nothing', async () => {
  const unknown = async (): Promise<Execution> => {
    throw new Fault('refused', 'AutomationExecutionNotFoundException', 'never');
  };
  expect(await verify(byRunbook, { execution: unknown })).toMatchObject({ kind: 'unknown' });
});
