/** Durations as people write them in the fleet file: `45s`, `30m`, `1h`, `7d`; one number, one unit. */
const unitMs: { readonly [unit: string]: number } = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** In milliseconds; undefined when the text is not a duration. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  return digits === undefined || unit === undefined
    ? undefined
    : Number(digits) * (unitMs[unit] ?? Number.NaN);
}
