/**
 * One word for a POSIX shell: within single quotes nothing is expanded, so what is inside is never read as code.
 * A double brace is parted into two quoted strings, because SSM replaces `{{ Name }}` before any shell sees it.
 *
 * @throws Error for a NUL, which no program's arguments can carry
 */
export function quoted(word: string): string {
  if (word.includes('\0'))
    throw new Error(`${JSON.stringify(word)} has a NUL in it: no argument can carry it`);
  return `'${word.replaceAll("'", `'\\''`).replaceAll(/\{(?=\{)/g, `{''`)}'`;
}
