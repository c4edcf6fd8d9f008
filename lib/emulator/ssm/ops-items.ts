/**
 * OpsCenter: work items for people, kept once per deduplication string and source as long as nobody has resolved them.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/OpsCenter-working-deduplication.html
 */
import type { Account } from '../account.ts';
import { AwsError } from '../errors.ts';

interface OperationalDatum {
  readonly Value: string;
  readonly Type: 'SearchableString' | 'String';
}

export type OperationalData = { readonly [key: string]: OperationalDatum };

const statuses = ['Open', 'InProgress', 'Resolved'] as const;
type Status = (typeof statuses)[number];

export interface OpsItem {
  readonly id: string;
  readonly arn: string;
  readonly title: string;
  readonly description: string;
  readonly source: string;
  readonly status: Status;
  readonly priority: number | undefined;
  readonly severity: string | undefined;
  readonly category: string | undefined;
  readonly data: OperationalData;
  readonly tags: { readonly [key: string]: string };
  readonly version: number;
  readonly createdBy: string;
  readonly createdAtMs: number;
  readonly modifiedBy: string;
  readonly modifiedAtMs: number;
}

export type NewOpsItem = Pick<
  OpsItem,
  'title' | 'description' | 'source' | 'priority' | 'severity' | 'category' | 'data' | 'tags'
>;

export interface OpsItemChange {
  readonly title?: string;
  readonly description?: string;
  readonly priority?: number;
  readonly severity?: string;
  readonly category?: string;
  readonly status?: string;
  /** Added to what is there. */
  readonly data?: OperationalData;
  readonly dataToDelete?: readonly string[];
}

/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateOpsItem.html */
const longest = { title: 1_024, description: 2_048, source: 128, key: 128, value: 20_480 } as const;
const categories: readonly string[] = ['Availability', 'Cost', 'Performance', 'Recovery', 'Security'];
const severities: readonly string[] = ['1', '2', '3', '4'];
const highestPriority = 5;
const dedupKey = '/aws/dedup';
const keysOfAws: readonly string[] = [dedupKey, '/aws/resources', '/aws/automations'];
/** https://docs.aws.amazon.com/general/latest/gr/ssm.html */
const mostItems = 10_000;

export class OpsItems {
  readonly #account: Account;
  readonly #items = new Map<string, OpsItem>();

  constructor(account: Account) {
    this.#account = account;
  }

  /** @throws AwsError OpsItemAlreadyExistsException, OpsItemInvalidParameterException, OpsItemLimitExceededException */
  create(by: string, plan: NewOpsItem): OpsItem {
    check(plan);
    checkLength('Source', plan.source, longest.source);
    if (/aws|amazon|amzn/i.test(plan.source))
      throw invalid(`Source ${plan.source} contains a name that is reserved: aws, amazon, amzn`);
    const dedup = dedupOf(plan);
    const same = dedup && this.all().find((each) => each.status !== 'Resolved' && dedupOf(each) === dedup);
    if (same)
      throw new AwsError(
        'OpsItemAlreadyExistsException',
        `An OpsItem with the same deduplication string is not resolved yet: ${same.id}.`,
      );
    if (this.#items.size >= mostItems)
      throw new AwsError('OpsItemLimitExceededException', `There are ${mostItems} OpsItems.`);
    const id = `oi-${this.#account.random.hex(12)}`;
    const nowMs = this.#account.clock.now();
    const item: OpsItem = {
      ...plan,
      id,
      arn: this.#account.arn('ssm', `opsitem/${id}`),
      status: 'Open',
      version: 1,
      createdBy: by,
      createdAtMs: nowMs,
      modifiedBy: by,
      modifiedAtMs: nowMs,
    };
    this.#items.set(id, item);
    return item;
  }

  /** @throws AwsError OpsItemNotFoundException, OpsItemInvalidParameterException */
  update(by: string, id: string, { data = {}, dataToDelete = [], status, ...rest }: OpsItemChange): OpsItem {
    const before = this.get(id);
    const wanted = status === undefined ? before.status : statuses.find((each) => each === status);
    if (wanted === undefined) throw invalid(`Status ${status} is none of ${statuses.join(', ')}`);
    // "After you create an OpsItem, you can't edit or change the deduplication strings in that OpsItem."
    if (data[dedupKey] !== undefined || dataToDelete.includes(dedupKey))
      throw invalid(`${dedupKey} cannot be changed`);
    const kept = Object.entries(before.data).filter(([key]) => !dataToDelete.includes(key));
    const given = Object.entries(rest).filter(([, value]) => value !== undefined);
    const item: OpsItem = {
      ...before,
      ...(Object.fromEntries(given) as Partial<OpsItem>),
      data: { ...Object.fromEntries(kept), ...data },
      status: wanted,
      version: before.version + 1,
      modifiedBy: by,
      modifiedAtMs: this.#account.clock.now(),
    };
    check(item);
    this.#items.set(id, item);
    return item;
  }

  /** @throws AwsError OpsItemNotFoundException */
  get(id: string): OpsItem {
    const item = this.#items.get(id);
    if (item === undefined)
      throw new AwsError('OpsItemNotFoundException', `OpsItem ID ${id} does not exist.`);
    return item;
  }

  /** Newest first. */
  all(): readonly OpsItem[] {
    return [...this.#items.values()].reverse();
  }
}

function check({
  title,
  description,
  priority,
  severity,
  category,
  data,
}: Omit<NewOpsItem, 'source' | 'tags'>) {
  checkLength('Title', title, longest.title);
  checkLength('Description', description, longest.description);
  if (priority !== undefined && (!Number.isInteger(priority) || priority < 1 || priority > highestPriority))
    throw invalid(`Priority ${priority} is not between 1 and ${highestPriority}`);
  if (severity !== undefined && !severities.includes(severity))
    throw invalid(`Severity ${severity} is none of ${severities.join(', ')}`);
  if (category !== undefined && !categories.includes(category))
    throw invalid(`Category ${category} is none of ${categories.join(', ')}`);
  for (const [key, { Value }] of Object.entries(data)) {
    checkLength('a key of OperationalData', key, longest.key);
    checkLength(`OperationalData ${key}`, Value, longest.value);
    if (/^\/?(amazon|aws|amzn|ssm)/i.test(key) && !keysOfAws.includes(key))
      throw invalid(`OperationalData ${key} begins with a name that is reserved`);
  }
}

/** "A hash based on the deduplication string and the resource that initiated the OpsItem"; nothing when it has none. */
function dedupOf({ data, source }: Pick<OpsItem, 'data' | 'source'>): string | undefined {
  const value = data[dedupKey]?.Value;
  if (value === undefined) return undefined;
  const { dedupString } = parse(value);
  if (typeof dedupString !== 'string' || dedupString === '')
    throw invalid(`${dedupKey} is JSON with a text dedupString, not ${value}`);
  return JSON.stringify([source, dedupString]);
}

function parse(value: string): { readonly dedupString?: unknown } {
  try {
    return Object(JSON.parse(value)) as { readonly dedupString?: unknown };
  } catch {
    return {};
  }
}

function checkLength(what: string, text: string, most: number): void {
  if (text.trim() === '' || text.length > most)
    throw invalid(`${what} has ${text.length} characters, allowed are 1 to ${most}`);
}

function invalid(message: string): AwsError {
  return new AwsError('OpsItemInvalidParameterException', message);
}
