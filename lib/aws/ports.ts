/** The ports of a recovery, over AWS: what a function puts together once, when its sandbox starts. */

import type { Clock, Ports } from '../recovery/ports.ts';
import type { ReconcilePorts } from '../recovery/reconcile.ts';
import type { RecoverPorts } from '../recovery/recover.ts';
import type { FunctionSettings } from '../recovery/settings.ts';
import { ec2Addresses } from './addresses.ts';
import { cloudwatchAlarms } from './alarms.ts';
import { dynamoAudit } from './audit.ts';
import type { Clients } from './clients.ts';
import { lambdaFailovers } from './failovers.ts';
import { ssmHosts } from './hosts.ts';
import { ec2Instances } from './instances.ts';
import { dynamoLedger } from './ledger.ts';
import { snsPages } from './pages.ts';

export interface Machine {
  readonly clients: Clients;
  readonly clock: Clock;
  readonly chance: () => number;
}

export function failoverPorts(machine: Machine, settings: FunctionSettings<'failover'>): Ports {
  const { clients, clock } = machine;
  const table = { dynamodb: clients.dynamodb, name: settings.table, retrying: machine };
  return {
    clock,
    addresses: ec2Addresses(clients.ec2, machine),
    instances: ec2Instances(clients.ec2, machine),
    hosts: ssmHosts(clients.ssm, settings.document, machine),
    ledger: dynamoLedger(table),
    audit: dynamoAudit(table),
    pages: snsPages(clients, settings.pageTopic, machine),
  };
}

export function recoverPorts(
  machine: Machine,
  settings: FunctionSettings<'recover'>,
): RecoverPorts & ReconcilePorts {
  return {
    ...failoverPorts(machine, settings),
    failovers: lambdaFailovers(machine.clients, settings.failoverFunction, machine),
    alarms: cloudwatchAlarms(machine.clients, machine),
  };
}
