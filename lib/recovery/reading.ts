/** What a look at the world gives: three answers, never two. Could-not-look is never taken for absent or failed. */
export type Reading<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'absent' }
  | { readonly kind: 'could-not-look'; readonly why: string };

export function found<T>(value: T): { readonly kind: 'found'; readonly value: T } {
  return { kind: 'found', value };
}

export function couldNotLook(why: string): { readonly kind: 'could-not-look'; readonly why: string } {
  return { kind: 'could-not-look', why };
}
