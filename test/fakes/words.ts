/** What agents have said, in memory. A test says it; nobody else here does. */
import type { Words } from '../../lib/recovery/ports.ts';
import { found } from '../../lib/recovery/reading.ts';
import { isOlder, type Word } from '../../lib/recovery/word.ts';
import type { Faults } from './faults.ts';

export function fakeWords(faults: Faults): Words {
  const words = new Map<string, Word>();
  return {
    note: (word) =>
      faults.effect('words.note', () => {
        const key = `${word.tag} ${word.instanceId}`;
        const before = words.get(key) ?? null;
        if (before !== null && isOlder(word, before)) return { kind: 'outdated' } as const;
        words.set(key, word);
        return { kind: 'kept', before } as const;
      }),
    last: (tag, instanceId) =>
      faults.look('words.last', () => {
        const word = words.get(`${tag} ${instanceId}`);
        return word === undefined ? { kind: 'absent' } : found(word);
      }),
  };
}
