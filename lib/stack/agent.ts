/**
 * The agent on the instances: the SSM document that carries it, the State Manager association that installs it and
 * keeps it up to date, and the policy that its instances' roles need.
 *
 * What was installed is named by a hash of its content. The association asks for that hash, so a new content is a
 * change of the association, and State Manager runs a changed association at once; the document itself may be
 * older for a moment and then refuses.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/state-manager-about.html
 */
import { Stack } from 'aws-cdk-lib';
import { CfnManagedPolicy, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnAssociation, CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { type AgentConfiguration, agentDocument, agentVersion } from '../host/agent-document.ts';
import type { FleetDefinition } from '../recovery/fleet.ts';
import {
  addressFailed,
  addressInService,
  agentSource,
  alarmPrefix,
  metricNamespace,
} from '../recovery/names.ts';
import type { FleetFile } from './fleet-file.ts';
import { defaultBusArn } from './rules.ts';

/** Stands for the Region until CloudFormation knows it: the hash must not depend on a token. */
const anyRegion = 'of-the-stack';
/** How long a new instance, or one on which the agent was taken off by hand, may wait. */
const repeated = 'rate(30 minutes)';

export class Agent extends Construct {
  /** To be attached to the instances' roles, where the fleet file does not name them. */
  readonly policyArn: string;

  constructor(scope: Construct, id: string, { definition, agent }: Pick<FleetFile, 'definition' | 'agent'>) {
    super(scope, id);
    const configuration = configurationOf(definition);
    const document = new CfnDocument(this, 'Document', {
      name: `${alarmPrefix(definition.name)}agent`,
      documentType: 'Command',
      documentFormat: 'JSON',
      targetType: '/AWS::EC2::Instance',
      updateMethod: 'NewVersion',
      content: inRegion(agentDocument(configuration), Stack.of(this).region),
    });
    const policy = this.#policy(definition.name, agent.roles);
    this.policyArn = policy.ref;
    if (!agent.install) return;
    const association = new CfnAssociation(this, 'Association', {
      associationName: `${alarmPrefix(definition.name)}agent`,
      name: document.ref,
      targets: [{ key: 'InstanceIds', values: instanceIdsOf(definition) }],
      parameters: { Action: ['install'], Version: [agentVersion(configuration)] },
      scheduleExpression: repeated,
      // One after the other; a server that cannot have it must not keep it from those behind.
      maxConcurrency: '1',
      maxErrors: '100%',
    });
    association.node.addDependency(policy);
  }

  /** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html */
  #policy(fleet: string, roles: readonly string[]): CfnManagedPolicy {
    return new CfnManagedPolicy(this, 'Policy', {
      description: `What the Holdfast agent on the instances of ${fleet} may do`,
      roles: [...roles],
      policyDocument: new PolicyDocument({
        statements: [
          new PolicyStatement({
            sid: 'SayHowAddressesAre',
            actions: ['cloudwatch:PutMetricData'],
            resources: ['*'],
            conditions: { StringEquals: { 'cloudwatch:namespace': metricNamespace } },
          }),
          new PolicyStatement({
            sid: 'TellOfAddresses',
            actions: ['events:PutEvents'],
            resources: [defaultBusArn(this)],
            conditions: {
              StringEquals: {
                'events:source': agentSource,
                'events:detail-type': [addressFailed, addressInService],
              },
            },
          }),
        ],
      }),
    });
  }
}

function configurationOf({ name, resources }: FleetDefinition): AgentConfiguration {
  const addresses = resources.map(({ tag, address, subnet, pingList }) => ({
    tag,
    address,
    subnet,
    pingList,
  }));
  return { fleet: name, region: anyRegion, addresses };
}

/** Only where an address may come to. */
function instanceIdsOf({ servers, resources }: FleetDefinition): string[] {
  const named = new Set(resources.flatMap(({ candidates }) => candidates.map(({ server }) => server)));
  return Object.entries(servers)
    .filter(([server]) => named.has(server))
    .map(([, { instanceId }]) => instanceId);
}

interface CommandContent {
  readonly mainSteps: readonly { readonly inputs: { readonly runCommand: readonly string[] } }[];
}

function inRegion(document: object, region: string): object {
  const content = document as CommandContent;
  const mainSteps = content.mainSteps.map((step) => {
    const runCommand = step.inputs.runCommand.map((line) =>
      line === `region ${anyRegion}` ? `region ${region}` : line,
    );
    return { ...step, inputs: { ...step.inputs, runCommand } };
  });
  return { ...content, mainSteps };
}
