/** What the tests of CloudWatch share: an account with CloudWatch alone, an alarm on an address, and who reports to it. */
import {
  CloudWatch as Client,
  type CloudWatchClientConfig,
  type PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch';
import { Account, type AwsEvent, type Delivery } from '../../lib/emulator/account.ts';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { CloudWatch } from '../../lib/emulator/cloudwatch/cloudwatch.ts';
import { cloudWatchService } from '../../lib/emulator/cloudwatch/service.ts';
import { Gateway } from '../../lib/emulator/gateway.ts';
import { sdkRequestHandler } from '../../lib/emulator/transports.ts';

export const start = Date.UTC(2026, 0, 5, 10, 0, 0);
export const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:recover:live';
export const topicArn = 'arn:aws:sns:us-east-1:123456789012:pages';

/** CloudWatch alone, with a function and a topic that write down what they get. */
export function world() {
  const clock = new VirtualClock(start);
  const account = new Account({ clock, seed: 'cloudwatch' });
  const cw = new CloudWatch(account);
  const gateway = new Gateway(account);
  gateway.add(cloudWatchService(cw));
  const config = (accessKeyId: string): CloudWatchClientConfig => ({
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey: 'test' },
    requestHandler: sdkRequestHandler(gateway) as NonNullable<CloudWatchClientConfig['requestHandler']>,
    maxAttempts: 1,
  });
  const deliveries: Delivery[] = [];
  const events: AwsEvent[] = [];
  account.onDelivery('lambda', (delivery) => void deliveries.push(delivery));
  account.onDelivery('sns', (delivery) => void deliveries.push(delivery));
  account.onEvent((event) => void events.push(event));
  return { clock, account, cw, gateway, client: new Client(config('test')), config, deliveries, events };
}

export const alarm = {
  AlarmName: 'ip-db',
  Namespace: 'Holdfast',
  MetricName: 'Healthy',
  Dimensions: [{ Name: 'tag', Value: 'ip-db' }],
  Statistic: 'Minimum',
  Period: 10,
  EvaluationPeriods: 2,
  DatapointsToAlarm: 2,
  Threshold: 1,
  ComparisonOperator: 'LessThanThreshold',
  AlarmActions: [functionArn],
} satisfies PutMetricAlarmCommandInput;

export async function report(client: Client, value: number, storageResolution = 1): Promise<void> {
  await client.putMetricData({
    Namespace: 'Holdfast',
    MetricData: [
      {
        MetricName: 'Healthy',
        Dimensions: [{ Name: 'tag', Value: 'ip-db' }],
        Value: value,
        StorageResolution: storageResolution,
      },
    ],
  });
}

/** Reports `value` every ten seconds, `times` times. */
export async function reportEvery10s(
  w: ReturnType<typeof world>,
  value: number,
  times: number,
): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await report(w.client, value);
    await w.clock.advance(10_000);
  }
}

export async function stateOf(client: Client, name = 'ip-db'): Promise<string | undefined> {
  return (await client.describeAlarms({ AlarmNames: [name] })).MetricAlarms?.[0]?.StateValue;
}
