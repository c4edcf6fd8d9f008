import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

interface Kind {
  readonly timeoutMs: number;
  readonly maxWorkers: number;
  readonly sequence: { readonly groupOrder: number };
  readonly globalSetup?: string[];
}

/** What waits for clocks, kernels and children most of the time: more of it goes on at once, before the others. */
const waiting = { maxWorkers: 5, sequence: { groupOrder: 0 } };
/** The suite is sized for two processors, whatever the machine: further workers would only have to warm up too. */
const computing = { maxWorkers: 2, sequence: { groupOrder: 1 } };

/** One project per kind of test, in the order of a whole run; `npm run check` runs the fast ones. */
const kinds: Readonly<Record<string, Kind>> = {
  netns: { ...waiting, timeoutMs: 180_000 },
  story: { ...waiting, timeoutMs: 240_000 },
  host: { ...waiting, timeoutMs: 60_000 },
  scenario: { ...computing, timeoutMs: 60_000, globalSetup: ['test/scenario/synthesize-once.ts'] },
  contract: { ...computing, timeoutMs: 60_000 },
  stack: { ...computing, timeoutMs: 60_000 },
  property: { ...computing, timeoutMs: 60_000 },
  unit: { ...computing, timeoutMs: 10_000 },
};

const order = Object.keys(kinds);

/** Vitest's own order is that of the alphabet, which leaves the longest waits for the end. */
class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => order.indexOf(a.project.name) - order.indexOf(b.project.name));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: InOrder },
    projects: Object.entries(kinds).map(([name, { timeoutMs, ...kind }]) => ({
      test: {
        ...kind,
        name,
        include: [`test/${name}/**/*.test.ts`],
        testTimeout: timeoutMs,
        hookTimeout: 60_000,
        // No module is mocked and none keeps what a test has done, so a worker need not load them anew for every file:
        // the AWS clients and CDK take seconds.
        isolate: false,
        // The programs that tests start keep what Node makes of TypeScript: without it, starting takes twice as long.
        env: {
          NODE_COMPILE_CACHE: fileURLToPath(
            new URL('node_modules/.cache/holdfast/compiled', import.meta.url),
          ),
        },
      },
    })),
  },
});
