/**
 * Evidence as it stands in the audit trail, whatever its shape: one line for each object, with where it is and its plain
 * fields. A reading that was found stands for what was found (reading.ts).
 */

const mostLines = 200;

export function evidenceLines(evidence: unknown, width: number, indent: string): readonly string[] {
  const lines = objectLines('', unwrapped(evidence));
  const shown = lines.slice(0, mostLines);
  const rest = lines.length - shown.length;
  const more = rest === 0 ? [] : [[`… and ${rest} more: --json has them`]];
  return [...shown, ...more].flatMap((words) => wrapped(words, width, indent));
}

type Words = readonly string[];

/** The plain fields of a value on one line, each object in it on lines of its own. */
function objectLines(path: string, value: unknown): readonly Words[] {
  if (value === undefined || value === null) return path === '' ? [] : [[`${path}:`, '-']];
  const title = path === '' ? [] : [`${path}:`];
  if (!isObject(value)) return [[...title, plain(value)]];
  const fields = Object.entries(value).map(([name, each]) => [name, unwrapped(each)] as const);
  const own = fields.flatMap(([name, each]) => (isPlain(each) ? [`${name}=${plainList(each)}`] : []));
  const inner = fields.filter(([, each]) => !isPlain(each));
  return [
    ...(own.length > 0 || inner.length === 0 ? [[...title, ...own]] : []),
    ...inner.flatMap(([name, each]) => objectLines(path === '' ? name : `${path}.${name}`, each)),
  ].filter((words) => words.length > 0);
}

/** What was found, in place of the reading that says so. */
function unwrapped(value: unknown): unknown {
  return isObject(value) && value['kind'] === 'found' && 'value' in value ? unwrapped(value['value']) : value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Fits behind an equals sign. */
function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((each) => !isObject(each));
  return !isObject(value) || Object.keys(value).length === 0;
}

function plainList(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(plain).join(',');
  return isObject(value) ? 'none' : plain(value);
}

/** In quotes where it would read as several words, or could steer a terminal. */
function plain(value: unknown): string {
  if (value === null || value === undefined) return '-';
  return typeof value === 'string' && /^[^\s"\p{C}]+$/u.test(value) ? value : JSON.stringify(value);
}

/** Lines after the first stand two further in. */
function wrapped(words: Words, width: number, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    const more = line === '' ? word : `${line} ${word}`;
    if (line !== '' && indent.length + more.length > width) {
      lines.push(line);
      line = `  ${word}`;
    } else line = more;
  }
  return [...lines, line].map((each) => indent + each);
}
