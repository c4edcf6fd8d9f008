/**
 * The agent on the instances, and with `agent.commands` lkipbu beside it: the SSM document that carries each, the State
 * Manager association that installs it and keeps it up to date, and the policy that the instances' roles need.
 *
 * What was installed is named by a hash of its content. The association asks for that hash, so a new content is a
 * change of the association, and State Manager runs a changed association at once; the document itself may be
 * older for a moment and then refuses.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/state-manager-about.html
 */
import { ArnFormat, Stack } from 'aws-cdk-lib';
import { CfnManagedPolicy, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnAssociation, CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { agentDocument, agentVersion } from '../host/agent-document.ts';
import { commandsDocument, commandsVersion } from '../host/commands-document.ts';
import type { FleetDefinition } from '../recovery/fleet.ts';
import {
  addressFailed,
  addressInService,
  agentSource,
  alarmPrefix,
  liveAlias,
  metricNamespace,
  operateFunctionName,
} from '../recovery/names.ts';
import { anyRegion, configurationOf } from './agent-configuration.ts';
import type { FleetFile } from './fleet-file.ts';
import { defaultBusArn } from './rules.ts';

/** How long a new instance, or one on which the agent was taken off by hand, may wait. */
const repeated = 'rate(30 minutes)';

export class Agent extends Construct {
  /** To be attached to the instances' roles, where the fleet file does not name them. */
  readonly policyArn: string;

  constructor(scope: Construct, id: string, { definition, agent }: Pick<FleetFile, 'definition' | 'agent'>) {
    super(scope, id);
    const policy = this.#policy(definition.name, agent);
    this.policyArn = policy.ref;
    for (const each of installedBy(definition, agent, Stack.of(this).region)) {
      const document = this.#document(definition.name, each);
      if (agent.install) this.#association(definition, each, document).node.addDependency(policy);
    }
  }

  #document(fleet: string, { id, name, content }: Installed): CfnDocument {
    return new CfnDocument(this, `${id}Document`, {
      name: `${alarmPrefix(fleet)}${name}`,
      documentType: 'Command',
      documentFormat: 'JSON',
      targetType: '/AWS::EC2::Instance',
      updateMethod: 'NewVersion',
      content,
    });
  }

  #association(definition: FleetDefinition, { id, name, version }: Installed, document: CfnDocument) {
    return new CfnAssociation(this, `${id}Association`, {
      associationName: `${alarmPrefix(definition.name)}${name}`,
      name: document.ref,
      targets: [{ key: 'InstanceIds', values: instanceIdsOf(definition) }],
      parameters: { Action: ['install'], Version: [version] },
      scheduleExpression: repeated,
      // One after the other; a server that cannot have it must not keep it from those behind.
      maxConcurrency: '1',
      maxErrors: '100%',
    });
  }

  /** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html */
  #policy(fleet: string, { roles, commands }: FleetFile['agent']): CfnManagedPolicy {
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
          ...(commands ? [this.#operate(fleet)] : []),
        ],
      }),
    });
  }

  /** Whoever asks through an instance's role, the engine takes orders only about what may be on that instance. */
  #operate(fleet: string): PolicyStatement {
    const alias = Stack.of(this).formatArn({
      service: 'lambda',
      resource: 'function',
      resourceName: `${operateFunctionName(fleet)}:${liveAlias}`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    return new PolicyStatement({
      sid: 'AskTheEngine',
      actions: ['lambda:InvokeFunction'],
      resources: [alias],
    });
  }
}

interface Installed {
  /** In front of the ids of its constructs. */
  readonly id: '' | 'Commands';
  readonly name: string;
  readonly content: object;
  /** What the association asks for: the document carries no other. */
  readonly version: string;
}

function installedBy(
  definition: FleetDefinition,
  { commands }: FleetFile['agent'],
  region: string,
): readonly Installed[] {
  const configuration = configurationOf(definition);
  const agent: Installed = {
    id: '',
    name: 'agent',
    content: inRegion(agentDocument(configuration), region),
    version: agentVersion(configuration),
  };
  if (!commands) return [agent];
  const content = commandsDocument();
  return [agent, { id: 'Commands', name: 'commands', content, version: commandsVersion() }];
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
