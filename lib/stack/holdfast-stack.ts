/** One fleet as one stack: what is kept, what runs, what sets it off, and who is paged. */
import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import type { FleetDefinition } from '../recovery/fleet.ts';
import { operateFunctionName, operateParameterName } from '../recovery/names.ts';
import type { FunctionName } from '../recovery/settings.ts';
import { addressCommand } from './address-document.ts';
import { Agent } from './agent.ts';
import { alarmArns, engineAlarm, RecoveryAlarms } from './alarms.ts';
import type { FleetFile } from './fleet-file.ts';
import { HoldfastFunction } from './functions.ts';
import { pageTopic } from './paging.ts';
import { type Declared, failoverPermissions, operatePermissions, recoverPermissions } from './permissions.ts';
import { defaultBusArn, instanceGoneRule, reconcileRule, wordRule } from './rules.ts';
import { runbooks } from './runbooks.ts';
import { stateTable } from './storage.ts';

/** The directory of a function's bundle. */
type Bundles = (name: FunctionName) => string;

function stackName(fleet: string): string {
  return `holdfast-${fleet}`;
}

export class HoldfastStack extends Stack {
  constructor(scope: Construct, file: FleetFile, bundle: Bundles) {
    const { definition, deployment } = file;
    const { region, account, notify, reservedConcurrency } = deployment;
    const fleet = definition.name;
    super(scope, stackName(fleet), {
      description: `Holdfast: keeps the protected addresses of ${fleet} in service`,
      env: { ...(region === undefined ? {} : { region }), ...(account === undefined ? {} : { account }) },
      analyticsReporting: false,
    });

    const table = stateTable(this);
    const document = addressCommand(this, fleet);
    const topic = pageTopic(this, fleet, notify);
    const declared: Declared = {
      ...this.#declaredInstances(definition),
      document: this.formatArn({ service: 'ssm', resource: 'document', resourceName: document.ref }),
      table: table.tableArn,
      topic: topic.topicArn,
      bus: defaultBusArn(this),
      alarms: alarmArns(this, fleet),
      executions: this.formatArn({ service: 'ssm', resource: 'automation-execution', resourceName: '*' }),
    };
    const asynchronous = {
      maxEventAge: Duration.millis(definition.policy.maxEventAgeMs),
      retryAttempts: 2,
      onFailure: topic,
    } as const;
    const settings = { table: table.tableName, document: document.ref, pageTopic: topic.topicArn };

    const failover = new HoldfastFunction(this, 'Failover', {
      name: 'failover',
      description: `Moves an address of ${fleet} to another server`,
      directory: bundle('failover'),
      settings,
      permissions: failoverPermissions(declared),
      reservedConcurrency: reservedConcurrency.failover,
      asynchronous,
    });
    const recover = new HoldfastFunction(this, 'Recover', {
      name: 'recover',
      description: `Puts an address of ${fleet} back in service on its server`,
      directory: bundle('recover'),
      settings: { ...settings, failoverFunction: failover.alias.functionArn },
      permissions: recoverPermissions(declared, failover.alias.functionArn),
      reservedConcurrency: reservedConcurrency.recover,
      asynchronous,
    });
    new HoldfastFunction(this, 'Operate', {
      name: 'operate',
      description: `Answers and obeys the operators of ${fleet}`,
      functionName: operateFunctionName(fleet),
      directory: bundle('operate'),
      settings: { table: table.tableName, recoverFunction: recover.alias.functionArn },
      permissions: operatePermissions(declared, recover.alias.functionArn),
      // People wait for its answer; an order that nobody waits for is not carried out hours later.
      asynchronous: { maxEventAge: Duration.minutes(1), retryAttempts: 0 },
    });

    new RecoveryAlarms(this, 'Alarms', definition, recover.alias);
    instanceGoneRule(this, definition, recover.alias);
    wordRule(this, definition, recover.alias);
    const agent = new Agent(this, 'Agent', file);
    engineAlarm(this, fleet, topic, reconcileRule(this, fleet, recover.alias));

    runbooks(this, {
      fleet,
      operate: operateFunctionName(fleet),
      approvers: file.approvers,
    });
    new CfnParameter(this, 'Finder', {
      name: operateParameterName(fleet),
      type: 'String',
      value: operateFunctionName(fleet),
      description: `The function that answers the operators of ${fleet}`,
    });

    new CfnOutput(this, 'OperateFunction', { value: operateFunctionName(fleet) });
    new CfnOutput(this, 'StateTable', { value: table.tableName });
    new CfnOutput(this, 'AgentPolicyArn', { value: agent.policyArn });
    new CfnOutput(this, 'PageTopicArn', { value: topic.topicArn });
  }

  #declaredInstances({ servers }: FleetDefinition): Pick<Declared, 'interfaces' | 'instances'> {
    const arnOf = (resource: string) => (id: string) =>
      this.formatArn({ service: 'ec2', resource, resourceName: id });
    const enis = Object.values(servers).flatMap(({ interfaces }) =>
      Object.values(interfaces).map(({ eniId }) => eniId),
    );
    return {
      interfaces: enis.map(arnOf('network-interface')),
      instances: Object.values(servers).map(({ instanceId }) => arnOf('instance')(instanceId)),
    };
  }
}
