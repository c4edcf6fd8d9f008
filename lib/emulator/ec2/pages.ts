/** Pagination of the Describe operations: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination */
import { AwsError } from '../errors.ts';
import { page as pageOf } from '../paging.ts';

const fewestResults = 5;
const mostResults = 1000;

export interface PageRequest {
  readonly ids?: readonly string[] | undefined;
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
  /** Of one page; a thousand for most operations. */
  readonly most?: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken: string | undefined;
}

/** @throws AwsError InvalidParameterValue, InvalidParameterCombination (ids and MaxResults), InvalidPaginationToken */
export function page<T>(
  all: readonly T[],
  { ids, maxResults, nextToken, most = mostResults }: PageRequest,
): Page<T> {
  if (maxResults === undefined && nextToken === undefined) return { items: all, nextToken: undefined };
  if (ids !== undefined && ids.length > 0)
    throw new AwsError(
      'InvalidParameterCombination',
      'A list of IDs cannot be used with the parameter maxResults or nextToken',
    );
  if (maxResults !== undefined && (maxResults < fewestResults || maxResults > most))
    throw new AwsError(
      'InvalidParameterValue',
      `Value ( ${maxResults} ) for parameter maxResults is invalid. Expecting a value between ${fewestResults} and ${most}.`,
    );
  return pageOf(
    all,
    maxResults ?? most,
    nextToken,
    () => new AwsError('InvalidPaginationToken', 'The specified pagination token is not valid.'),
  );
}
