/** Those dependents of a fleet that are started and stopped on its servers, as their document has them. */
import type { HostDependent } from '../host/dependent-document.ts';
import type { FleetDefinition } from '../recovery/fleet.ts';

export function hostDependents({ resources }: FleetDefinition): readonly HostDependent[] {
  return resources.flatMap(({ tag, dependents = [] }) =>
    dependents.flatMap(({ name, work, startMs, stopMs }): HostDependent[] => {
      const timeoutS = Math.ceil(Math.max(startMs, stopMs) / 1000);
      return work.kind === 'systemd' || work.kind === 'command' ? [{ tag, name, timeoutS, run: work }] : [];
    }),
  );
}
