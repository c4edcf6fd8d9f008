/** Calls a person when an address is in service and something that depends on it is not. */
import { Fault } from './fault.ts';
import type { Journal } from './journal.ts';
import type { Pages } from './ports.ts';
import { placeWords } from './readiness.ts';
import type { Place } from './resource.ts';

export async function callAboutDependents(
  { pages }: { readonly pages: Pages },
  journal: Journal,
  what: {
    readonly tag: string;
    readonly recoveryId: string;
    readonly at: Place;
    readonly failed: readonly { readonly name: string; readonly why: string }[];
  },
): Promise<void> {
  const { tag, recoveryId, at, failed } = what;
  const names = failed.map(({ name }) => name).join(', ');
  const why = failed.map((each) => `${each.name}: ${each.why}`).join('; ');
  const text = `${tag} is in service at ${placeWords(at)}, but of what depends on it ${names} is not: ${why}. Recovery ${recoveryId}.`;
  try {
    await pages.page({ tag, subject: `${tag}: ${names} did not come into service`, text });
    journal.step('paged', 0, { failed });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    journal.step('fault', 0, { code: error.code, message: error.message });
  }
}
