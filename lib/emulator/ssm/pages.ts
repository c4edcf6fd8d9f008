import { AwsError } from '../errors.ts';
import { page as pageOf } from '../paging.ts';

const mostResults = 50;

/** @throws AwsError InvalidNextToken */
export function page<T>(
  all: readonly T[],
  maxResults: number | undefined,
  nextToken: string | undefined,
): { readonly items: readonly T[]; readonly nextToken: string | undefined } {
  const size = Math.max(1, Math.min(maxResults ?? mostResults, mostResults));
  return pageOf(
    all,
    size,
    nextToken,
    () => new AwsError('InvalidNextToken', 'The specified token is not valid.'),
  );
}
