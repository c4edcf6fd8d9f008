/** Comments and indentation stay here: what is installed travels in an SSM document, and that has a limit. */

/** By lines: no text over several lines in these files has a line that begins with `#` or a blank. */
export function compact(text: string): string {
  return text
    .split('\n')
    .map((line) => withoutComment(line.trimStart()))
    .filter((line) => line !== '')
    .map((line) => `${line}\n`)
    .join('');
}

/** A `#` begins a comment at the head of a word outside of quotes. In a line whose quotes do not end, nothing is one. */
function withoutComment(line: string): string {
  let quote = '';
  let cut: number | undefined;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (quote === '' && character === '#' && (at === 0 || line[at - 1] === ' ')) cut ??= at;
    if (cut !== undefined) continue;
    if (character === '\\' && quote !== "'") at += 1;
    else if (quote === '' && (character === "'" || character === '"')) quote = character;
    else if (character === quote) quote = '';
  }
  return quote === '' && cut !== undefined ? line.slice(0, cut).trimEnd() : line;
}
