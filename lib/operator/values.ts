/** Values as operators write them, checked before anybody is asked: with the value seen and what is allowed. */
import { interfaceNamePattern, serverNamePattern } from '../recovery/info.ts';
import { tagPattern } from '../recovery/names.ts';
import { WrongValue } from './command.ts';

const shownCharacters = 60;
const longestText = 256;
const unitsMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** What was seen, fit for one line: control characters spelt out, cut to a bounded length. */
export function quoted(value: string): string {
  const characters = [...value];
  const cut = characters.slice(0, shownCharacters).join('');
  const more = characters.length > shownCharacters ? ` … (${characters.length} characters)` : '';
  // What would turn the line around or vanish is spelt out like a control character.
  const spelt = JSON.stringify(cut).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${spelt}${more}`;
}

export function tagOf(value: string): string {
  if (!tagPattern.test(value))
    throw new WrongValue(
      `${quoted(value)} is not a tag: allowed are small letters, digits and dashes, at most 63, and not "fleet"`,
    );
  return value;
}

export function serverOf(value: string): string {
  if (!serverNamePattern.test(value))
    throw new WrongValue(
      `${quoted(value)} is not the name of a server: allowed are letters, digits, dot, dash and underscore, at most 63`,
    );
  return value;
}

export function interfaceOf(value: string): string {
  if (!interfaceNamePattern.test(value) || value === 'none')
    throw new WrongValue(
      `${quoted(value)} is not the name of an interface: allowed is a Linux device name of at most 15 characters, such as eth1`,
    );
  return value;
}

/** `ServerB` or `ServerB/eth1`. */
export function placeOf(value: string): { readonly server: string; readonly interface?: string } {
  const slash = value.indexOf('/');
  if (slash === -1) return { server: serverOf(value) };
  return { server: serverOf(value.slice(0, slash)), interface: interfaceOf(value.slice(slash + 1)) };
}

/** A reason, a comment. */
export function textOf(option: string, value: string): string {
  if (value.length > longestText)
    throw new WrongValue(`${option} takes at most ${longestText} characters, and got ${value.length}`);
  return value;
}

export function countOf(option: string, value: string, most: number): number {
  const count = Number(value);
  if (!/^\d+$/.test(value) || count < 1 || count > most)
    throw new WrongValue(`${option} ${quoted(value)} is not a number from 1 to ${most}`);
  return count;
}

/** `90s`, `30m`, `2h`, `1d`, `1h30m`. */
export function durationOf(
  option: string,
  value: string,
  { leastMs, mostMs }: { readonly leastMs: number; readonly mostMs: number },
): number {
  const parts = [...value.matchAll(/(\d{1,6})([smhd])/g)];
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitMs(unit), 0);
  if (parts.map(([part]) => part).join('') !== value || ms < leastMs || ms > mostMs)
    throw new WrongValue(
      `${option} ${quoted(value)} is not a time from ${durationWords(leastMs)} to ${durationWords(mostMs)}: allowed are such as 90s, 30m, 2h, 1d`,
    );
  return ms;
}

/** The two largest units: `1h 30m`. */
export function durationWords(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  const words: string[] = [];
  let left = Math.floor(ms / 1_000) * 1_000;
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(left / unitsMs[unit]);
    left -= count * unitsMs[unit];
    if (count > 0) words.push(`${count}${unit}`);
  }
  return words.slice(0, 2).join(' ');
}

function unitMs(unit: string | undefined): number {
  return unit === 's' || unit === 'm' || unit === 'h' || unit === 'd' ? unitsMs[unit] : Number.NaN;
}
