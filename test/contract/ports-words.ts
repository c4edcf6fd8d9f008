/** What every keeper of the agents' words must do. */
import { describe, expect, test } from 'vitest';
import type { Words } from '../../lib/recovery/ports.ts';
import type { Word } from '../../lib/recovery/word.ts';
import { instanceOf, tag } from '../fakes/fleets.ts';
import { answerSaid, noCarrier } from '../fakes/words-said.ts';
import type { Subject } from './ports.ts';

export interface WordsSubject extends Subject {
  readonly words: Words;
}

function wordOf(id: string, atMs: number, server = 'ServerA', uptimeMs = atMs): Word {
  const answer = answerSaid('eth0', noCarrier, server);
  return { version: 1, id, atMs, uptimeMs, tag, instanceId: instanceOf(server), answer };
}

export function wordsContract(open: () => Promise<WordsSubject>): void {
  describe('the words of agents', () => {
    test('are absent before anybody has spoken', async () => {
      const { words, run } = await open();
      expect(await run(words.last(tag, instanceOf('ServerA')))).toEqual({ kind: 'absent' });
    });

    test('come back as they were said, and name the word before', async () => {
      const { words, run } = await open();
      const [first, second] = [wordOf('first', 1_000), wordOf('second', 2_000)];
      expect(await run(words.note(first))).toEqual({ kind: 'kept', before: null });
      expect(await run(words.note(second))).toEqual({ kind: 'kept', before: first });
      expect(await run(words.last(tag, instanceOf('ServerA')))).toEqual({ kind: 'found', value: second });
    });

    test('give way to younger ones only', async () => {
      const { words, run } = await open();
      const young = wordOf('young', 2_000);
      await run(words.note(young));
      expect(await run(words.note(wordOf('old', 1_000)))).toEqual({ kind: 'outdated' });
      expect(await run(words.last(tag, instanceOf('ServerA')))).toEqual({ kind: 'found', value: young });
    });

    test('are ordered within a second by the time since boot', async () => {
      const { words, run } = await open();
      const second = wordOf('second', 1_000, 'ServerA', 60_200);
      await run(words.note(second));
      expect(await run(words.note(wordOf('first', 1_000, 'ServerA', 60_100)))).toEqual({ kind: 'outdated' });
      expect(await run(words.last(tag, instanceOf('ServerA')))).toEqual({ kind: 'found', value: second });
    });

    test('may come twice', async () => {
      const { words, run } = await open();
      const word = wordOf('same', 1_000);
      await run(words.note(word));
      expect(await run(words.note(word))).toEqual({ kind: 'kept', before: word });
    });

    test('are kept for each instance', async () => {
      const { words, run } = await open();
      await run(words.note(wordOf('of A', 1_000)));
      expect(await run(words.last(tag, instanceOf('ServerB')))).toEqual({ kind: 'absent' });
    });
  });
}
