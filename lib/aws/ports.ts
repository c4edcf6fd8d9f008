/** The ports of a recovery, over AWS: what a function puts together once, when its sandbox starts. */
import type { OperatePorts } from '../recovery/operate-ports.ts';
import type { Clock, FailoverPorts, Ports } from '../recovery/ports.ts';
import type { ReconcilePorts } from '../recovery/reconcile.ts';
import type { RecoverPorts } from '../recovery/run.ts';
import type { FunctionSettings } from '../recovery/settings.ts';
import { ec2Addresses } from './addresses.ts';
import { cloudwatchAlarms } from './alarms.ts';
import { eventBridgeAnnouncements } from './announcements.ts';
import { dynamoAudit } from './audit.ts';
import { lambdaCarriers } from './carriers.ts';
import type { Clients } from './clients.ts';
import { lambdaConfirmations } from './confirmations.ts';
import { awsDependents, interfaceDependents } from './dependents.ts';
import { lambdaFailovers } from './failovers.ts';
import { ec2Fences } from './fences.ts';
import { fleetItem } from './fleet-item.ts';
import { dynamoHistory } from './history.ts';
import { ssmHosts } from './hosts.ts';
import { awsIdentities } from './identity.ts';
import { ec2Instances } from './instances.ts';
import { dynamoLedger } from './ledger.ts';
import { dynamoObeyed } from './obeyed.ts';
import { pagesOver } from './pages.ts';
import { ec2Slots } from './slots.ts';
import { awsWitnesses } from './witnesses.ts';
import { dynamoWords } from './words.ts';

export interface Machine {
  readonly clients: Clients;
  readonly fleet: { readonly name: string };
  readonly clock: Clock;
  readonly chance: () => number;
}

export function failoverPorts(machine: Machine, settings: FunctionSettings<'failover'>): FailoverPorts {
  const { clients } = machine;
  return {
    ...sharedPorts(machine, settings),
    dependents: awsDependents(clients, settings.dependentDocument, machine),
    fences: ec2Fences({ ec2: clients.ec2, retrying: machine }),
    slots: ec2Slots(clients.ec2, machine),
  };
}

function sharedPorts(
  machine: Machine,
  settings: Pick<FunctionSettings<'recover'>, 'table' | 'document' | 'pageTopic'>,
): Ports {
  const { clients, clock } = machine;
  const table = { dynamodb: clients.dynamodb, name: settings.table, retrying: machine };
  return {
    clock,
    addresses: ec2Addresses(clients.ec2, machine),
    instances: ec2Instances(clients, machine),
    hosts: ssmHosts(clients.ssm, settings.document, machine),
    words: dynamoWords(table),
    ledger: dynamoLedger(table),
    audit: dynamoAudit(table),
    announcements: eventBridgeAnnouncements(clients, machine.fleet.name, machine),
    pages: pagesOver(clients, { topicArn: settings.pageTopic, fleet: machine.fleet.name }, machine),
  };
}

export function recoverPorts(
  machine: Machine,
  settings: FunctionSettings<'recover'>,
): RecoverPorts & ReconcilePorts {
  return {
    ...sharedPorts(machine, settings),
    failovers: lambdaFailovers(machine.clients, settings.failoverFunction, machine),
    dependents: interfaceDependents(machine.clients, machine),
    alarms: cloudwatchAlarms(machine.clients, machine),
  };
}

export function operatePorts(machine: Machine, settings: FunctionSettings<'operate'>): OperatePorts {
  const { clients, clock, fleet } = machine;
  const table = { dynamodb: clients.dynamodb, name: settings.table, retrying: machine };
  return {
    clock,
    addresses: ec2Addresses(clients.ec2, machine),
    instances: ec2Instances(clients, machine),
    slots: ec2Slots(clients.ec2, machine),
    words: dynamoWords(table),
    ledger: dynamoLedger(table),
    switches: fleetItem(table),
    audit: dynamoAudit(table),
    history: dynamoHistory(table),
    obeyed: dynamoObeyed(table),
    announcements: eventBridgeAnnouncements(clients, fleet.name, machine),
    confirmations: lambdaConfirmations(clients, machine),
    carriers: lambdaCarriers(clients, settings.recoverFunction, machine),
    identities: awsIdentities(awsWitnesses(clients, machine), fleet.name),
  };
}
