/** The pairing of reason codes with the failure catalogue, both ways. */

export const cataloguePath = 'docs/failure-catalogue.md';

const quoted = /`([^`\n]+)`/g;
const codeShaped = /^[a-z]+(-[a-z0-9]+)+$/;
/** Where an entry is named: a heading, the first cell of a row, the start of a list item. */
const entryName = /^(?:#+ (.*)|\|([^|]*)\|.*|[-*] (`[^`]*`).*)$/;

/** @param otherWords what else the catalogue may have entries for */
export function catalogueProblems(
  markdown: string | undefined,
  codes: readonly string[],
  otherWords: readonly string[] = [],
): readonly string[] {
  if (markdown === undefined) return [`${cataloguePath} is missing: every reason code needs its entry there`];
  const mentioned = new Set(quotedIn(markdown));
  const known = new Set([...codes, ...otherWords]);
  return [
    ...codes
      .filter((code) => !mentioned.has(code))
      .map((code) => `${cataloguePath} does not tell of \`${code}\``),
    ...entriesOf(markdown)
      .filter((entry) => !known.has(entry))
      .map((entry) => `${cataloguePath} tells of \`${entry}\`, which is no reason code`),
  ];
}

function entriesOf(markdown: string): readonly string[] {
  return markdown.split('\n').flatMap((line) => {
    const [, heading, cell, item] = entryName.exec(line) ?? [];
    return quotedIn(heading ?? cell ?? item ?? '').filter((word) => codeShaped.test(word));
  });
}

function quotedIn(text: string): readonly string[] {
  return [...text.matchAll(quoted)].map(([, word = '']) => word);
}
