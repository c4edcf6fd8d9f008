/** Systems Manager of one account: documents, parameters, agents, the commands between them, State Manager's associations, Automation's runs and OpsCenter's items. */
import type { Account } from '../account.ts';
import { Agents, type Instances } from './agents.ts';
import { Associations } from './associations.ts';
import type { FrontDoor } from './automation-calls.ts';
import { Automations } from './automations.ts';
import { Commands } from './commands.ts';
import { Documents } from './documents.ts';
import { OpsItems } from './ops-items.ts';
import { Parameters } from './parameters.ts';

export class Ssm {
  readonly account: Account;
  readonly instances: Instances;
  readonly documents: Documents;
  readonly parameters: Parameters;
  readonly agents: Agents;
  readonly commands: Commands;
  readonly associations: Associations;
  readonly automations: Automations;
  readonly opsItems: OpsItems;

  /** Through `door` go the calls that Automation's steps make; without one they fail by name. */
  constructor(account: Account, instances: Instances, door?: FrontDoor) {
    this.account = account;
    this.instances = instances;
    this.documents = new Documents(account);
    this.parameters = new Parameters(account);
    this.agents = new Agents(account, instances);
    this.commands = new Commands(account, this.agents);
    this.associations = new Associations(account, this);
    this.automations = new Automations(account, this.documents, door);
    this.opsItems = new OpsItems(account);
  }

  /** No heartbeat, delivery, timeout or scheduled run happens after this. */
  stop(): void {
    this.agents.cancelAll();
    this.commands.cancelAll();
    this.associations.cancelAll();
    this.automations.cancelAll();
  }

  /** Fault: the agent no longer hears the service, nor the service the agent; its host goes on. */
  cutOff(instanceId: string): void {
    this.agents.cutOff(instanceId);
  }

  reconnect(instanceId: string): void {
    this.agents.reconnect(instanceId);
  }

  /** How long a command takes to reach its agent. */
  set deliveryMs(ms: number) {
    this.commands.deliveryMs = ms;
  }

  /** How long GetCommandInvocation does not know a command that has been sent. */
  set invocationAppearsAfterMs(ms: number) {
    this.commands.invocationAppearsAfterMs = ms;
  }
}
