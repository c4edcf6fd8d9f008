/** Systems Manager of one account: documents, parameters, agents and the commands between them. */
import type { Account } from '../account.ts';
import { Agents, type Instances } from './agents.ts';
import { Commands } from './commands.ts';
import { Documents } from './documents.ts';
import { Parameters } from './parameters.ts';

export class Ssm {
  readonly account: Account;
  readonly instances: Instances;
  readonly documents: Documents;
  readonly parameters: Parameters;
  readonly agents: Agents;
  readonly commands: Commands;

  constructor(account: Account, instances: Instances) {
    this.account = account;
    this.instances = instances;
    this.documents = new Documents(account);
    this.parameters = new Parameters(account);
    this.agents = new Agents(account, instances);
    this.commands = new Commands(account, this.agents);
  }

  /** No heartbeat, delivery or timeout happens after this. */
  stop(): void {
    this.agents.cancelAll();
    this.commands.cancelAll();
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
