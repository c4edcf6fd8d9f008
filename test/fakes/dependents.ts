/**
 * What depends on an address, as a table: per dependent the servers on which it is in service. What runs on a server
 * (units, commands, targets) may be in service on several, which is what a test looks for; the rest is in one place.
 */
import type { DependentDefinition, DependentPlace, DependentView } from '../../lib/recovery/dependent.ts';
import { Fault } from '../../lib/recovery/fault.ts';
import type { Dependents } from '../../lib/recovery/ports.ts';
import { couldNotLook, found } from '../../lib/recovery/reading.ts';
import { canAct } from './fences.ts';
import { instanceOf } from './fleets.ts';
import type { World } from './world.ts';

type State = DependentView['state'];

/** What goes wrong with the next orders to a dependent; each order uses up one. */
interface Trouble {
  readonly verb: 'start' | 'stop';
  /**
   * `fails`: the host says failed. `hangs`: it is changing, for good. `no-effect`: the order is taken and nothing
   * comes of it. `refused`: the order is a fault.
   */
  readonly luck: 'fails' | 'hangs' | 'no-effect' | 'refused';
  /** On any server when left out. */
  readonly server?: string;
  /** Once unless told. */
  readonly times?: number;
}

export interface FakeDependents extends Dependents {
  /** Orders that were taken, in their order: `stop data ServerA`, `start data ServerB`. */
  readonly log: string[];
  /** Orders of a host that were refused because a younger one had run there. */
  readonly refused: string[];
  /** Units and commands that were started while they were in service on another server that runs: `db ServerA ServerB`. */
  readonly doubles: string[];
  /** A bug to plant: hosts that take an order whatever has run there since. */
  takesOldOrders: boolean;
  /** Where it is in service. */
  servers(name: string): readonly string[];
  state(name: string, server: string): State;
  /** @param eniId to which it leads; whichever is asked for when left out */
  set(name: string, server: string, state: State, eniId?: string): void;
  /** The interface to which it leads, of what leads to one. */
  leads(name: string): string | undefined;
  plan(name: string, trouble: Trouble): void;
}

/** These run on the server itself: they need its operating system, and are gone when it is. */
const onHost: ReadonlySet<string> = new Set(['systemd', 'command']);
/** These lead to an interface. */
const onInterface: ReadonlySet<string> = new Set(['route', 'elasticIp']);
/** These may be in service on several servers. */
const perServer: ReadonlySet<string> = new Set(['systemd', 'command', 'target']);

export function fakeDependents(world: World): FakeDependents {
  const log: string[] = [];
  const refused: string[] = [];
  const doubles: string[] = [];
  const states = new Map<string, Map<string, State>>();
  const troubles: { readonly name: string; readonly trouble: Trouble; left: number }[] = [];
  const youngest = new Map<string, number>();
  /** Interfaces to which orders have led; what a test has set leads to whichever is asked for. */
  const leads = new Map<string, string>();

  const table = (name: string): Map<string, State> => {
    const known = states.get(name) ?? new Map<string, State>();
    states.set(name, known);
    return known;
  };
  const state = (name: string, server: string): State => table(name).get(server) ?? 'out-of-service';
  const inService = (name: string): string[] =>
    [...table(name)].filter(([, each]) => each === 'in-service').map(([server]) => server);

  /** What ran on a server that is stopped runs no more. */
  function forget({ name, work }: DependentDefinition, { server, instanceId }: DependentPlace): void {
    const instance = world.instances.get(instanceId)?.state;
    if (onHost.has(work.kind) && (instance === 'stopped' || instance === 'terminated'))
      table(name).delete(server);
  }

  function answers({ work }: DependentDefinition, { instanceId }: DependentPlace): boolean {
    if (!onHost.has(work.kind)) return true;
    return (
      world.guests.get(instanceId)?.answers === true && world.instances.get(instanceId)?.state === 'running'
    );
  }

  function view(dependent: DependentDefinition, at: DependentPlace): DependentView {
    const { name, work } = dependent;
    const here = state(name, at.server);
    const [elsewhere] = inService(name).filter((server) => server !== at.server);
    if (here === 'out-of-service' && elsewhere !== undefined && !perServer.has(work.kind))
      return { state: 'elsewhere', detail: `${name} is in service on ${elsewhere}` };
    const eniId = leads.get(name);
    if (here === 'in-service' && onInterface.has(work.kind) && eniId !== undefined && eniId !== at.eniId)
      return { state: 'elsewhere', detail: `${name} leads to ${eniId}` };
    if (here === 'in-service' && work.kind === 'command' && work.check === null)
      return { state: 'unknown', detail: `${name} has no check` };
    return { state: here, detail: `${name} is ${here} on ${at.server}` };
  }

  function trouble(verb: Trouble['verb'], name: string, server: string): Trouble['luck'] | null {
    const planned = troubles.find(
      (each) =>
        each.left > 0 &&
        each.name === name &&
        each.trouble.verb === verb &&
        (each.trouble.server ?? server) === server,
    );
    if (planned === undefined) return null;
    planned.left -= 1;
    return planned.trouble.luck;
  }

  async function order(
    verb: Trouble['verb'],
    dependent: DependentDefinition,
    at: DependentPlace,
    number: number,
  ): Promise<void> {
    const { name, work } = dependent;
    if (work.kind === 'resource') throw new Fault('usage', `${name} is a resource`, 'never');
    if (!answers(dependent, at)) {
      await world.faults.beforeCall(`dependents.${verb}`);
      await world.clock.sleep(verb === 'start' ? dependent.startMs : dependent.stopMs);
      throw new Fault('no-answer', `no answer from ${at.instanceId} in time`, 'later');
    }
    await world.faults.effect(`dependents.${verb}`, () => {
      if (onHost.has(work.kind)) requireYoungest(`${name} ${at.server}`, number);
      const luck = trouble(verb, name, at.server);
      if (luck === 'refused') throw new Fault('refused', `${name}: planted by a test`, 'later');
      log.push(`${verb} ${name} ${at.server}`);
      act(verb, dependent, at, luck);
    });
  }

  function requireYoungest(key: string, number: number): void {
    if (number < (youngest.get(key) ?? 0) && !fake.takesOldOrders) {
      refused.push(key);
      throw new Fault('refused', `${key}: a younger order has run there`, 'never');
    }
    youngest.set(key, number);
  }

  function act(
    verb: Trouble['verb'],
    { name, work }: DependentDefinition,
    { server, eniId }: DependentPlace,
    luck: Trouble['luck'] | null,
  ): void {
    if (luck === 'no-effect') return;
    if (verb === 'start') leads.set(name, eniId);
    if (luck === 'hangs' || luck === 'fails') {
      table(name).set(server, luck === 'hangs' ? 'changing' : 'failed');
      return;
    }
    if (verb === 'stop') {
      // A record in Route 53 stays until another value takes its place.
      if (work.kind !== 'dns') table(name).set(server, 'out-of-service');
      return;
    }
    const [elsewhere] = inService(name).filter((each) => each !== server);
    if (elsewhere !== undefined && work.kind === 'volume')
      throw new Fault('refused', `${name} is attached to ${elsewhere}`, 'later');
    if (!perServer.has(work.kind)) table(name).clear();
    if (onHost.has(work.kind) && elsewhere !== undefined && canAct(world, instanceOf(elsewhere)))
      doubles.push(`${name} ${elsewhere} ${server}`);
    table(name).set(server, 'in-service');
  }

  const fake: FakeDependents = {
    log,
    refused,
    doubles,
    takesOldOrders: false,
    servers: inService,
    state,
    leads: (name) => leads.get(name),
    set: (name, server, next, eniId) => {
      table(name).set(server, next);
      if (eniId !== undefined) leads.set(name, eniId);
    },
    plan: (name, each) => void troubles.push({ name, trouble: each, left: each.times ?? 1 }),
    look: (dependent, at) =>
      world.faults.look('dependents.look', async () => {
        if (dependent.work.kind === 'resource')
          throw new Fault('usage', `${dependent.name} is a resource`, 'never');
        forget(dependent, at);
        if (!answers(dependent, at)) return couldNotLook(`no answer from ${at.instanceId} in time`);
        return found(view(dependent, at));
      }),
    start: (dependent, at, number) => order('start', dependent, at, number),
    stop: (dependent, at, number) => order('stop', dependent, at, number),
  };
  return fake;
}
