/** What happens without a person's answer, in the same words wherever it is told. Loads nothing: the command line uses it. */
import type { Waiting } from './confirmation.ts';

export function otherwiseWords(otherwise: Waiting['otherwise']): string {
  return otherwise === 'proceed' ? 'it goes on' : 'nothing is moved';
}
