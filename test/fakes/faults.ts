/** Bad luck on order for the fakes, and the place where a test may stop a run: after every effect. */
import { Fault } from '../../lib/recovery/fault.ts';
import { couldNotLook, type Reading } from '../../lib/recovery/reading.ts';

export type Call =
  | 'addresses.look'
  | 'addresses.move'
  | 'addresses.unassign'
  | 'addresses.route'
  | 'instances.look'
  | 'instances.whyStopped'
  | 'instances.reachable'
  | 'hosts.ask'
  | 'words.note'
  | 'words.last'
  | 'ledger.register'
  | 'ledger.read'
  | 'ledger.claim'
  | 'ledger.intend'
  | 'ledger.commit'
  | 'ledger.fleet'
  | 'ledger.takeFailover'
  | 'audit.write'
  | 'announcements.tell'
  | 'pages.page'
  | 'failovers.start'
  | 'confirmations.answer'
  | 'dependents.look'
  | 'dependents.start'
  | 'dependents.stop'
  | 'fences.stop'
  | 'fences.isolate'
  | 'fences.isolated'
  | 'alarms.look'
  | 'identities.verify'
  | 'history.look'
  | 'obeyed.find'
  | 'obeyed.keep'
  | 'carriers.start'
  | 'slots.look'
  | 'switches.set';

export type BadLuck =
  /** Of a look: could not look. Of an effect: refused before it took effect. */
  | 'before'
  /** The effect takes place and the answer is lost. */
  | 'after';

interface Planted {
  readonly call: Call;
  readonly luck: BadLuck;
  readonly fault: Fault;
  left: number;
}

export class Faults {
  readonly #planted: Planted[] = [];
  /** Called before each call, an interleaving test's place to let somebody else go first. */
  beforeCall: (call: Call) => Promise<void> = async () => undefined;
  /** Called after each effect (never after a look); what it throws ends the run as a crash would. */
  afterEffect: (call: Call) => void = () => undefined;

  /** The next `times` calls of this kind meet it. */
  plant(call: Call, luck: BadLuck = 'before', times = 1, fault: Fault = noAnswer(call)): void {
    this.#planted.push({ call, luck, fault, left: times });
  }

  clear(): void {
    this.#planted.length = 0;
  }

  async look<T>(call: Call, see: () => Reading<T> | Promise<Reading<T>>): Promise<Reading<T>> {
    await this.beforeCall(call);
    const planted = this.#take(call);
    return planted === undefined ? see() : couldNotLook(planted.fault.message);
  }

  /** @throws Fault as planted, or whatever `afterEffect` throws */
  async effect<T>(call: Call, change: () => T | Promise<T>): Promise<T> {
    await this.beforeCall(call);
    const planted = this.#take(call);
    if (planted?.luck === 'before') throw planted.fault;
    const result = await change();
    this.afterEffect(call);
    if (planted !== undefined) throw planted.fault;
    return result;
  }

  #take(call: Call): Planted | undefined {
    const planted = this.#planted.find((each) => each.call === call && each.left > 0);
    if (planted !== undefined) planted.left -= 1;
    return planted;
  }
}

function noAnswer(call: Call): Fault {
  return new Fault('no-answer', `${call}: planted by a test`, 'later');
}
