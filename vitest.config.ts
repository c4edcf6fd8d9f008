import { defineConfig } from 'vitest/config';

/** One project per kind of test; `npm run check` runs the fast ones. */
function kind(name: string, options: { readonly timeoutMs?: number; readonly globalSetup?: string } = {}) {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      testTimeout: options.timeoutMs ?? 10_000,
      hookTimeout: 60_000,
      ...(options.globalSetup === undefined ? {} : { globalSetup: [options.globalSetup] }),
    },
  };
}

export default defineConfig({
  test: {
    // Three at a time, whatever the machine: the suite is sized for two cores, and what has real guests mostly waits.
    maxWorkers: 3,
    projects: [
      kind('unit'),
      kind('property', { timeoutMs: 60_000 }),
      kind('contract', { timeoutMs: 60_000 }),
      kind('scenario', { timeoutMs: 60_000, globalSetup: 'test/scenario/synthesize-once.ts' }),
      kind('stack', { timeoutMs: 60_000 }),
      kind('host', { timeoutMs: 60_000 }),
      kind('story', { timeoutMs: 240_000 }),
      kind('netns', { timeoutMs: 180_000 }),
    ],
  },
});
