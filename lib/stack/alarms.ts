/**
 * The alarms that start a recovery, one per protected address and one per server, and the one that watches the engine.
 * Nothing hangs on OK: an address that is well again stays where it is.
 */
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { CfnPermission, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct, type IDependable } from 'constructs';
import type { FleetDefinition } from '../recovery/fleet.ts';
import {
  alarmPrefix,
  healthAlarmName,
  healthMetric,
  heartbeatMetric,
  metricNamespace,
  statusAlarmName,
} from '../recovery/names.ts';

export class RecoveryAlarms extends Construct {
  constructor(scope: Construct, id: string, fleet: FleetDefinition, recover: IFunction) {
    super(scope, id);
    const permission = allowAlarms(this, fleet.name, recover);
    for (const { tag, address } of fleet.resources) {
      const alarm = new Alarm(this, `Health-${tag}`, {
        alarmName: healthAlarmName(fleet.name, tag),
        alarmDescription: `The protected address ${tag} (${address}) was positively not answered`,
        metric: new Metric({
          namespace: metricNamespace,
          metricName: healthMetric,
          dimensionsMap: { Fleet: fleet.name, Tag: tag },
          statistic: Stats.MINIMUM,
          period: Duration.seconds(10),
        }),
        threshold: 1,
        comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
        evaluationPeriods: 3,
        datapointsToAlarm: 2,
        // Silence is INSUFFICIENT_DATA, never a verdict.
        treatMissingData: TreatMissingData.MISSING,
      });
      invoke(alarm, recover, permission);
    }
    for (const [server, { instanceId }] of Object.entries(fleet.servers)) {
      const alarm = new Alarm(this, `Status-${server}`, {
        alarmName: statusAlarmName(fleet.name, server),
        alarmDescription: `EC2's status checks of ${server} (${instanceId}) fail`,
        metric: new Metric({
          namespace: 'AWS/EC2',
          metricName: 'StatusCheckFailed',
          dimensionsMap: { InstanceId: instanceId },
          statistic: Stats.MAXIMUM,
          period: Duration.minutes(1),
        }),
        threshold: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: 2,
        datapointsToAlarm: 2,
        treatMissingData: TreatMissingData.MISSING,
      });
      invoke(alarm, recover, permission);
    }
  }
}

/**
 * The reconcile runs every minute and says so; three minutes without a word page a human, not the engine. Silence is
 * INSUFFICIENT_DATA and pages from there: a new alarm starts in that state and pages only when it falls back to it, so
 * a deploy is no page.
 */
export function engineAlarm(scope: Construct, fleet: string, topic: ITopic, schedule: IDependable): Alarm {
  const alarm = new Alarm(scope, 'EngineAlarm', {
    alarmName: `${alarmPrefix(fleet)}engine`,
    alarmDescription: `The recovery engine of ${fleet} has not run for three minutes: nobody watches the addresses`,
    metric: new Metric({
      namespace: metricNamespace,
      metricName: heartbeatMetric,
      dimensionsMap: { Fleet: fleet },
      statistic: Stats.SUM,
      period: Duration.minutes(1),
    }),
    threshold: 1,
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    evaluationPeriods: 3,
    treatMissingData: TreatMissingData.MISSING,
  });
  alarm.addAlarmAction(new SnsAction(topic));
  alarm.addInsufficientDataAction(new SnsAction(topic));
  alarm.node.addDependency(schedule);
  return alarm;
}

/**
 * A failover whose invocations fail, for want of its memory for instance, is tried again by Lambda for as long as it may
 * last, and tells nobody meanwhile. One that dies once and goes on is no page. That Lambda counts a failed invocation of a
 * durable function among its Errors is UNCONFIRMED: https://docs.aws.amazon.com/lambda/latest/dg/durable-monitoring.html
 */
export function failoverAlarm(scope: Construct, fleet: string, functionName: string, topic: ITopic): Alarm {
  const alarm = new Alarm(scope, 'FailoverAlarm', {
    alarmName: `${alarmPrefix(fleet)}failover`,
    alarmDescription: `A failover of ${fleet} cannot go on: its function fails again and again. "holdfast list" says which address waits`,
    metric: new Metric({
      namespace: 'AWS/Lambda',
      metricName: 'Errors',
      dimensionsMap: { FunctionName: functionName },
      statistic: Stats.SUM,
      period: Duration.minutes(1),
    }),
    threshold: 1,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    evaluationPeriods: 3,
    datapointsToAlarm: 2,
    // Nothing runs, so nothing fails.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
  alarm.addAlarmAction(new SnsAction(topic));
  return alarm;
}

/**
 * One permission for all alarms of the fleet: a function's resource policy ends at 20 KB.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
 */
function allowAlarms(scope: Construct, fleet: string, recover: IFunction): CfnPermission {
  return new CfnPermission(scope, 'Permission', {
    action: 'lambda:InvokeFunction',
    functionName: recover.functionArn,
    principal: 'lambda.alarms.cloudwatch.amazonaws.com',
    sourceAccount: Stack.of(scope).account,
    sourceArn: alarmArns(scope, fleet),
  });
}

/** Of all alarms of a fleet, with a wildcard for their names. */
export function alarmArns(scope: Construct, fleet: string): string {
  return Stack.of(scope).formatArn({
    service: 'cloudwatch',
    resource: 'alarm',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    resourceName: `${alarmPrefix(fleet)}*`,
  });
}

/**
 * CloudWatch drops an action that it may not take without a word, so no alarm is there before its permission.
 * LambdaAction of aws-cdk-lib would add a permission per alarm.
 */
function invoke(alarm: Alarm, recover: IFunction, permission: CfnPermission): void {
  const action: IAlarmAction = { bind: () => ({ alarmActionArn: recover.functionArn }) };
  alarm.addAlarmAction(action);
  alarm.node.addDependency(permission);
}
