/** An installer as the document of an association, on both servers. */
import type { SSMClient } from '@aws-sdk/client-ssm';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import type { ResourceProvider } from '../../lib/emulator/cloudformation/provider.ts';
import { ssmResources } from '../../lib/emulator/ssm/resources.ts';
import { scriptDocument, serverA, serverB, ssmClient, type TwoServers, twoServers } from './two-servers.ts';

export const halfAnHourMs = 1_800_000;
export const onlyA = [{ Key: 'InstanceIds', Values: [serverA] }];

/** Writes down each of its runs in the guest. */
export const installer = {
  ...scriptDocument(['echo {{ Version }} >> /root/installed', 'cat /root/installed', 'exit {{ Exit }}']),
  parameters: {
    Version: { type: 'String', allowedPattern: '^[a-z0-9]+$' },
    Exit: { type: 'String', default: '0', allowedValues: ['0', '1'] },
  },
};

export const plan = {
  Name: 'agent',
  Targets: [{ Key: 'InstanceIds', Values: [serverA, serverB] }],
  Parameters: { Version: ['v1'] },
};

export interface World {
  readonly clock: VirtualClock;
  readonly aws: TwoServers;
  readonly client: SSMClient;
  /** Of AWS::SSM::Association. */
  readonly provider: ResourceProvider;
  addDocument(name: string, content: object): void;
  /** What differs from `plan`. @returns the id */
  create(properties?: object): Promise<string>;
  update(id: string, properties: object): Promise<void>;
  /** `Success v1 v1`, per target: how the last run ended, and what it said. */
  ends(id: string): readonly string[];
}

export function world(): World {
  const clock = new VirtualClock();
  const aws = twoServers(clock);
  const provider = ssmResources(aws.ssm).find(({ type }) => type === 'AWS::SSM::Association');
  if (provider === undefined) throw new Error('no provider');
  const context = { stackName: 'holdfast', logicalId: 'Agent', assetDirectory: () => '' };
  const addDocument = (name: string, content: object): void => {
    const text = JSON.stringify(content);
    aws.ssm.documents.create({ name, content: text, format: 'JSON', type: 'Command', targetType: undefined });
  };
  addDocument('agent', installer);
  return {
    clock,
    aws,
    client: ssmClient(aws),
    provider,
    addDocument,
    async create(properties = {}) {
      return (await provider.create({ ...plan, ...properties }, context)).physicalId;
    },
    async update(id, properties) {
      await provider.update?.(id, { ...plan, ...properties }, context);
    },
    ends: (id) =>
      aws.ssm.associations
        .statuses(id)
        .map(({ detailedStatus, stdout }) => [detailedStatus, ...stdout.split('\n')].join(' ').trim()),
  };
}
