/** Variations of the fleets, as their files could have said. */
import type { DependentDefinition } from '../../lib/recovery/dependent.ts';
import {
  defaultFailover,
  type FailoverRules,
  type FleetDefinition,
  type RecoveryPolicy,
} from '../../lib/recovery/fleet.ts';

export const instanceOf = {
  ServerA: 'i-0a1b2c3d4e5f60001',
  ServerB: 'i-0b1b2c3d4e5f60002',
  ServerC: 'i-0c1b2c3d4e5f60003',
  ServerD: 'i-0d1b2c3d4e5f60004',
} as const;
export const eniOf = {
  'ServerA eth0': 'eni-0a1b2c3d4e5f60010',
  'ServerA eth1': 'eni-0a1b2c3d4e5f60011',
  'ServerB eth0': 'eni-0b1b2c3d4e5f60020',
  'ServerB eth1': 'eni-0b1b2c3d4e5f60021',
  'ServerC eth0': 'eni-0c1b2c3d4e5f60030',
  'ServerD eth0': 'eni-0d1b2c3d4e5f60040',
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

// ---- Of the hierarchy's file

/** These resources, and the servers on which one of them may be. */
export function keeping(...tags: readonly string[]) {
  return (fleet: FleetDefinition): FleetDefinition => {
    const resources = fleet.resources.filter(({ tag }) => tags.includes(tag));
    const used = new Set(resources.flatMap(({ candidates }) => candidates.map(({ server }) => server)));
    const servers = Object.fromEntries(Object.entries(fleet.servers).filter(([name]) => used.has(name)));
    return { ...fleet, servers, resources };
  };
}

/** Of every resource that is left. */
export function withRules(rules: Partial<FailoverRules>) {
  return (fleet: FleetDefinition): FleetDefinition => ({
    ...fleet,
    resources: fleet.resources.map((resource) => ({
      ...resource,
      failover: { ...defaultFailover, ...resource.failover, ...rules },
    })),
  });
}

export function withDependent(name: string, change: Partial<DependentDefinition>) {
  return (fleet: FleetDefinition): FleetDefinition => ({
    ...fleet,
    resources: fleet.resources.map((resource) => ({
      ...resource,
      dependents: (resource.dependents ?? []).map((each) =>
        each.name === name ? { ...each, ...change } : each,
      ),
    })),
  });
}

/** On the first so many of its servers. */
export function onServers(count: number) {
  return (fleet: FleetDefinition): FleetDefinition => {
    const resources = fleet.resources.map((resource) => ({
      ...resource,
      candidates: resource.candidates.slice(0, count),
    }));
    return keeping(...resources.map(({ tag }) => tag))({ ...fleet, resources });
  };
}

type Variation = (fleet: FleetDefinition) => FleetDefinition;

export function all(...variations: readonly Variation[]): Variation {
  return (fleet) => variations.reduce((made, vary) => vary(made), fleet);
}
