/** The SSM Command document that installs the agent on an instance, with its unit and its configuration. */
import { readFileSync } from 'node:fs';
import { agentScript } from './agent-script.ts';
import { installDocument, installerText } from './install-document.ts';

interface DeclaredAddress {
  readonly tag: string;
  /** Of an elastic one the public address: which private one it leads to each server learns from its metadata. */
  readonly address: string;
  /** `10.0.1.0/24`. Not used of overlay and elastic addresses: every server may have a subnet of its own. */
  readonly subnet: string;
  readonly pingList: readonly string[];
  /** `secondary` when left out. */
  readonly mechanism?: 'secondary' | 'ipv6' | 'overlay' | 'elastic';
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
const installer = 'install-agent.sh';

/** Changes with anything that is installed: the agent, its configuration or its unit. */
export function agentVersion(configuration: AgentConfiguration): string {
  return versioned(configuration).version;
}

/** The content of the document, schema version 2.2. */
export function agentDocument(configuration: AgentConfiguration): object {
  const { text, version } = versioned(configuration);
  const texts = {
    agent_text: text,
    configuration_text: agentConfiguration(configuration),
    unit_text: read(unitFile),
  };
  return installDocument({ name: 'agent', what: 'the agent', version, texts, installer });
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
    ...addresses.map(addressLine),
  ];
  return `${lines.join('\n')}\n`;
}

function addressLine({ tag, address, subnet, pingList, mechanism = 'secondary' }: DeclaredAddress): string {
  const isEverywhere = mechanism === 'secondary' || mechanism === 'ipv6';
  const words = ['address', tag, address, isEverywhere ? subnet : 'none', pingList.join(',') || 'none'];
  return [...words, ...(mechanism === 'secondary' ? [] : [mechanism])].join(' ');
}

function versioned(configuration: AgentConfiguration) {
  return agentScript([agentConfiguration(configuration), read(unitFile), installerText(installer)].join(''));
}

function read(file: string): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8');
}
