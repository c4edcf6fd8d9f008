/**
 * `Filter.n` of the Describe operations: values of one filter are alternatives, filters add up, `*` and `?` are wildcards:
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
 */
import { AwsError, notModelled } from '../errors.ts';
import { matches } from '../iam.ts';
import { list, structure, type Value } from '../shapes.ts';
import type { Tags } from './records.ts';

export const filterShape = list(structure({ Name: 'string', Value: list('string') }));

export type Filters = Value<typeof filterShape>;

/** For each filter the values that an item has; several when it has several, such as its addresses. */
export type FilterTable<T> = { readonly [name: string]: (item: T) => readonly (string | undefined)[] };

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, FilterLimitExceeded */
const mostValues = 200;

/** @throws AwsError InvalidParameterValue naming a filter that is not modelled */
export function select<T>(
  items: readonly T[],
  filters: Filters | undefined,
  table: FilterTable<T>,
): readonly T[] {
  const tests = (filters ?? []).map((filter) => readFilter(filter, table));
  return items.filter((item) => tests.every((test) => test(item)));
}

/** `tag:Key` matches the tag's value, `tag-key` the keys. */
export function tagFilters<T>(tagsOf: (item: T) => Tags): FilterTable<T> {
  return {
    'tag-key': (item) => Object.keys(tagsOf(item)),
    'tag:': (item) => Object.entries(tagsOf(item)).map(([key, value]) => `${key}=${value}`),
  };
}

function readFilter<T>({ Name: name = '', Value: wanted = [] }: Filters[number], table: FilterTable<T>) {
  if (wanted.length === 0)
    throw new AwsError('InvalidParameterValue', `The filter '${name}' needs at least one value.`);
  if (wanted.length > mostValues)
    throw new AwsError('FilterLimitExceeded', `The filter '${name}' has more than ${mostValues} values.`);
  const isTag = name.startsWith('tag:');
  const valuesOf = Object.hasOwn(table, isTag ? 'tag:' : name) ? table[isTag ? 'tag:' : name] : undefined;
  if (valuesOf === undefined) throw notModelled(`the filter '${name}'`);
  const patterns = isTag ? wanted.map((value) => `${name.slice('tag:'.length)}=${value}`) : wanted;
  return (item: T) =>
    valuesOf(item).some(
      (value) => value !== undefined && patterns.some((pattern) => matches(pattern, value)),
    );
}
