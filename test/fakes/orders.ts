/** An operator over a scene: asks the operate function's code, and lets the recover function's code carry the orders out. */
import type { Summary } from '../../lib/recovery/audit.ts';
import type { CarriedOrder } from '../../lib/recovery/carried-order.ts';
import { operate } from '../../lib/recovery/operate.ts';
import type { History, Identities, Obeyed, OperatePorts } from '../../lib/recovery/operate-ports.ts';
import type { Answer, AskedRequest } from '../../lib/recovery/order.ts';
import type { Slots } from '../../lib/recovery/ports.ts';
import { found } from '../../lib/recovery/reading.ts';
import type { Run } from '../../lib/recovery/run.ts';
import type { FleetPlan } from './fleets.ts';
import { armedScene, type Scene } from './scene.ts';

export const alice = 'arn:aws:iam::123456789012:user/alice';
export const bob = 'arn:aws:iam::123456789012:user/bob';

/** What an order says, without its proof. */
export type Words = AskedRequest;

export class OrderScene {
  readonly scene: Scene;
  readonly ports: OperatePorts;
  /** Handed over and not yet carried out, oldest first. */
  readonly carried: CarriedOrder[] = [];
  readonly obeyed = new Map<string, Obeyed>();
  slots: Slots = { used: 2, most: 10 };
  #proofs = 0;

  constructor(scene: Scene) {
    this.scene = scene;
    this.ports = this.#portsOf();
  }

  ask(request: unknown): Promise<Answer> {
    return operate(this.ports, this.scene.fleet, { event: request, id: this.scene.nextId() });
  }

  /** With a proof of its own each time. */
  order(words: Words, arn: string = alice): Promise<Answer> {
    return this.ask(this.proven(words, arn));
  }

  proven(words: Words, arn: string = alice): unknown {
    this.#proofs += 1;
    const headers = { arn, proof: String(this.#proofs) };
    return { ...words, proof: { kind: 'signed-identity', headers, body: '' } };
  }

  /** Carries out what was handed over, as the recover function does, and the failover for what takes dependents along. */
  async carryOut(): Promise<readonly Summary[]> {
    const summaries: Summary[] = [];
    for (let next = this.carried.shift(); next; next = this.carried.shift()) {
      const runs = await this.scene.respond(next);
      const handedOn = runs[0]?.kind === 'escalated' && this.scene.ports.failovers.started.length > 0;
      summaries.push(...(handedOn ? await this.scene.failovers() : [summaryOf(runs)]));
    }
    return summaries;
  }

  /** An order that moves an address, to its end. */
  async orderToEnd(words: Words, arn: string = alice): Promise<Summary> {
    const answer = await this.order(words, arn);
    if (!answer.ok || answer.kind !== 'started') throw new Error(`not started: ${JSON.stringify(answer)}`);
    const [summary] = await this.carryOut();
    if (summary === undefined) throw new Error('nothing was carried out');
    return summary;
  }

  #portsOf(): OperatePorts {
    const { ports, world } = this.scene;
    const { faults } = world;
    const identities: Identities = {
      verify: async (_, { proof }) => {
        if (proof?.kind !== 'signed-identity')
          return { kind: 'unknown', why: 'the order bears no proof of who gives it' };
        const { arn = '', proof: id = '' } = proof.headers;
        const via = arn.includes('/i-') ? 'instance' : 'command';
        const seen = await faults.look('identities.verify', () => found({ arn, via, id } as const));
        return seen.kind === 'found'
          ? { kind: 'known', ...seen.value }
          : { kind: 'could-not-look', why: 'no answer' };
      },
    };
    return {
      ...ports,
      identities,
      history: this.#history(),
      obeyed: {
        find: (of, id) =>
          faults.look('obeyed.find', () => {
            const obeyed = this.obeyed.get(`${of} ${id}`);
            return obeyed === undefined ? { kind: 'absent' } : found(obeyed);
          }),
        keep: (of, id, obeyed) =>
          faults.effect('obeyed.keep', () => void this.obeyed.set(`${of} ${id}`, structuredClone(obeyed))),
      },
      carriers: {
        start: (order) =>
          faults.effect('carriers.start', () => void this.carried.push(structuredClone(order))),
      },
      slots: { look: () => faults.look('slots.look', () => found(this.slots)) },
      confirmations: this.scene.people,
      switches: {
        set: (change) =>
          faults.effect('switches.set', () => {
            ports.ledger.fleetView = { ...ports.ledger.fleetView, ...change };
          }),
      },
    };
  }

  #history(): History {
    const { ports, world } = this.scene;
    return {
      summaries: (of, { sinceMs, limit }) =>
        world.faults.look('history.look', () =>
          found(
            ports.audit
              .of(of)
              .filter((each): each is Summary => each.kind === 'summary' && each.startedAtMs >= sinceMs)
              .toReversed()
              .slice(0, limit),
          ),
        ),
      records: (of, _, recovery) =>
        world.faults.look('history.look', () =>
          found(ports.audit.of(of).filter(({ recoveryId }) => recoveryId === recovery)),
        ),
    };
  }
}

/** The address is in service on ServerA's eth0, state ISP, armed. */
export async function orderScene(plan: FleetPlan = {}): Promise<OrderScene> {
  return new OrderScene(await armedScene(plan));
}

function summaryOf(runs: readonly Run[]): Summary {
  const [run] = runs;
  if (run?.kind !== 'ended') throw new Error('the run has no end of its own');
  return run.summary;
}
