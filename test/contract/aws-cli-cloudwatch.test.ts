import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { Account } from '../../lib/emulator/account.ts';
import { WallClock } from '../../lib/emulator/clock.ts';
import { CloudWatch } from '../../lib/emulator/cloudwatch/cloudwatch.ts';
import { cloudWatchService } from '../../lib/emulator/cloudwatch/service.ts';
import { Gateway } from '../../lib/emulator/gateway.ts';
import { listen } from '../../lib/emulator/transports.ts';

const found = spawnSync('aws', ['--version'], { encoding: 'utf8' });
const missing = found.status === 0 ? '' : ' (skipped: no `aws` on the PATH)';
/** Each call starts a Python; the bound is for a machine that is busy. */
const limitMs = 120_000;

interface World {
  readonly cw: CloudWatch;
  /** Runs `aws cloudwatch …` and gives what it prints. */
  readonly aws: (...args: readonly string[]) => Promise<string>;
}

async function world(run: (world: World) => Promise<void>): Promise<void> {
  const clock = new WallClock();
  const account = new Account({ clock, seed: 'cli' });
  const cw = new CloudWatch(account);
  const gateway = new Gateway(account);
  gateway.add(cloudWatchService(cw));
  const { port, server } = await listen(gateway, 0);
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_REGION: 'us-east-1',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
    AWS_PAGER: '',
    NO_PROXY: '127.0.0.1',
    no_proxy: '127.0.0.1',
  };
  const aws = async (...args: readonly string[]) => {
    const endpoint = ['--endpoint-url', `http://127.0.0.1:${port}`, '--output', 'json'];
    const { stdout } = await promisify(execFile)('aws', ['cloudwatch', ...args, ...endpoint], { env });
    return stdout;
  };
  try {
    await run({ cw, aws });
  } finally {
    cw.stop();
    clock.stop();
    server.close();
  }
}

const putAlarm = [
  'put-metric-alarm',
  ...['--alarm-name', 'ip-db', '--namespace', 'Holdfast', '--metric-name', 'Healthy'],
  ...['--dimensions', 'Name=tag,Value=ip-db', '--statistic', 'Minimum', '--period', '3600'],
  ...['--evaluation-periods', '1', '--threshold', '1', '--comparison-operator', 'LessThanThreshold'],
];

test.skipIf(missing !== '')(
  `the AWS CLI puts an alarm, sets its state and reads it back${missing}`,
  async () => {
    await world(async ({ aws }) => {
      await aws(...putAlarm);
      await aws(
        'set-alarm-state',
        '--alarm-name',
        'ip-db',
        '--state-value',
        'OK',
        '--state-reason',
        'a drill',
      );
      const { MetricAlarms } = JSON.parse(await aws('describe-alarms', '--alarm-names', 'ip-db'));
      expect(MetricAlarms).toMatchObject([
        {
          AlarmName: 'ip-db',
          AlarmArn: 'arn:aws:cloudwatch:us-east-1:123456789012:alarm:ip-db',
          Dimensions: [{ Name: 'tag', Value: 'ip-db' }],
          Period: 3600,
          Threshold: 1,
        },
      ]);
      const { AlarmHistoryItems } = JSON.parse(
        await aws(
          'describe-alarm-history',
          '--history-item-type',
          'StateUpdate',
          '--scan-by',
          'TimestampAscending',
        ),
      );
      expect(AlarmHistoryItems[0].HistorySummary).toBe('Alarm updated from INSUFFICIENT_DATA to OK');
    });
  },
  limitMs,
);

test.skipIf(missing !== '')(
  `the AWS CLI puts high-resolution data with dimensions${missing}`,
  async () => {
    await world(async ({ cw, aws }) => {
      await aws(
        'put-metric-data',
        ...[
          '--namespace',
          'Holdfast',
          '--metric-name',
          'Healthy',
          '--dimensions',
          'tag=ip-db,server=ServerA',
        ],
        ...['--value', '1', '--unit', 'Count', '--storage-resolution', '1'],
      );
      expect(cw.metrics.names()).toEqual([
        { namespace: 'Holdfast', name: 'Healthy', dimensions: { tag: 'ip-db', server: 'ServerA' } },
      ]);
    });
  },
  limitMs,
);

test.skipIf(missing !== '')(
  `the AWS CLI shows AWS's own error code for an alarm that is not there${missing}`,
  async () => {
    await world(async ({ aws }) => {
      await expect(
        aws('set-alarm-state', '--alarm-name', 'none', '--state-value', 'OK', '--state-reason', 'a drill'),
      ).rejects.toThrow('(ResourceNotFound)');
    });
  },
  limitMs,
);
