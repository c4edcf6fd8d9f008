/** Alarm events as AWS sends them, in the three shapes in which they reach the recover function. */

export interface AlarmSaid {
  readonly alarmName: string;
  readonly value: 'ALARM' | 'OK' | 'INSUFFICIENT_DATA';
  readonly atMs: number;
}

/** CloudWatch's own offset: `+0000`. */
function stamp(atMs: number): string {
  return new Date(atMs).toISOString().replace('Z', '+0000');
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html */
export function directAction({ alarmName, value, atMs }: AlarmSaid): object {
  return {
    source: 'aws.cloudwatch',
    alarmArn: `arn:aws:cloudwatch:us-east-1:123456789012:alarm:${alarmName}`,
    accountId: '123456789012',
    time: stamp(atMs),
    region: 'us-east-1',
    alarmData: { alarmName, state: { value, reason: 'Threshold Crossed', timestamp: stamp(atMs) } },
  };
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html */
export function stateChangeEvent({ alarmName, value, atMs }: AlarmSaid): object {
  return {
    version: '0',
    id: 'c4c1c1c9-6542-e61b-6ef0-8c4d36933a92',
    'detail-type': 'CloudWatch Alarm State Change',
    source: 'aws.cloudwatch',
    account: '123456789012',
    time: new Date(atMs).toISOString(),
    region: 'us-east-1',
    resources: [`arn:aws:cloudwatch:us-east-1:123456789012:alarm:${alarmName}`],
    detail: { alarmName, state: { value, reason: 'Threshold Crossed', timestamp: stamp(atMs) } },
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html around CloudWatch's own message */
export function snsNotification({ alarmName, value, atMs }: AlarmSaid): object {
  const Message = JSON.stringify({
    AlarmName: alarmName,
    NewStateValue: value,
    NewStateReason: 'Threshold Crossed',
    StateChangeTime: stamp(atMs),
  });
  return {
    Records: [{ EventSource: 'aws:sns', EventVersion: '1.0', Sns: { Type: 'Notification', Message } }],
  };
}
