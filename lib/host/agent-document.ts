/**
 * The SSM Command document that installs the agent on an instance, updates it and takes it off. Everything that it
 * installs is in it: an instance needs no other source than SSM. The limit of a document is 64 KB.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-schemas-features.html
 */
import { readFileSync } from 'node:fs';
import { agentScript } from './agent-script.ts';

interface DeclaredAddress {
  readonly tag: string;
  readonly address: string;
  /** `10.0.1.0/24`. */
  readonly subnet: string;
  readonly pingList: readonly string[];
}

export interface AgentConfiguration {
  readonly fleet: string;
  readonly region: string;
  /** All of the fleet, on every server: which are its own the agent learns from the metadata. */
  readonly addresses: readonly DeclaredAddress[];
  /** Where these are not the ones of AWS: URLs without a path. */
  readonly endpoints?: { readonly imds?: string; readonly cloudWatch?: string; readonly events?: string };
}

const unitFile = 'holdfast-agent.service';
const installFile = 'install.sh';
const agentActions = ['install', 'remove', 'status'] as const;

/** Changes with anything that is installed: the agent, its configuration or its unit. */
export function agentVersion(configuration: AgentConfiguration): string {
  return versioned(configuration).version;
}

/** The content of the document, schema version 2.2. */
export function agentDocument(configuration: AgentConfiguration): object {
  const { text, version } = versioned(configuration);
  return {
    schemaVersion: '2.2',
    description: `Holdfast: installs the agent (version ${version}), takes it off, or says what is there`,
    parameters: {
      Action: {
        type: 'String',
        description: '(Optional) What to do: install (also updates), remove or status',
        default: 'install',
        allowedValues: agentActions,
        allowedPattern: `^(${agentActions.join('|')})$`,
      },
      Version: {
        type: 'String',
        description: '(Optional) The version that is to be installed: no other one is; or any',
        default: 'any',
        allowedPattern: '^([0-9a-f]{16}|any)$',
      },
    },
    mainSteps: [
      {
        action: 'aws:runShellScript',
        name: 'agent',
        precondition: { StringEquals: ['platformType', 'Linux'] },
        inputs: {
          timeoutSeconds: '60',
          runCommand: [
            '#!/bin/sh',
            "HOLDFAST_ACTION='{{ Action }}'",
            "HOLDFAST_VERSION='{{ Version }}'",
            `CARRIED_VERSION=${version}`,
            ...carried('agent_text', text),
            ...carried('configuration_text', agentConfiguration(configuration)),
            ...carried('unit_text', read(unitFile)),
            ...read(installFile).trimEnd().split('\n'),
            'main',
          ],
        },
      },
    ],
  };
}

/** The agent's configuration file. */
export function agentConfiguration(configuration: AgentConfiguration): string {
  const { fleet, region, addresses, endpoints = {} } = configuration;
  const lines = [
    `fleet ${fleet}`,
    `region ${region}`,
    ...Object.entries({ imds: endpoints.imds, cloudwatch: endpoints.cloudWatch, events: endpoints.events })
      .filter(([, url]) => url !== undefined)
      .map(([key, url]) => `${key} ${url}`),
    ...addresses.map(
      ({ tag, address, subnet, pingList }) =>
        `address ${tag} ${address} ${subnet} ${pingList.join(',') || 'none'}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function versioned(configuration: AgentConfiguration) {
  return agentScript([agentConfiguration(configuration), read(unitFile), read(installFile)].join(''));
}

/** A function that prints the text. Nothing in it is expanded, and no line of it can end it. */
function carried(name: string, text: string): readonly string[] {
  const lines = text.trimEnd().split('\n');
  let end = 'HOLDFAST_END';
  while (lines.includes(end)) end += '_';
  return [`${name}() {`, `cat <<'${end}'`, ...lines, end, '}'];
}

function read(file: string): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8');
}
