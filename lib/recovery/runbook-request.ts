/**
 * A request as a runbook can send it. An Automation document has no condition inside a payload: an optional parameter
 * that was not given arrives as an empty string, and a time is chosen in minutes.
 */
const minuteMs = 60_000;

/** What a command would have sent; anything that no runbook sends stays as it is. */
export function plainRequest(event: unknown): unknown {
  if (!isFromRunbook(event)) return event;
  const { forMinutes, ...fields } = event;
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
  const force = given['force'];
  return {
    ...given,
    ...(forMinutes === undefined ? {} : { forMs: Number(forMinutes) * minuteMs }),
    ...(typeof force === 'string' ? { force: force === 'true' } : {}),
  };
}

/** Nobody reads the answer of a run by its code: a refusal has to fail the step. */
export function isFromRunbook(event: unknown): event is { readonly [field: string]: unknown } {
  const { proof } = (event ?? {}) as { readonly proof?: { readonly kind?: unknown } };
  return typeof proof === 'object' && proof?.kind === 'runbook';
}
