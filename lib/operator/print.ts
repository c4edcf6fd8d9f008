/** How output looks: aligned columns, local times with their age, a little colour where a terminal shows it. */
import type { Place } from '../recovery/resource.ts';
import type { ResourceState } from '../recovery/states.ts';
import type { Terminal } from './command.ts';
import { durationWords } from './values.ts';

export type Row = readonly string[];

/** Columns as wide as their widest cell, two spaces between; nothing behind the last. */
export function columns(rows: readonly Row[], indent = ''): readonly string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, width(cell));
    });
  return rows.map((row) =>
    `${indent}${row.map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - width(cell))).join('  ')}`.trimEnd(),
  );
}

export function lines(terminal: Pick<Terminal, 'out'>, text: readonly string[]): void {
  if (text.length > 0) terminal.out(`${text.join('\n')}\n`);
}

export function json(terminal: Pick<Terminal, 'out'>, value: unknown): void {
  terminal.out(`${JSON.stringify(value, null, 2)}\n`);
}

/** `2026-11-22 15:14:29`, on this machine's clock. */
export function localTime(atMs: number): string {
  const at = new Date(atMs);
  const date = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map(twoDigits).join('-');
  return `${date} ${clockTime(atMs)}`;
}

/** `15:14:29` */
export function clockTime(atMs: number): string {
  const at = new Date(atMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':');
}

/** `3m 20s ago`; a clock that is a little ahead is no reason to speak of the future. */
export function age(atMs: number, nowMs: number): string {
  return nowMs - atMs < 1_000 ? 'just now' : `${durationWords(nowMs - atMs)} ago`;
}

export function timeAndAge(atMs: number, nowMs: number): string {
  return `${localTime(atMs)} (${age(atMs, nowMs)})`;
}

/** `until 2026-11-22 17:14:29 (1h 59m left)` */
export function untilWords(atMs: number, nowMs: number): string {
  return `until ${localTime(atMs)} (${durationWords(Math.max(0, atMs - nowMs)) || '0s'} left)`;
}

/** `2.113 s` */
export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(3)} s`;
}

export function placeWords(at: Place | null): string {
  return at === null ? '-' : `${at.server}/${at.interface}`;
}

export const stateWords: { readonly [state in ResourceState]: string } = {
  ISP: 'in service, protected',
  ISU: 'in service, not protected',
  OSU: 'out of service, able to take over',
  OSF: 'out of service after a failure',
  ILLSTATE: 'not looked at yet',
};

const stateColours: { readonly [state in ResourceState]: number } = {
  ISP: 32,
  ISU: 33,
  OSU: 33,
  OSF: 31,
  ILLSTATE: 33,
};

export function state(terminal: Pick<Terminal, 'colour'>, value: ResourceState): string {
  return painted(terminal, stateColours[value], value);
}

export function bold(terminal: Pick<Terminal, 'colour'>, text: string): string {
  return painted(terminal, 1, text);
}

function painted({ colour }: Pick<Terminal, 'colour'>, code: number, text: string): string {
  return colour ? `\x1b[${code}m${text}\x1b[0m` : text;
}

/** Without the escapes, which take no room. */
function width(text: string): number {
  return [...text.replace(/\p{Cc}\[\d+m/gu, '')].length;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
