/** One fleet as one stack: what is kept, what runs, what sets it off, and who is paged. */
import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { type CfnDocument, CfnParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { operateFunctionName, operateParameterName } from '../recovery/names.ts';
import type { FunctionName } from '../recovery/settings.ts';
import { addressCommand } from './address-document.ts';
import { Agent } from './agent.ts';
import { alarmArns, engineAlarm, failoverAlarm, RecoveryAlarms } from './alarms.ts';
import { declaredBy } from './declared.ts';
import { dependentCommand } from './dependent-document.ts';
import { failoverEffects, followEffects, mechanismEffects } from './effect-permissions.ts';
import { longestFailover } from './failover-time.ts';
import type { FleetFile } from './fleet-file.ts';
import { HoldfastFunction } from './functions.ts';
import { pageTopic } from './paging.ts';
import {
  failoverPermissions,
  operatePermissions,
  recoverPermissions,
  type Surroundings,
} from './permissions.ts';
import { defaultBusArn, failoverEndRule, instanceGoneRule, reconcileRule, wordRule } from './rules.ts';
import { runbooks } from './runbooks.ts';
import { stateTable } from './storage.ts';

/** The directory of a function's bundle. */
type Bundles = (name: FunctionName) => string;

/** What the failover function is told when nothing on a host depends on an address: a setting is never empty. */
const noDocument = 'none';

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
    const dependentDocument = dependentCommand(this, definition);
    const declared = declaredBy(this, definition);
    const around: Surroundings = {
      ...declared,
      document: this.#documentArn(document),
      dependentDocument: dependentDocument === null ? null : this.#documentArn(dependentDocument),
      table: table.tableArn,
      topic: topic.topicArn,
      bus: defaultBusArn(this),
      alarms: alarmArns(this, fleet),
      runs: this.formatArn({ service: 'ssm', resource: 'automation-execution', resourceName: '*' }),
    };
    const asynchronous = {
      maxEventAge: Duration.millis(definition.policy.maxEventAgeMs),
      onFailure: topic,
    } as const;
    const settings = { table: table.tableName, document: document.ref, pageTopic: topic.topicArn };

    const failover = new HoldfastFunction(this, 'Failover', {
      name: 'failover',
      description: `Moves addresses of ${fleet} and what depends on them to another server`,
      directory: bundle('failover'),
      settings: { ...settings, dependentDocument: dependentDocument?.ref ?? noDocument },
      permissions: failoverPermissions(around),
      effects: [...mechanismEffects(declared), ...failoverEffects(declared)],
      reservedConcurrency: reservedConcurrency.failover,
      asynchronous,
      durableFor: longestFailover(definition),
    });
    const recover = new HoldfastFunction(this, 'Recover', {
      name: 'recover',
      description: `Puts an address of ${fleet} back in service on its server`,
      directory: bundle('recover'),
      settings: { ...settings, failoverFunction: failover.alias.functionArn },
      permissions: recoverPermissions(around, failover.alias.functionArn),
      effects: [...mechanismEffects(declared), ...followEffects(declared)],
      reservedConcurrency: reservedConcurrency.recover,
      asynchronous: { ...asynchronous, retryAttempts: 2 },
    });
    new HoldfastFunction(this, 'Operate', {
      name: 'operate',
      description: `Answers and obeys the operators of ${fleet}`,
      functionName: operateFunctionName(fleet),
      directory: bundle('operate'),
      settings: { table: table.tableName, recoverFunction: recover.alias.functionArn },
      permissions: operatePermissions(around, recover.alias.functionArn, failover.executions),
      // People wait for its answer; an order that nobody waits for is not carried out hours later.
      asynchronous: { maxEventAge: Duration.minutes(1), retryAttempts: 0 },
    });

    new RecoveryAlarms(this, 'Alarms', definition, recover.alias);
    instanceGoneRule(this, definition, recover.alias);
    wordRule(this, definition, recover.alias);
    const agent = new Agent(this, 'Agent', file);
    failoverEndRule(this, fleet, failover.executions, topic);
    failoverAlarm(this, fleet, failover.functionName, topic);
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

  #documentArn({ ref }: CfnDocument): string {
    return this.formatArn({ service: 'ssm', resource: 'document', resourceName: ref });
  }
}
