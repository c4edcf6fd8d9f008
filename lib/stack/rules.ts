/** The other ways into recovery: an instance that goes away, an agent's word, and the reconcile for what was lost. And a page. */
import { Duration, Stack } from 'aws-cdk-lib';
import { CfnRule, Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { FleetDefinition } from '../recovery/fleet.ts';
import { addressFailed, addressInService, agentSource, tickSource } from '../recovery/names.ts';

export function defaultBusArn(scope: Construct): string {
  return Stack.of(scope).formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' });
}

/** Status checks stop with the instance, so its alarm would hear nothing more. */
export function instanceGoneRule(scope: Construct, fleet: FleetDefinition, recover: IFunction): Rule {
  return new Rule(scope, 'InstanceGone', {
    description: `An instance of ${fleet.name} stops or is terminated`,
    eventPattern: {
      source: ['aws.ec2'],
      detailType: ['EC2 Instance State-change Notification'],
      detail: {
        state: ['stopping', 'stopped', 'shutting-down', 'terminated'],
        'instance-id': Object.values(fleet.servers).map(({ instanceId }) => instanceId),
      },
    },
    targets: [
      new LambdaFunction(recover, {
        maxEventAge: Duration.millis(fleet.policy.maxEventAgeMs),
        retryAttempts: 2,
      }),
    ],
  });
}

/** What the agents say is kept, and a failure of which it speaks is recovered where the fleet is on the fast lane. */
export function wordRule(scope: Construct, fleet: FleetDefinition, recover: IFunction): Rule {
  return new Rule(scope, 'AgentsWord', {
    description: `An agent of ${fleet.name} says how an address is`,
    eventPattern: {
      source: [agentSource],
      detailType: [addressFailed, addressInService],
      detail: { fleet: [fleet.name] },
    },
    targets: [
      new LambdaFunction(recover, {
        maxEventAge: Duration.millis(fleet.policy.maxEventAgeMs),
        retryAttempts: 2,
      }),
    ],
  });
}

/** Alarms act once per change of state and never again; this asks again every minute. */
export function reconcileRule(scope: Construct, fleet: string, recover: IFunction): Rule {
  return new Rule(scope, 'Reconcile', {
    description: `Once a minute: is every address of ${fleet} where it belongs?`,
    schedule: Schedule.rate(Duration.minutes(1)),
    targets: [
      new LambdaFunction(recover, {
        event: RuleTargetInput.fromObject({ source: tickSource }),
        // The next minute is the next try.
        maxEventAge: Duration.minutes(1),
        retryAttempts: 0,
      }),
    ],
  });
}

/**
 * Lambda does not try an execution again that has failed, and says so to nobody but the default bus. The reconcile finds
 * the address within a minute; what was on its way beside it, a person has to look after.
 * https://docs.aws.amazon.com/lambda/latest/dg/durable-monitoring.html
 * @param executions ARN of the function's versions, ending in `:*`
 */
export function failoverEndRule(scope: Construct, fleet: string, executions: string, topic: ITopic): CfnRule {
  return new CfnRule(scope, 'FailoverBroken', {
    description: `A failover of ${fleet} has ended in the middle`,
    eventPattern: {
      source: ['aws.lambda'],
      'detail-type': ['Durable Execution Status Change'],
      detail: {
        status: ['FAILED', 'TIMED_OUT', 'STOPPED'],
        functionArn: [{ prefix: executions.replace(/\*$/, '') }],
      },
    },
    // The construct for it would add its own statement to the topic's policy.
    targets: [
      {
        id: 'Page',
        arn: topic.topicArn,
        inputTransformer: {
          inputPathsMap: {
            name: '$.detail.durableExecutionName',
            status: '$.detail.status',
            execution: '$.detail.durableExecutionArn',
          },
          inputTemplate: JSON.stringify(
            `The failover <name> of ${fleet} has ended in the middle: <status>. Holdfast looks at its addresses again within a minute; what depends on them may be half moved: "holdfast list" and "holdfast status" say what is where. The name begins with the first address of the incident. Execution: <execution>`,
          ),
        },
      },
    ],
  });
}
