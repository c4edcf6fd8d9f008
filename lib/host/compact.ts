/** Comments and indentation stay here: what is installed travels in an SSM document, and that has a limit. */

/** By whole lines: no text over several lines in these files has a line that begins with `#` or a blank. */
export function compact(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimStart())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => `${line}\n`)
    .join('');
}
