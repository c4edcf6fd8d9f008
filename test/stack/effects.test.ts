/** What functions may do because the fleet has something that needs it, and may not where it has not. */
import { describe, expect, it } from 'vitest';
import { twoZones } from '../unit/fleet-files.ts';
import { permissionsOf } from './permissions.ts';
import { type Template, templateOf } from './template.ts';

const example = await templateOf();
const wide = await templateOf(twoZones);

const interfaces = [
  'eni-0a1b2c3d4e5f60010',
  'eni-0a1b2c3d4e5f60011',
  'eni-0b1b2c3d4e5f60020',
  'eni-0b1b2c3d4e5f60021',
  'eni-0c1b2c3d4e5f60030',
].map((eni) => inEc2('network-interface', eni));
const instances = ['i-0a1b2c3d4e5f60001', 'i-0b1b2c3d4e5f60002', 'i-0c1b2c3d4e5f60003'].map((instance) =>
  inEc2('instance', instance),
);
const tables = ['rtb-0a1b2c3d4e5f60070', 'rtb-0a1b2c3d4e5f60071'].map((table) => inEc2('route-table', table));
const [firstTable = ''] = tables;
const targetGroup = 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/db/0123456789abcdef';
const zone = 'arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ';

describe('what moves addresses of the four kinds', () => {
  const moves = [
    ...on(
      ['ec2:AssignPrivateIpAddresses', 'ec2:AssignIpv6Addresses', 'ec2:UnassignIpv6Addresses'],
      interfaces,
    ),
    ...on(['ec2:AssociateAddress'], [...interfaces, inEc2('elastic-ip', 'eipalloc-0a1b2c3d4e5f60050')]),
    ...on(['ec2:CreateRoute', 'ec2:DeleteRoute', 'ec2:ReplaceRoute'], tables),
  ];

  it.each(['Recover', 'Failover'])('%s may do', (name) => {
    expect(permissionsOf(wide, name)).toEqual(expect.arrayContaining(moves));
  });

  it('recover may do nothing else to EC2, but look, and lead to another interface what hangs on one', () => {
    const along = [
      ...on(['ec2:AssociateAddress'], [inEc2('elastic-ip', 'eipalloc-0a1b2c3d4e5f60051')]),
      ...on(['ec2:CreateRoute', 'ec2:DeleteRoute', 'ec2:ReplaceRoute'], [firstTable]),
    ];
    const changes = permissionsOf(wide, 'Recover').filter((line) => /^ec2:(?!Describe)/.test(line));
    expect(changes.toSorted()).toEqual([...moves, ...along].toSorted());
  });

  it('recover may register targets only where the address by which they are registered is the interface’s own', async () => {
    const register = on(
      ['elasticloadbalancing:DeregisterTargets', 'elasticloadbalancing:RegisterTargets'],
      [targetGroup],
    );
    const changes = (template: Template) =>
      permissionsOf(template, 'Recover').filter((line) => /^elasticloadbalancing:(?!Describe)/.test(line));
    expect(changes(wide)).toEqual(register);
    expect(changes(await templateOf(twoZones.replace('as: address', 'as: instance')))).toEqual([]);
  });

  it.each(['Recover', 'Failover', 'Operate'])('%s may look at', (name) => {
    expect(permissionsOf(wide, name)).toEqual(
      expect.arrayContaining(on(['ec2:DescribeAddresses', 'ec2:DescribeRouteTables'], ['*'])),
    );
  });
});

it('failover may work on what depends on addresses, and stop or isolate servers, as far as it is declared', () => {
  const known = new Set(permissionsOf(wide, 'Recover').map((line) => line.replaceAll('Recover', 'Failover')));
  expect(permissionsOf(wide, 'Failover').filter((line) => !known.has(line))).toEqual([
    ...on(['ec2:DisassociateAddress', 'ec2:ModifyNetworkInterfaceAttribute'], interfaces),
    'ssm:SendCommand | arn:aws:ssm:region:account:document/<DependentDocument>',
    'ec2:DescribeInstanceTypes | *',
    ...on(
      ['lambda:CheckpointDurableExecution', 'lambda:GetDurableExecutionState'],
      ['<FailoverFunction.Arn>:*'],
    ),
    'ec2:DescribeVolumes | *',
    ...on(['ec2:DisassociateAddress'], [inEc2('elastic-ip', 'eipalloc-0a1b2c3d4e5f60051')]),
    ...on(['ec2:AttachVolume', 'ec2:DetachVolume'], [inEc2('volume', 'vol-0a1b2c3d4e5f60080')]),
    ...on(['ec2:AttachVolume', 'ec2:DetachVolume', 'ec2:StopInstances'], instances),
    `route53:ListResourceRecordSets | ${zone}`,
    `route53:ChangeResourceRecordSets | ${zone} | ${JSON.stringify({
      'ForAllValues:StringEquals': {
        'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['db.example.com'],
        'route53:ChangeResourceRecordSetsActions': ['UPSERT'],
      },
    })}`,
    ...on(['ec2:ModifyNetworkInterfaceAttribute'], [inEc2('security-group', 'sg-0a1b2c3d4e5f60040')]),
  ]);
});

it('names a route table once, however many things have a route there', () => {
  const lines = permissionsOf(wide, 'Failover').filter((line) => line === `ec2:ReplaceRoute | ${firstTable}`);
  // Once for addresses and once for what depends on them: the two are statements of their own.
  expect(lines).toHaveLength(2);
});

it('writes a wildcard record as the condition of a policy has it', async () => {
  const template = await templateOf(twoZones.replace('name: db.example.com', "name: '*.example.com'"));
  expect(permissionsOf(template, 'Failover').join()).toContain('"\\\\052.example.com"');
});

it('gives nothing of it to a fleet of private addresses without dependents', () => {
  const all = ['Recover', 'Failover', 'Operate'].flatMap((name) => permissionsOf(example, name));
  const changes = all.filter((line) => /^(ec2|route53|elasticloadbalancing):(?!Describe)/.test(line));
  expect(new Set(changes.map((line) => line.split(' ')[0]))).toEqual(
    new Set(['ec2:AssignPrivateIpAddresses']),
  );
});

it('may not assign private addresses where there are none', async () => {
  const [head = ''] = twoZones.split('  ip-six:');
  expect(permissionsOf(await templateOf(head), 'Failover').join()).not.toMatch(/Assign|Ipv6/);
});

function inEc2(resource: string, id: string): string {
  return `arn:aws:ec2:region:account:${resource}/${id}`;
}

function on(actions: readonly string[], resources: readonly string[]): string[] {
  return actions.flatMap((action) => resources.map((resource) => `${action} | ${resource}`));
}
