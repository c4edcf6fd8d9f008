/** What the agent on the servers is told of the fleet. */
import type { AgentConfiguration } from '../host/agent-document.ts';
import type { FleetDefinition } from '../recovery/fleet.ts';

/** Stands for the Region until CloudFormation knows it: what names an agent's content must not depend on a token. */
export const anyRegion = 'of-the-stack';

export function configurationOf({ name, resources }: FleetDefinition): AgentConfiguration {
  const addresses = resources.map(({ tag, address, subnet, pingList, mechanism }) => ({
    tag,
    address,
    subnet,
    pingList,
    ...(mechanism === undefined ? {} : { mechanism: mechanism.kind }),
  }));
  return { fleet: name, region: anyRegion, addresses };
}
