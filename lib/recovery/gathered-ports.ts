/**
 * What the branches of one incident ask of EC2 at about the same time becomes one question: of fifty addresses of a dead
 * server EC2 hears once, and its token buckets last. A move takes all addresses for an interface or none, so what is
 * refused is tried one by one, and the culprit is named. What fifty resources have to tell a person is one page.
 */
import { Fault } from './fault.ts';
import type { Held } from './mechanism.ts';
import type { Clock, FailoverPorts, Page, Ports } from './ports.ts';
import { couldNotLook, found } from './reading.ts';

/** How long the first one waits for the others. */
const lookWindowMs = 50;
const moveWindowMs = 250;
const pageWindowMs = 5_000;

export function gatheredPorts(ports: FailoverPorts): FailoverPorts {
  const { clock, pages } = ports;
  const { addresses, ...looks } = gatheredLooks(ports);
  const paged = gathered(clock, pageWindowMs, async (all: readonly Page[]) => {
    await pages.page(onePage(all));
    return all.map(() => undefined);
  });
  const moves = new Map<string, (held: readonly Held[]) => Promise<void>>();

  function movesTo(eniId: string): (held: readonly Held[]) => Promise<void> {
    const known =
      moves.get(eniId) ?? gathered(clock, moveWindowMs, (all) => moveAll(addresses.move, all, eniId));
    moves.set(eniId, known);
    return known;
  }

  return {
    ...ports,
    ...looks,
    addresses: {
      ...addresses,
      move: (held, eniId) =>
        held.every(({ mechanism }) => mechanism.kind === 'secondary')
          ? movesTo(eniId)(held)
          : addresses.move(held, eniId),
    },
    pages: { page: paged },
  };
}

/** The questions alone. */
export function gatheredLooks({
  clock,
  addresses,
  instances,
  ledger,
}: Ports): Pick<Ports, 'addresses' | 'instances' | 'ledger'> {
  const looks = gathered(clock, lookWindowMs, async (all: readonly Look[]) => {
    const seen = await addresses.lookAll(
      unionOf(all.map(({ eniIds }) => eniIds)),
      all.map(({ held }) => held),
    );
    return all.map((_, index) => {
      if (seen.kind !== 'found') return seen;
      const view = seen.value[index];
      return view === undefined ? couldNotLook('EC2 was not asked about it') : found(view);
    });
  });
  const instanceLooks = gathered(clock, lookWindowMs, async (all: readonly (readonly string[])[]) => {
    const seen = await instances.look(unionOf(all));
    return all.map(() => seen);
  });
  const reached = gathered(clock, lookWindowMs, async (all: readonly (readonly string[])[]) => {
    const seen = await instances.reachable(unionOf(all));
    return all.map(() => seen);
  });
  const fleets = gathered(clock, lookWindowMs, async (all: readonly null[]) => {
    const seen = await ledger.fleet();
    return all.map(() => seen);
  });
  return {
    addresses: { ...addresses, look: (eniIds, held) => looks({ eniIds, held }) },
    instances: { ...instances, look: instanceLooks, reachable: reached },
    ledger: { ...ledger, fleet: () => fleets(null) },
  };
}

interface Look {
  readonly eniIds: readonly string[];
  readonly held: Held;
}

/** A function whose calls within a window become one; an answer may be a Fault of one of them alone. */
function gathered<A, R>(
  clock: Clock,
  windowMs: number,
  run: (all: readonly A[]) => Promise<readonly (R | Fault)[]>,
): (asked: A) => Promise<R> {
  interface Waiting {
    readonly asked: A;
    readonly done: (result: R) => void;
    readonly failed: (error: unknown) => void;
  }
  let queue: Waiting[] = [];

  async function flush(): Promise<void> {
    const all = queue;
    queue = [];
    try {
      const results = await run(all.map(({ asked }) => asked));
      for (const [index, { done, failed }] of all.entries()) {
        const result = results[index];
        if (result instanceof Fault) failed(result);
        else done(result as R);
      }
    } catch (error) {
      for (const { failed } of all) failed(error);
    }
  }

  return (asked) =>
    new Promise((done, failed) => {
      queue.push({ asked, done, failed });
      if (queue.length === 1) clock.sleep(windowMs).then(flush, failed);
    });
}

/** All in one call; one by one when EC2 will not have all of them. */
async function moveAll(
  move: FailoverPorts['addresses']['move'],
  all: readonly (readonly Held[])[],
  eniId: string,
): Promise<readonly (Fault | undefined)[]> {
  try {
    await move(all.flat(), eniId);
    return all.map(() => undefined);
  } catch (error) {
    if (!(error instanceof Fault) || error.retry === 'later' || all.length === 1) throw error;
  }
  const results: (Fault | undefined)[] = [];
  for (const held of all)
    results.push(
      await move(held, eniId).then(
        () => undefined,
        (error: unknown) => {
          if (error instanceof Fault) return error;
          throw error;
        },
      ),
    );
  return results;
}

function onePage(all: readonly Page[]): Page {
  const [first] = all;
  if (first === undefined) throw new Error('nobody is to be paged');
  if (all.length === 1) return first;
  const tags = [...new Set(all.map(({ tag }) => tag))];
  const text = all.map(({ subject, text: each }) => `${subject}\n${each}`).join('\n\n');
  return {
    tag: first.tag,
    subject: `${tags.length} resources of one incident: ${first.subject}, and others`,
    text,
  };
}

function unionOf(lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())];
}
