/** The embedded AWS as served by `npm start -- --no-story`, seen with clients that we did not write. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run, type Served, serve } from './programs.ts';

const eth1OfServerA = 'eni-0a1b2c3d4e5f60011';
const hasCli = spawnSync('aws', ['--version']).status === 0;
const because = hasCli ? '' : ' (skipped: the AWS CLI is not installed)';

let served: Served;
beforeAll(async () => {
  served = await serve();
}, 60_000);
afterAll(async () => {
  expect(await served.stop()).toBe(0);
});

test('lkipbu -s prints the four lines, in the order and words of LifeKeeper', async () => {
  const { environment } = served;
  await expect
    .poll(() => run('lkipbu.ts', ['-s', '-t', 'ip-db'], environment), { timeout: 30_000, interval: 500 })
    .toEqual({
      code: 0,
      stdout:
        'IP address: 10.0.1.50\nNetmask: 255.255.255.0\nPrimary interface: eth0 (up)\nBackup interface: eth1\n',
      stderr: '',
    });
});

describe.skipIf(!hasCli)(`the AWS CLI${because}`, () => {
  test('finds the interface that holds the protected address as a secondary', () => {
    const reply = aws(
      'ec2',
      'describe-network-interfaces',
      '--filters',
      'Name=addresses.private-ip-address,Values=10.0.1.50',
    );
    const [eni] = JSON.parse(reply.stdout).NetworkInterfaces;
    expect(eni).toMatchObject({ NetworkInterfaceId: 'eni-0a1b2c3d4e5f60010', PrivateIpAddress: '10.0.1.10' });
  });

  test('is refused an address that another interface holds, and moves it when it allows reassignment', () => {
    const call = [
      'assign-private-ip-addresses',
      '--network-interface-id',
      eth1OfServerA,
      '--private-ip-addresses',
      '10.0.1.50',
    ];
    const refused = aws('ec2', ...call);
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain('(InvalidParameterValue)');
    expect(refused.stderr).toContain('assigned, but move is not allowed');
    const moved = aws('ec2', ...call, '--allow-reassignment');
    expect(JSON.parse(moved.stdout)).toMatchObject({
      NetworkInterfaceId: eth1OfServerA,
      AssignedPrivateIpAddresses: [{ PrivateIpAddress: '10.0.1.50' }],
    });
  });

  test('sets the state of an alarm that exists, and of no other', () => {
    const set = ['set-alarm-state', '--state-value', 'OK', '--state-reason', 'looked', '--alarm-name'];
    expect(aws('cloudwatch', ...set, 'holdfast-main-health-ip-db').status).toBe(0);
    expect(aws('cloudwatch', ...set, 'holdfast-main-health-nobody').stderr).toContain('(ResourceNotFound)');
  });

  test('scans the table', () => {
    const [table] = JSON.parse(aws('dynamodb', 'list-tables').stdout).TableNames;
    expect(JSON.parse(aws('dynamodb', 'scan', '--table-name', table).stdout).Count).toBeGreaterThanOrEqual(0);
  });

  test('sends the address command, and is refused a parameter that the document does not allow', () => {
    const send = [
      'send-command',
      '--document-name',
      'holdfast-main-address',
      '--instance-ids',
      'i-0a1b2c3d4e5f60001',
      '--parameters',
    ];
    const parameters =
      'Action=status,Address=10.0.1.50,Mac=02:00:00:00:00:01,Subnet=10.0.1.0/24,PingList=none';
    const sent = JSON.parse(aws('ssm', ...send, parameters).stdout);
    expect(sent.Command).toMatchObject({ DocumentName: 'holdfast-main-address', Status: 'Pending' });
    const hostile = aws('ssm', ...send, parameters.replace('status', 'status;reboot'));
    expect(hostile.stderr).toContain('(InvalidParameters)');
  });
});

test('lkipbu says in one line what is missing or out of reach, with the exit codes of its family', () => {
  const { environment } = served;
  expect(run('lkipbu.ts', ['-s', '-t', 'nobody'], environment)).toEqual({
    code: 7,
    stdout: '',
    stderr: 'lkipbu: no resource has the tag "nobody"\n',
  });
  expect(run('lkipbu.ts', ['-d', 'ServerC', '-s', '-t', 'ip-db'], environment)).toMatchObject({
    code: 7,
    stdout: '',
  });
  const nobodyThere = run('lkipbu.ts', ['-s', '-t', 'ip-db'], {
    ...environment,
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
  });
  expect(nobodyThere).toMatchObject({ code: 9, stdout: '' });
  expect(nobodyThere.stderr).toContain('ECONNREFUSED');
});

function aws(...args: readonly string[]) {
  return spawnSync('aws', ['--output', 'json', '--endpoint-url', served.url, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...served.environment, AWS_EC2_METADATA_DISABLED: 'true' },
  });
}
