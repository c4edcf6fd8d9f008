/** That one stack can carry what a fleet file may say at most, whatever kind it is of. */
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { fleetLimits } from '../../lib/stack/fleet-meaning.ts';
import { policiesOf } from './permissions.ts';
import { plain, resourcesOf, type Template, templateOf, text } from './template.ts';

/** Of the longest that AWS has. */
const longest = {
  partition: 'aws-us-gov',
  region: 'ap-southeast-2',
  account: '123456789012',
  /** The ARN of something that CloudFormation has named. */
  name: `arn:aws-us-gov:lambda:ap-southeast-2:123456789012:function:${'n'.repeat(64)}`,
};
const inlineCharacters = 10_240;
const managedCharacters = 6_144;
const managedPolicies = 10;
const documentBytes = 64 * 1024;

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const id = (prefix: string, number: number) => `${prefix}-${number.toString(16).padStart(17, '0')}`;
const serverNames = numbers(fleetLimits.servers).map((number) => `Server${number}`);
const everywhere = serverNames.map((server) => ({ server, interface: 'eth1', backup: 'eth2' }));
const tables = numbers(fleetLimits.routeTables).map((number) => id('rtb', number));

const targets = numbers(8).map((number) => `10.0.8.${number + 100}`);
/** By its number, from 1. */
type ResourceOf = (number: number) => object;

function privateAddress(number: number): object {
  return { address: `10.0.9.${number + 9}`, servers: everywhere };
}

function withElasticIp(number: number): object {
  return {
    ...privateAddress(number),
    dependents: {
      public: { elasticIp: id('eipalloc', number) },
      clients: { route: { destination: `192.168.${number}.0/24`, routeTables: tables } },
    },
  };
}

/** An Elastic IP needs an interface for itself, so each has one server. */
function elasticWithVolumes(number: number): object {
  const server = serverNames[number % serverNames.length] ?? '';
  const nic = Math.ceil(number / serverNames.length);
  const volume = (part: number) => ({
    volume: { id: id('vol', number * 2 + part), device: `/dev/sd${'bcdefghij'[nic * 2 + part]}` },
  });
  return {
    kind: 'elastic',
    address: `203.0.113.${number}`,
    allocation: id('eipalloc', number),
    servers: [{ server, interface: `eth${nic}` }],
    failover: { fence: 'stop-instance' },
    dependents: { data: volume(0), log: volume(1) },
  };
}

function overlayWithTargets(number: number): object {
  const group = (part: number) => {
    const name = `${'g'.repeat(29)}${number + 100}`;
    const digits = (number * 2 + part).toString(16).padStart(16, '0');
    return `arn:aws-us-gov:elasticloadbalancing:ap-southeast-2:123456789012:targetgroup/${name}/${digits}`;
  };
  return {
    kind: 'overlay',
    address: `192.168.255.${number}`,
    routeTables: tables,
    servers: everywhere,
    failover: { fence: { isolate: id('sg', number) } },
    dependents: { one: { target: { group: group(0) } }, other: { target: { group: group(1) } } },
  };
}

function ipv6WithRecords(number: number): object {
  const name = (part: number) => `${number}x${part}.${Array(4).fill('y'.repeat(58)).join('.')}.example`;
  const values = Object.fromEntries(serverNames.map((server) => [server, '2600:1f14:a:b::50']));
  const record = (part: number) => ({
    dns: { zone: `Z${'0123456789'.repeat(2)}${number}`, name: name(part), type: 'AAAA', values },
  });
  return {
    kind: 'ipv6',
    address: `2600:1f14:a:b::${number + 100}`,
    subnet: '2600:1f14:a:b::/64',
    pingList: ['2600:1f14:a:b::100'],
    servers: everywhere,
    dependents: { one: record(1), other: record(2) },
  };
}

describe.each([
  ['of private addresses', largestFleet(privateAddress)],
  ['of private addresses with Elastic IPs and routes', largestFleet(withElasticIp)],
  ['of Elastic IPs with volumes and stopped servers', largestFleet(elasticWithVolumes)],
  ['of overlay addresses with target groups and isolated servers', largestFleet(overlayWithTargets)],
  ['of IPv6 addresses with the longest records', largestFleet(ipv6WithRecords)],
])('the largest fleet %s', async (_, fleet) => {
  const template = await templateOf(fleet);

  it.each(['Recover', 'Failover', 'Operate'])('fits into the policies of the role of %s', (name) => {
    const { inline, managed } = lengthsOf(template, name);
    expect(inline).toBeLessThan(inlineCharacters);
    for (const length of managed) expect(length).toBeLessThan(managedCharacters);
    expect(managed.length).toBeLessThanOrEqual(managedPolicies);
  });

  it('fits into documents of 64 KB', () => {
    for (const [, { Properties = {} }] of resourcesOf(template, 'AWS::SSM::Document')) {
      const bytes = Buffer.byteLength(JSON.stringify(plain(Properties['Content'])));
      expect([Properties['Name'], bytes < documentBytes]).toEqual([Properties['Name'], true]);
    }
  });

  it('fits into one stack', () => {
    expect(Object.keys(template.Resources).length).toBeLessThan(500);
    expect(JSON.stringify(template).length).toBeLessThan(1_000_000);
  });

  it('fits into one event pattern of 2048 characters', () => {
    const patterns = resourcesOf(template, 'AWS::Events::Rule').map(([, rule]) =>
      JSON.stringify(rule.Properties?.['EventPattern'] ?? {}),
    );
    expect(Math.max(...patterns.map((pattern) => pattern.length))).toBeLessThan(2048);
  });
});

/** In characters, as IAM counts them, with the longest names where CloudFormation fills something in. */
function lengthsOf(template: Template, name: string) {
  const policies = policiesOf(template, name).map(({ managed, PolicyDocument }) => {
    const written = JSON.stringify(PolicyDocument, (_, value) =>
      typeof value === 'object' &&
      value !== null &&
      ('Fn::Join' in value || 'Ref' in value || 'Fn::GetAtt' in value)
        ? text(value)
            .replace(/<[^>]*>/, longest.name)
            .replace(':aws:', `:${longest.partition}:`)
            .replace(':region:', `:${longest.region}:`)
            .replace(':account:', `:${longest.account}:`)
        : value,
    );
    return { managed, length: written.length };
  });
  const lengths = (managed: boolean) =>
    policies.filter((each) => each.managed === managed).map(({ length }) => length);
  return { inline: lengths(false).reduce((sum, length) => sum + length, 0), managed: lengths(true) };
}

function largestFleet(resourceOf: ResourceOf): string {
  const perServer = fleetLimits.interfaces / fleetLimits.servers;
  const servers = serverNames.map((name, index) => [
    name,
    {
      instance: id('i', index + 1),
      interfaces: Object.fromEntries(
        numbers(perServer).map((nic) => [
          `eth${nic}`,
          { eni: id('eni', index * 10 + nic), address: `10.0.${nic}.${index + 10}` },
        ]),
      ),
    },
  ]);
  const resources = numbers(fleetLimits.resources).map((number) => [
    `ip-${number}`,
    { pingList: targets, ...resourceOf(number) },
  ]);
  return stringify({
    version: 1,
    name: 'n'.repeat(32),
    subnet: '10.0.0.0/16',
    servers: Object.fromEntries(servers),
    resources: Object.fromEntries(resources),
  });
}
