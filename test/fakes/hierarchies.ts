/** Dependents for tests: each kind with what most tests want of it, and scenes in which they are in service on ServerA. */
import type { DependentDefinition, DependentWork } from '../../lib/recovery/dependent.ts';
import type { FailoverRules } from '../../lib/recovery/fleet.ts';
import { defaultFailover } from '../../lib/recovery/fleet.ts';
import { canAct } from './fences.ts';
import type { FleetPlan } from './fleets.ts';
import { armedScene, type Scene } from './scene.ts';

type Change = Partial<Omit<DependentDefinition, 'name' | 'work'>>;

function dependentOf(name: string, work: DependentWork, change: Change = {}): DependentDefinition {
  return { name, needs: [], startMs: 10_000, stopMs: 10_000, tries: 2, onFailure: 'stay', work, ...change };
}

export function unit(name: string, change: Change = {}): DependentDefinition {
  return dependentOf(name, { kind: 'systemd', unit: `${name}.service` }, change);
}

/** @param checked whether the fleet file says how to look at it */
export function command(name: string, checked: boolean, change: Change = {}): DependentDefinition {
  const argv = (verb: string): string[] => [`/opt/${name}`, verb];
  const check = checked ? argv('check') : null;
  return dependentOf(name, { kind: 'command', start: argv('start'), stop: argv('stop'), check }, change);
}

export function volume(name: string, change: Change = {}): DependentDefinition {
  return dependentOf(name, { kind: 'volume', volumeId: `vol-${name}`, device: '/dev/sdf' }, change);
}

function target(name: string, change: Change = {}): DependentDefinition {
  const targetGroupArn = `arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/${name}/1`;
  return dependentOf(name, { kind: 'target', targetGroupArn, as: 'instance', port: 5432 }, change);
}

export function along(tag: string, change: Change = {}): DependentDefinition {
  return dependentOf(`with-${tag}`, { kind: 'resource', tag }, change);
}

/** A database: its load balancer's target needs the unit, the unit its file system, the file system its volume. */
export const database: readonly DependentDefinition[] = [
  target('clients', { needs: ['db'] }),
  unit('db', { needs: ['mount'] }),
  unit('mount', { needs: ['data'] }),
  volume('data'),
];

export function dependOn(
  dependents: readonly DependentDefinition[],
  rules: Partial<FailoverRules> = {},
  plan: FleetPlan = {},
): FleetPlan {
  const failover = { ...defaultFailover, ...rules };
  return { ...plan, resource: { dependents: [...dependents], failover, ...plan.resource } };
}

/** The address and everything that depends on it are in service on ServerA. */
export async function servingScene(plan: FleetPlan): Promise<Scene> {
  const scene = await armedScene(plan);
  for (const { dependents = [] } of scene.fleet.resources)
    for (const { name, work } of dependents)
      if (work.kind !== 'resource') scene.ports.dependents.set(name, 'ServerA', 'in-service');
  return scene;
}

/** What was ordered of dependents, in order: `stop db ServerA`. */
export function ordersOf(scene: Scene): readonly string[] {
  return scene.ports.dependents.log;
}

/** Where each of them is in service, on servers that can act. */
export function whereabouts(scene: Scene): { readonly [name: string]: readonly string[] } {
  const all = scene.fleet.resources.flatMap(({ dependents = [] }) => dependents);
  const { dependents } = scene.ports;
  return Object.fromEntries(
    all
      .filter(({ work }) => work.kind !== 'resource')
      .map(({ name }) => [
        name,
        dependents.servers(name).filter((server) => canAct(scene.world, scene.instanceId(server))),
      ]),
  );
}

/** How the record has left them: `db ISP ServerB`. */
export function recorded(scene: Scene): readonly string[] {
  return Object.entries(scene.record.dependents)
    .map(([name, { state, server }]) => `${name} ${state} ${server}`)
    .sort();
}
