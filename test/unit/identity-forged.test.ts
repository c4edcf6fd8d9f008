import * as v from 'valibot';
import { expect, test } from 'vitest';
import { signedIdentity } from '../../lib/aws/caller.ts';
import { awsIdentities, type Execution } from '../../lib/aws/identity.ts';
import { operateFunctionName } from '../../lib/recovery/names.ts';
import { request } from '../../lib/recovery/order.ts';
import { plainRequest } from '../../lib/recovery/runbook-request.ts';

const arn = 'arn:aws:iam::123456789012:user/alice';
const client = {
  region: 'eu-central-1',
  credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret' },
};
function verify(asked: object, execution: Partial<Execution>, fleet = 'main', who = arn) {
  const identities = awsIdentities(
    {
      signer: async () => who,
      execution: async () => ({
        documentName: 'Holdfast-Switchover',
        status: 'InProgress',
        parameters: {},
        executedBy: arn,
        ...execution,
      }),
    },
    fleet,
  );
  return identities.verify(asked, v.parse(request, plainRequest(asked)));
}
const proof = { kind: 'runbook', executionId: 'e-1' } as const;

test('a run of a switchover to ServerB does not prove an order to ServerC', async () => {
  const asked = { action: 'switchover', tag: 'ip-db', server: 'ServerC', proof };
  expect(await verify(asked, { parameters: { Tag: ['ip-db'], Server: ['ServerB'] } })).toMatchObject({
    kind: 'unknown',
  });
});
test('a run that pauses for 15 minutes does not prove a pause of a week', async () => {
  const asked = { action: 'pause', tag: 'ip-db', forMinutes: '10080', proof };
  expect(
    await verify(asked, { documentName: 'Holdfast-Pause', parameters: { Tag: ['ip-db'], Minutes: ['15'] } }),
  ).toMatchObject({ kind: 'unknown' });
});
test('a proof for one fleet is none for another', async () => {
  const order = { action: 'pause', forMs: 60_000 } as const;
  const asked = { ...order, proof: await signedIdentity(order, operateFunctionName('main'), client) };
  const known = [await verify(asked, {}, 'main'), await verify(asked, {}, 'second')].filter(
    ({ kind }) => kind === 'known',
  );
  expect(known).toHaveLength(1);
});
test('a content-length other than that of the body is not sent', async () => {
  const order = { action: 'pause', forMs: 60_000 } as const;
  const signed = await signedIdentity(order, operateFunctionName('main'), client);
  const headers = {
    ...signed.headers,
    'content-length': '0',
    authorization: (signed.headers['authorization'] ?? '').replace(/SignedHeaders=[^,]+/, (l) =>
      l.includes('content-length') ? l : l.replace('=', '=content-length;'),
    ),
  };
  expect(await verify({ ...order, proof: { ...signed, headers } }, {})).toMatchObject({ kind: 'unknown' });
});
