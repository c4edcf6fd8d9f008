/** The very script that recoveries run on a host, as a line for its shell: what an agent would do there by itself. */
import { addressDocument } from '../host/document.ts';
import type { FleetDefinition, ResourceDefinition } from '../recovery/fleet.ts';
import type { Owner } from './owner.ts';
import { kindOf } from './places.ts';

interface DocumentContent {
  readonly mainSteps: readonly { readonly inputs: { readonly runCommand: readonly string[] } }[];
}

/** @param owner where the address is by EC2's word */
export function addressCommand(
  action: 'verify' | 'restore',
  fleet: FleetDefinition,
  resource: ResourceDefinition,
  owner: Owner,
): string {
  const values: Readonly<Record<string, string>> = {
    Action: action,
    Mechanism: kindOf(resource),
    Address: owner.address,
    Mac: owner.mac,
    Subnet: subnetAt(fleet, resource, owner),
    PingList: resource.pingList.join(',') || 'none',
    Order: '0',
  };
  const { mainSteps } = addressDocument() as DocumentContent;
  const lines = mainSteps[0]?.inputs.runCommand ?? [];
  return lines.join('\n').replaceAll(/\{\{ (\w+) \}\}/g, (_, name: string) => values[name] ?? '');
}

/** Of the server's interfaces, or of the address where it has a subnet of its own. */
function subnetAt({ servers }: FleetDefinition, resource: ResourceDefinition, { instanceId }: Owner): string {
  const kind = kindOf(resource);
  const server = Object.values(servers).find((each) => each.instanceId === instanceId);
  return kind === 'overlay' || kind === 'elastic' ? (server?.subnet ?? resource.subnet) : resource.subnet;
}
