import {
  CreateOpsItemCommand,
  type CreateOpsItemCommandInput,
  DescribeOpsItemsCommand,
  GetOpsItemCommand,
  type OpsItemFilter,
  UpdateOpsItemCommand,
  type UpdateOpsItemCommandInput,
} from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { type AutomationWorld, automationWorld, operatorArn } from './automation-world.ts';
import { refusal } from './two-servers.ts';

let clock: VirtualClock;
let w: AutomationWorld;

beforeEach(() => {
  clock = new VirtualClock();
  w = automationWorld(clock, () => async () => undefined);
});

async function create(input: Partial<CreateOpsItemCommandInput> = {}, by = w.client): Promise<string> {
  const { OpsItemId } = await by.send(
    new CreateOpsItemCommand({
      Title: 'ip-db is out of service',
      Description: 'Nobody could look',
      Source: 'holdfast',
      ...input,
    }),
  );
  return OpsItemId ?? '';
}

async function item(OpsItemId: string) {
  const { OpsItem } = await w.client.send(new GetOpsItemCommand({ OpsItemId }));
  return OpsItem;
}

const update = (OpsItemId: string, change: Partial<UpdateOpsItemCommandInput>) =>
  w.client.send(new UpdateOpsItemCommand({ OpsItemId, ...change }));

const dedup = (dedupString: string) => ({
  '/aws/dedup': { Value: JSON.stringify({ dedupString }), Type: 'SearchableString' as const },
});

describe('an OpsItem', () => {
  test('is open when it is made and shows who made it when', async () => {
    const data = { evidence: { Value: '{"alarm":"ip-db"}', Type: 'String' as const } };
    const id = await create({ Severity: '2', Priority: 1, Category: 'Recovery', OperationalData: data });
    expect(id).toMatch(/^oi-[0-9a-f]{12}$/);
    expect(await item(id)).toMatchObject({
      OpsItemId: id,
      OpsItemArn: `arn:aws:ssm:us-east-1:123456789012:opsitem/${id}`,
      Title: 'ip-db is out of service',
      Status: 'Open',
      Severity: '2',
      Priority: 1,
      Category: 'Recovery',
      Version: '1',
      CreatedBy: operatorArn,
      CreatedTime: new Date(clock.now()),
      OperationalData: data,
    });
  });

  test('keeps what a change does not name and counts its versions', async () => {
    const id = await create({ Severity: '3', OperationalData: { a: { Value: '1' }, b: { Value: '2' } } });
    await clock.advance(1_000);
    await update(id, {
      Status: 'InProgress',
      Title: 'seen',
      OperationalData: { c: { Value: '3' } },
      OperationalDataToDelete: ['a'],
    });
    const changed = await item(id);
    expect(changed).toMatchObject({ Status: 'InProgress', Title: 'seen', Severity: '3', Version: '2' });
    expect(Object.keys(changed?.OperationalData ?? {})).toEqual(['b', 'c']);
    expect(changed?.LastModifiedTime).toEqual(new Date(clock.now()));
  });

  test('with the same deduplication string is not made twice while the first is not resolved', async () => {
    const OperationalData = dedup('ip-db out of service');
    const first = await create({ OperationalData });
    expect(await refusal(create({ OperationalData }))).toMatch(
      new RegExp(`^OpsItemAlreadyExistsException: .*${first}`),
    );
    await create({ OperationalData, Source: 'another' });
    await update(first, { Status: 'InProgress' });
    expect(await refusal(create({ OperationalData }))).toMatch(/^OpsItemAlreadyExistsException/);
    await update(first, { Status: 'Resolved' });
    expect(await create({ OperationalData })).not.toBe(first);
    const changed = update(first, { OperationalData: dedup('other') });
    expect(await refusal(changed)).toMatch(/^OpsItemInvalidParameterException/);
  });

  test('is found by status, source and title, and shows a list only its searchable data', async () => {
    const searchable = { Value: 'ip-db', Type: 'SearchableString' as const };
    const first = await create({ OperationalData: { tag: searchable, evidence: { Value: 'x' } } });
    const second = await create({ Title: 'ip-web moved', Source: 'drill' });
    await update(second, { Status: 'Resolved' });
    const found = async (...OpsItemFilters: OpsItemFilter[]) => {
      const { OpsItemSummaries: all = [] } = await w.client.send(
        new DescribeOpsItemsCommand({ OpsItemFilters }),
      );
      return all;
    };
    const ids = async (...filters: OpsItemFilter[]) =>
      (await found(...filters)).map(({ OpsItemId }) => OpsItemId);
    expect(await ids()).toEqual([second, first]);
    expect(await ids({ Key: 'Status', Values: ['Open'], Operator: 'Equal' })).toEqual([first]);
    expect(await ids({ Key: 'Source', Values: ['drill'], Operator: 'Equal' })).toEqual([second]);
    expect(await ids({ Key: 'Title', Values: ['moved'], Operator: 'Contains' })).toEqual([second]);
    expect((await found()).map(({ OperationalData }) => OperationalData)).toEqual([{}, { tag: searchable }]);
    const unknown = ids({ Key: 'ResourceId', Values: ['a'], Operator: 'Equal' });
    expect(await refusal(unknown)).toMatch(/ResourceId/);
  });

  test.each<[string, Partial<CreateOpsItemCommandInput>, RegExp]>([
    ['a source of AWS', { Source: 'my-aws-tool' }, /^OpsItemInvalidParameterException: .*my-aws-tool/],
    ['no title', { Title: '' }, /^OpsItemInvalidParameterException: Title/],
    ['a title that is too long', { Title: 'a'.repeat(1_025) }, /1025/],
    ['a severity of its own', { Severity: 'high' }, /Severity high/],
    ['a category of its own', { Category: 'Network' }, /Category Network/],
    ['a priority of its own', { Priority: 6 }, /Priority 6/],
    ['data under a name of AWS', { OperationalData: { '/aws/other': { Value: 'x' } } }, /\/aws\/other/],
    ['20 kB of data and more', { OperationalData: { a: { Value: 'x'.repeat(20_481) } } }, /20480/],
    [
      'a deduplication string that is no JSON',
      { OperationalData: { '/aws/dedup': { Value: 'x' } } },
      /dedupString/,
    ],
    [
      'notifications, which are not modelled',
      { Notifications: [{ Arn: 'arn:aws:sns:us-east-1:1:t' }] },
      /Notifications/,
    ],
    ['another type', { OpsItemType: '/aws/changerequest' }, /changerequest/],
  ])('is refused with %s', async (_, input, expected) => {
    expect(await refusal(create(input))).toMatch(expected);
  });

  test('that is not there is not found', async () => {
    expect(await refusal(item('oi-0123456789ab'))).toMatch(/^OpsItemNotFoundException/);
    expect(await refusal(update('oi-0123456789ab', { Status: 'Open' }))).toMatch(/^OpsItemNotFoundException/);
  });

  test('is made by whom IAM lets, with tags by whom it lets tag too', async () => {
    const mayCreate = { Effect: 'Allow', Action: 'ssm:CreateOpsItem', Resource: '*' };
    const mayTag = { Effect: 'Allow', Action: 'ssm:AddTagsToResource', Resource: '*' };
    const Tags = [{ Key: 'holdfast', Value: 'prod' }];
    expect(await refusal(create({}, w.clientAs('nobody')))).toMatch(/^AccessDeniedException/);
    const creator = w.clientAs('creator', mayCreate);
    expect(await refusal(create({}, creator))).toBe('accepted');
    expect(await refusal(create({ Tags }, creator))).toMatch(/^AccessDeniedException: .*AddTagsToResource/);
    expect(await refusal(create({ Tags }, w.clientAs('tagger', mayCreate, mayTag)))).toBe('accepted');
  });

  test('meets planted faults like every call', async () => {
    w.account.faults.add({ operation: 'CreateOpsItem', effect: { kind: 'lose-response' } });
    const OperationalData = dedup('once');
    expect(await refusal(create({ OperationalData }))).not.toBe('accepted');
    expect(await refusal(create({ OperationalData }))).toMatch(/^OpsItemAlreadyExistsException/);
  });
});
