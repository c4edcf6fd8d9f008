/** Fleet files for the tests, and what is said about them. */
import { readFileSync } from 'node:fs';
import { Fault } from '../../lib/recovery/fault.ts';
import { parseFleetFile } from '../../lib/stack/fleet-file.ts';

export const example = readFileSync(new URL('../../fleet.yaml', import.meta.url), 'utf8');

/** The least a fleet file says: everything that can be left out is. */
export const least = `version: 1
name: least
subnet: 10.0.1.0/24
servers:
  ServerA:
    instance: i-0a1b2c3d
    interfaces:
      eth0: { eni: eni-0a1b2c3d, address: 10.0.1.10 }
resources:
  ip-db:
    address: 10.0.1.50
    servers:
      - { server: ServerA, interface: eth0 }
`;

export function faultOf(text: string): Fault | undefined {
  try {
    parseFleetFile(text, 'fleet.yaml');
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

export function messageOf(text: string): string {
  return faultOf(text)?.message ?? '';
}

/** Without file and line. */
export function problemsOf(text: string): readonly string[] {
  return messageOf(text)
    .split('\n')
    .map((line) => line.replace(/^fleet\.yaml:\d+: /, ''))
    .filter((line) => line !== '');
}
