/**
 * The fleet file as the lab deploys it: the one that was given, with the lab's own word on the agent in place of what it
 * says itself. Lines keep their numbers, since problems are told by line.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Of the servers' role. */
export const serverRole = 'holdfast-lab-server';

/** @returns the file's copy in the directory; the file itself when it cannot be read, for the synthesis to say why */
export function labFleetFile(file: string, directory: string, fastLane: boolean): string {
  const text = textOf(file);
  if (text === undefined) return file;
  const copy = join(directory, basename(file));
  const agent = `agent: { install: true, fastLane: ${fastLane}, roles: [${serverRole}] }`;
  writeFileSync(copy, `${withoutAgent(text)}\n${agent}\n`);
  return copy;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Blank lines in place of the top-level key, up to the next one. */
function withoutAgent(text: string): string {
  let inside = false;
  return text
    .split('\n')
    .map((line) => {
      if (/^[^\s#]/.test(line)) inside = line.startsWith('agent:');
      return inside ? '' : line;
    })
    .join('\n');
}
