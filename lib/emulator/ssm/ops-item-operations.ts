/** OpsCenter on the wire: API_CreateOpsItem.html and its neighbours in https://docs.aws.amazon.com/systems-manager/latest/APIReference/. Notifications and related items are refused by name. */
import { AwsError, notModelled } from '../errors.ts';
import type { IamTarget } from '../iam.ts';
import { type Operation, operation, type Reply } from '../service.ts';
import { list, map, structure, type Value } from '../shapes.ts';
import type { Ssm } from './model.ts';
import type { OperationalData, OpsItem } from './ops-items.ts';
import { page } from './pages.ts';

const dataShape = map(structure({ Value: 'string', Type: 'string' }));
const filterShape = structure({ Key: 'string', Values: list('string'), Operator: 'string' });

export function opsItemOperations(ssm: Ssm): { readonly [name: string]: Operation } {
  const { opsItems, account } = ssm;
  const onItem = ({ OpsItemId = '' }: { readonly OpsItemId?: string }) => [itemTarget(ssm, OpsItemId)];
  return {
    CreateOpsItem: operation(
      structure({
        Title: 'string',
        Description: 'string',
        Source: 'string',
        OpsItemType: 'string',
        Priority: 'integer',
        Severity: 'string',
        Category: 'string',
        OperationalData: dataShape,
        Tags: list(structure({ Key: 'string', Value: 'string' })),
      }),
      (input, { caller }) => {
        const { OpsItemType = '/aws/issue', Tags = [] } = input;
        if (OpsItemType !== '/aws/issue')
          throw notModelled(`OpsItems of type ${OpsItemType}`, 'OpsItemInvalidParameterException');
        // "To add tags to a new OpsItem, a user must have IAM permissions for both."
        const action = 'ssm:AddTagsToResource';
        const denied = Tags.length > 0 && account.iam.firstDenied(caller, action, [itemTarget(ssm, '*')]);
        if (denied)
          throw new AwsError(
            'AccessDeniedException',
            `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${denied.arn} because no identity-based policy allows the ${action} action`,
          );
        const { id, arn } = opsItems.create(caller.arn, {
          title: input.Title ?? '',
          description: input.Description ?? '',
          source: input.Source ?? '',
          priority: input.Priority,
          severity: input.Severity,
          category: input.Category,
          data: readData(input.OperationalData),
          tags: Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])),
        });
        return { OpsItemId: id, OpsItemArn: arn };
      },
    ),
    GetOpsItem: operation(
      structure({ OpsItemId: 'string' }),
      ({ OpsItemId = '' }) => {
        const item = opsItems.get(OpsItemId);
        const { description, version, arn, data } = item;
        return {
          OpsItem: {
            ...common(item),
            Description: description,
            Version: String(version),
            OpsItemArn: arn,
            OperationalData: data,
            Notifications: [],
            RelatedOpsItems: [],
          },
        };
      },
      onItem,
    ),
    UpdateOpsItem: operation(
      structure({
        OpsItemId: 'string',
        Title: 'string',
        Description: 'string',
        Status: 'string',
        Priority: 'integer',
        Severity: 'string',
        Category: 'string',
        OperationalData: dataShape,
        OperationalDataToDelete: list('string'),
      }),
      (input, { caller }) => {
        const { Title, Description, Status, Priority, Severity, Category } = input;
        opsItems.update(caller.arn, input.OpsItemId ?? '', {
          ...(Title === undefined ? {} : { title: Title }),
          ...(Description === undefined ? {} : { description: Description }),
          ...(Status === undefined ? {} : { status: Status }),
          ...(Priority === undefined ? {} : { priority: Priority }),
          ...(Severity === undefined ? {} : { severity: Severity }),
          ...(Category === undefined ? {} : { category: Category }),
          data: readData(input.OperationalData),
          dataToDelete: input.OperationalDataToDelete ?? [],
        });
        return {};
      },
      onItem,
    ),
    DescribeOpsItems: operation(
      structure({ OpsItemFilters: list(filterShape), MaxResults: 'integer', NextToken: 'string' }),
      ({ OpsItemFilters = [], MaxResults, NextToken }) => {
        const tests = OpsItemFilters.map(readFilter);
        const chosen = opsItems.all().filter((item) => tests.every((passes) => passes(item)));
        const { items, nextToken } = page(chosen, MaxResults, NextToken);
        return { OpsItemSummaries: items.map(summary), NextToken: nextToken };
      },
    ),
  };
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html */
function itemTarget({ account }: Ssm, id: string): IamTarget {
  return { arn: account.arn('ssm', `opsitem/${id}`) };
}

function common(item: OpsItem): Reply {
  return {
    OpsItemId: item.id,
    OpsItemType: '/aws/issue',
    Title: item.title,
    Source: item.source,
    Status: item.status,
    Priority: item.priority,
    Severity: item.severity,
    Category: item.category,
    CreatedBy: item.createdBy,
    CreatedTime: new Date(item.createdAtMs),
    LastModifiedBy: item.modifiedBy,
    LastModifiedTime: new Date(item.modifiedAtMs),
  };
}

/** Only data that may be searched for is shown to whoever may list. */
function summary(item: OpsItem): Reply {
  const searchable = Object.entries(item.data).filter(([, { Type }]) => Type === 'SearchableString');
  return { ...common(item), OperationalData: Object.fromEntries(searchable) };
}

function readData(raw: Value<typeof dataShape> = {}): OperationalData {
  return Object.fromEntries(
    Object.entries(raw).map(([key, { Value = '', Type = 'String' }]) => {
      if (Type !== 'String' && Type !== 'SearchableString')
        throw new AwsError('OpsItemInvalidParameterException', `OperationalData ${key} has the type ${Type}`);
      return [key, { Value, Type }];
    }),
  );
}

const filterKeys: { readonly [key: string]: (item: OpsItem) => string } = {
  Category: ({ category = '' }) => category,
  OpsItemId: ({ id }) => id,
  Priority: ({ priority }) => String(priority ?? ''),
  Severity: ({ severity = '' }) => severity,
  Source: ({ source }) => source,
  Status: ({ status }) => status,
  Title: ({ title }) => title,
};
/** The operators of each key: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeOpsItems.html */
const containable: readonly string[] = ['Source', 'Title'];

function readFilter({
  Key = '',
  Values = [],
  Operator = '',
}: Value<typeof filterShape>): (item: OpsItem) => boolean {
  const textOf = Object.hasOwn(filterKeys, Key) ? filterKeys[Key] : undefined;
  if (textOf === undefined) throw notModelled(`the filter key ${Key}`, 'ValidationException');
  if (Operator === 'Equal') return (item) => Values.includes(textOf(item));
  if (Operator === 'Contains' && containable.includes(Key))
    return (item) => Values.some((value) => textOf(item).includes(value));
  throw notModelled(`the operator ${Operator} for ${Key}`, 'ValidationException');
}
