/** What the emulator claims about AWS has a source that a reader can open. */
import type { Source } from './sources.ts';

const room = 'lib/emulator/';
const citation = /https:\/\/docs\.aws\.amazon\.com\/\S+/;

/** The directories of the emulator's services, by the files that they hold. */
function servicesOf(sources: readonly Source[]): ReadonlyMap<string, readonly Source[]> {
  const inService = sources.filter(
    ({ path }) => path.startsWith(room) && path.slice(room.length).includes('/'),
  );
  return Map.groupBy(inService, ({ path }) => path.slice(0, path.indexOf('/', room.length)));
}

export function citationProblems(sources: readonly Source[]): readonly string[] {
  return [...servicesOf(sources)]
    .filter(([, files]) => !files.some(({ text }) => citation.test(text)))
    .map(([service]) => `${service}: follows AWS and cites none of its pages`);
}
