import { describe, expect, it } from 'vitest';
import { twoZones } from '../unit/fleet-files.ts';
import { exampleFleet, resourcesOf, type Template, templateOf, text } from './template.ts';

const example = await templateOf();

function associationOf(template: Template): { readonly [name: string]: unknown } {
  const [[, association] = []] = resourcesOf(template, 'AWS::SSM::Association');
  return association?.Properties ?? {};
}

function installedBy(template: Template): { readonly asked: unknown; readonly carried: string | undefined } {
  const { Version: [asked] = [] } = associationOf(template)['Parameters'] as { Version?: string[] };
  const agent = resourcesOf(template, 'AWS::SSM::Document').find(
    ([, { Properties: p = {} }]) => p['Name'] === 'holdfast-main-agent',
  );
  const carried = /CARRIED_VERSION=([0-9a-f]{16})/.exec(JSON.stringify(agent))?.[1];
  return { asked, carried };
}

it('installs the agent on every server that may hold an address, and repeats it', () => {
  const { Parameters: _, Name, ...properties } = associationOf(example);
  expect(text(Name)).toBe('<AgentDocument>');
  expect(properties).toEqual({
    AssociationName: 'holdfast-main-agent',
    Targets: [{ Key: 'InstanceIds', Values: ['i-0a1b2c3d4e5f60001', 'i-0b1b2c3d4e5f60002'] }],
    ScheduleExpression: 'rate(30 minutes)',
    MaxConcurrency: '1',
    MaxErrors: '100%',
  });
});

it('asks for the very version that the document carries', () => {
  const { asked, carried } = installedBy(example);
  expect(asked).toMatch(/^[0-9a-f]{16}$/);
  expect(carried).toBe(asked);
});

it('asks for another version when what is installed changes, and for the same when it does not', async () => {
  const other = await templateOf(exampleFleet.replace('pingList: [10.0.1.100]', 'pingList: [10.0.1.101]'));
  const same = await templateOf(exampleFleet.replace('max: 3', 'max: 4'), 'export const handler = () => 1;');
  expect(installedBy(other).asked).not.toBe(installedBy(example).asked);
  expect(installedBy(same)).toEqual(installedBy(example));
});

it('tells the agent how each address moves', async () => {
  const documents = JSON.stringify(resourcesOf(await templateOf(twoZones), 'AWS::SSM::Document'));
  for (const line of [
    'address ip-db 192.168.255.10 none none overlay',
    'address ip-web 203.0.113.10 none none elastic',
    'address ip-six 2600:1f14:a:b::50 2600:1f14:a:b::/64 2600:1f14:a:b::100,[2600:1f14:a:b::100]:5432 ipv6',
    'address ip-app 10.0.1.60 10.0.1.0/24 none"',
  ])
    expect(documents).toContain(line);
});

it('tells the agent its Region, whichever the stack is deployed to', () => {
  const lines = JSON.stringify(resourcesOf(example, 'AWS::SSM::Document'));
  expect(lines).toContain('{"Fn::Join":["",["region ",{"Ref":"AWS::Region"}]]}');
});

it('leaves the installation to others when the fleet file says so', async () => {
  const own = await templateOf(withAgent('{ install: false }'));
  expect(resourcesOf(own, 'AWS::SSM::Association')).toEqual([]);
  expect(resourcesOf(own, 'AWS::SSM::Document').map(([, { Properties: p = {} }]) => p['Name'])).toContain(
    'holdfast-main-agent',
  );
});

it('gives the named roles what the agent needs, and no more', async () => {
  const named = await templateOf(withAgent('{ roles: [db-servers] }'));
  const [[, policy] = []] = resourcesOf(named, 'AWS::IAM::ManagedPolicy');
  expect(policy?.Properties?.['Roles']).toEqual(['db-servers']);
  expect(statementsOf(named)).toEqual([
    ['cloudwatch:PutMetricData', '*', { StringEquals: { 'cloudwatch:namespace': 'Holdfast' } }],
    [
      'events:PutEvents',
      'arn:aws:events:region:account:event-bus/default',
      {
        StringEquals: {
          'events:source': 'holdfast.agent',
          'events:detail-type': ['Holdfast Address Failed', 'Holdfast Address In Service'],
        },
      },
    ],
  ]);
});

describe('with commands', async () => {
  const open = await templateOf(withAgent('{ commands: true, roles: [db-servers] }'));

  it('lkipbu has a document and an association of its own, on the same servers', () => {
    const associations = resourcesOf(open, 'AWS::SSM::Association').map(([, { Properties: p = {} }]) => p);
    const [agent, commands] = associations;
    expect(associations.map((each) => each['AssociationName'])).toEqual([
      'holdfast-main-agent',
      'holdfast-main-commands',
    ]);
    const { Parameters, Name, ...properties } = commands ?? {};
    expect(text(Name)).toBe('<AgentCommandsDocument>');
    const { Parameters: _, Name: __, ...same } = agent ?? {};
    expect(properties).toEqual({ ...same, AssociationName: 'holdfast-main-commands' });
    const document = resourcesOf(open, 'AWS::SSM::Document').find(
      ([, { Properties: p = {} }]) => p['Name'] === 'holdfast-main-commands',
    );
    const carried = /CARRIED_VERSION=([0-9a-f]{16})/.exec(JSON.stringify(document))?.[1];
    expect(Parameters).toEqual({ Action: ['install'], Version: [carried] });
  });

  it('the roles may invoke the operate function by its alias, and no other', () => {
    expect(lambdaStatements(open)).toEqual([
      [
        'lambda:InvokeFunction',
        'arn:aws:lambda:region:account:function:holdfast-main-operate:live',
        undefined,
      ],
    ]);
  });

  it('the agent that is installed is the same', () => {
    expect(installedBy(open)).toEqual(installedBy(example));
  });
});

it('without commands there is no lkipbu, and no role may invoke anything', () => {
  const names = resourcesOf(example, 'AWS::SSM::Document').map(([, { Properties: p = {} }]) => p['Name']);
  expect(names).not.toContain('holdfast-main-commands');
  expect(resourcesOf(example, 'AWS::SSM::Association')).toHaveLength(1);
  expect(lambdaStatements(example)).toEqual([]);
});

it('leaves the installation of commands to others too', async () => {
  const own = await templateOf(withAgent('{ install: false, commands: true }'));
  expect(resourcesOf(own, 'AWS::SSM::Association')).toEqual([]);
  expect(resourcesOf(own, 'AWS::SSM::Document').map(([, { Properties: p = {} }]) => p['Name'])).toContain(
    'holdfast-main-commands',
  );
});

function lambdaStatements(template: Template): readonly unknown[] {
  return statementsOf(template).filter(([action]) => String(action).startsWith('lambda:'));
}

function statementsOf(template: Template): readonly (readonly unknown[])[] {
  const [[, policy] = []] = resourcesOf(template, 'AWS::IAM::ManagedPolicy');
  const document = policy?.Properties?.['PolicyDocument'];
  const { Statement } = document as { Statement: Record<string, unknown>[] };
  return Statement.map(({ Action, Resource, Condition }) => [Action, text(Resource), Condition]);
}

function withAgent(agent: string): string {
  const { length } = exampleFleet;
  const changed = exampleFleet.replace(/^agent:\n(?: .*\n|#.*\n)*/m, `agent: ${agent}\n`);
  if (changed.length === length) throw new Error('the example has no agent');
  return changed;
}
