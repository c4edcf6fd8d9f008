/** Variations of the example fleet, as its file could have said. */
import type { FleetDefinition, RecoveryPolicy } from '../../lib/recovery/fleet.ts';

export const instanceOf = { ServerA: 'i-0a1b2c3d4e5f60001', ServerB: 'i-0b1b2c3d4e5f60002' } as const;
export const eniOf = {
  'ServerA eth0': 'eni-0a1b2c3d4e5f60010',
  'ServerA eth1': 'eni-0a1b2c3d4e5f60011',
  'ServerB eth0': 'eni-0b1b2c3d4e5f60020',
  'ServerB eth1': 'eni-0b1b2c3d4e5f60021',
} as const;

export function withoutBackup(fleet: FleetDefinition): FleetDefinition {
  const resources = fleet.resources.map((resource) => ({
    ...resource,
    candidates: resource.candidates.map((candidate) => ({ ...candidate, backup: null })),
  }));
  return { ...fleet, resources };
}

export function withAutomation(automation: 'on' | 'observe' | 'off') {
  return (fleet: FleetDefinition): FleetDefinition => ({
    ...fleet,
    resources: fleet.resources.map((resource) => ({ ...resource, automation })),
  });
}

export function withPolicy(change: Partial<RecoveryPolicy>) {
  return (fleet: FleetDefinition): FleetDefinition => ({ ...fleet, policy: { ...fleet.policy, ...change } });
}
