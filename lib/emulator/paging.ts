/** Answers in pages; the token is the place to go on, opaque to the caller. */
export function page<T>(
  items: readonly T[],
  size: number,
  token: string | undefined,
  refuse: () => Error,
): { readonly items: readonly T[]; readonly nextToken: string | undefined } {
  const start = token === undefined ? 0 : readToken(token);
  if (start === undefined || start > items.length) throw refuse();
  const end = start + size;
  return {
    items: items.slice(start, end),
    nextToken: end < items.length ? Buffer.from(`at:${end}`).toString('base64') : undefined,
  };
}

function readToken(token: string): number | undefined {
  const place = /^at:(\d+)$/.exec(Buffer.from(token, 'base64').toString('utf8'))?.[1];
  return place === undefined ? undefined : Number(place);
}
