/** A fleet, the world it lives in, and every port over that world: what most tests of a recovery start from. */
import type { Summary } from '../../lib/recovery/audit.ts';
import { failOver } from '../../lib/recovery/failover.ts';
import type { FleetDefinition } from '../../lib/recovery/fleet.ts';
import type { FailoverPorts } from '../../lib/recovery/ports.ts';
import type { Reason } from '../../lib/recovery/reasons.ts';
import { type ReconcilePorts, reconcile } from '../../lib/recovery/reconcile.ts';
import { recover } from '../../lib/recovery/recover.ts';
import type { ResourceRecord } from '../../lib/recovery/resource.ts';
import { respond } from '../../lib/recovery/respond.ts';
import type { Run } from '../../lib/recovery/run.ts';
import type { Trigger } from '../../lib/recovery/trigger.ts';
import { type FakeDependents, fakeDependents } from './dependents.ts';
import { fakeAddresses, fakeInstances, fakeSlots } from './ec2.ts';
import { type FakeFences, fakeFences } from './fences.ts';
import { eniOf, type FleetPlan, fleetOf, healthAlarm, tag, vip } from './fleets.ts';
import { fakeHosts } from './hosts.ts';
import { type FakeLedger, fakeLedger } from './ledger.ts';
import { type FakePeople, fakePeople, plainSteps } from './steps.ts';
import {
  type FakeAnnouncements,
  type FakeAudit,
  type FakeFailovers,
  type FakePages,
  fakeAlarms,
  fakeAnnouncements,
  fakeAudit,
  fakeFailovers,
  fakePages,
} from './trail.ts';
import { fakeWords } from './words.ts';
import { type Guest, type World, worldOf } from './world.ts';

export interface ScenePorts extends ReconcilePorts, FailoverPorts {
  readonly ledger: FakeLedger;
  readonly audit: FakeAudit;
  readonly announcements: FakeAnnouncements;
  readonly pages: FakePages;
  readonly failovers: FakeFailovers;
  readonly dependents: FakeDependents;
  readonly fences: FakeFences;
}

export class Scene {
  readonly fleet: FleetDefinition;
  readonly world: World;
  readonly ports: ScenePorts;
  /** Whom a failover asks. */
  readonly people: FakePeople;
  #invocations = 0;

  constructor(fleet: FleetDefinition) {
    this.fleet = fleet;
    this.world = worldOf(fleet);
    this.ports = portsOf(this.world, fleet);
    this.people = fakePeople(this.world.clock, this.world.faults);
  }

  get record(): ResourceRecord {
    return this.ports.ledger.record(tag);
  }

  get info(): string | undefined {
    return this.record.servers[this.record.activeServer ?? '']?.info;
  }

  get owner(): string | undefined {
    return this.world.ownersOf(vip)[0];
  }

  guest(server: string): Guest {
    return this.world.guest(this.instanceId(server));
  }

  instanceId(server: string): string {
    return this.fleet.servers[server]?.instanceId ?? '';
  }

  nextId(): string {
    this.#invocations += 1;
    return `invocation-${this.#invocations}`;
  }

  respond(event: unknown, id: string = this.nextId()): Promise<readonly Run[]> {
    return respond(this.ports, this.fleet, { event, id });
  }

  alarm(atMs: number = this.world.clock.now()): Promise<Run> {
    return this.recover(healthAlarm(atMs));
  }

  recover(trigger: Trigger): Promise<Run> {
    return recover(this.ports, this.fleet, { tag, trigger, holder: this.nextId() });
  }

  tick(): Promise<readonly Run[]> {
    const atMs = this.world.clock.now();
    return reconcile(this.ports, this.fleet, { kind: 'tick', atMs }, this.nextId());
  }

  /** Runs the failovers that were started; what one of them starts is run too. */
  async failovers(): Promise<readonly Summary[]> {
    const summaries: Summary[] = [];
    for (let next = this.ports.failovers.started.shift(); next; next = this.ports.failovers.started.shift())
      summaries.push(
        ...(await failOver(this.ports, this.fleet, next, plainSteps(this.world.clock, this.people))),
      );
    return summaries;
  }

  /** An alarm now, and the failover that it may lead to. */
  async alarmToEnd(): Promise<Summary> {
    const run = await this.alarm();
    if (run.kind === 'ended') return run.summary;
    const [summary] = await this.failovers();
    if (summary === undefined) throw new Error('the failover did not run');
    return summary;
  }
}

/** A scene in which the address has been seen healthy on ServerA's eth0: state ISP, armed. */
export async function armedScene(plan: FleetPlan = {}): Promise<Scene> {
  const scene = new Scene(fleetOf(plan));
  await scene.tick();
  if (!scene.record.armed) throw new Error('the scene could not be armed');
  scene.world.clock.advance(60_000);
  scene.world.moves.length = 0;
  scene.ports.ledger.writes.length = 0;
  scene.ports.audit.records.clear();
  return scene;
}

function portsOf(world: World, fleet: FleetDefinition): ScenePorts {
  const { clock, faults } = world;
  return {
    clock,
    addresses: fakeAddresses(world),
    instances: fakeInstances(world),
    hosts: fakeHosts(world),
    words: fakeWords(faults),
    ledger: fakeLedger(faults),
    audit: fakeAudit(faults),
    announcements: fakeAnnouncements(faults),
    pages: fakePages(faults),
    failovers: fakeFailovers(faults),
    dependents: fakeDependents(world),
    fences: fakeFences(world),
    slots: fakeSlots(world),
    alarms: fakeAlarms(
      world,
      Object.fromEntries(fleet.resources.map(({ tag: name, address }) => [name, address])),
    ),
  };
}

/** What a summary says, in a line. */
export function told(summary: Summary | Run): string {
  if (!('outcome' in summary)) return summary.kind === 'escalated' ? 'escalated' : told(summary.summary);
  const reason: Reason = summary.reason;
  return `${summary.outcome}: ${reason}`;
}

export const eth0A = eniOf('ServerA', 'eth0');
export const eth1A = eniOf('ServerA', 'eth1');
export const eth0B = eniOf('ServerB', 'eth0');
export const eth1B = eniOf('ServerB', 'eth1');
export const eth0C = eniOf('ServerC', 'eth0');
