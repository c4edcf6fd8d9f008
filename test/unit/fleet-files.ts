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

/** Everything a fleet file can say of two zones: each kind of address and of dependent. */
export const twoZones = `version: 1
name: two
subnet: 10.0.1.0/24
servers:
  ServerA:
    instance: i-0a1b2c3d4e5f60001
    interfaces:
      eth0: { eni: eni-0a1b2c3d4e5f60010, address: 10.0.1.10 }
      eth1: { eni: eni-0a1b2c3d4e5f60011, address: 10.0.1.11 }
  ServerB:
    instance: i-0b1b2c3d4e5f60002
    subnet: 10.0.2.0/24
    maintenance: true
    interfaces:
      eth0: { eni: eni-0b1b2c3d4e5f60020, address: 10.0.2.20 }
      eth1: { eni: eni-0b1b2c3d4e5f60021, address: 10.0.2.21 }
  ServerC:
    instance: i-0c1b2c3d4e5f60003
    interfaces:
      eth0: { eni: eni-0c1b2c3d4e5f60030, address: 10.0.1.30 }
resources:
  ip-db:
    kind: overlay
    address: 192.168.255.10
    routeTables: [rtb-0a1b2c3d4e5f60070, rtb-0a1b2c3d4e5f60071]
    servers:
      - { server: ServerA, interface: eth0, backup: eth1 }
      - { server: ServerB, interface: eth0, backup: eth1, accept: [security-groups] }
    failover:
      confirm: { within: 15m, otherwise: hold }
      fence: stop-instance
    dependents:
      volume: { volume: { id: vol-0a1b2c3d4e5f60080, device: /dev/sdf }, stop: 2m }
      data: { systemd: data.mount, needs: [volume] }
      database: { systemd: postgresql.service, needs: [data], start: 4m, tries: 3, onFailure: next-server }
      warm:
        command: { start: [/opt/app/warm, --all], stop: [/bin/true] }
        needs: [database]
      nlb:
        target:
          group: arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/db/0123456789abcdef
          as: address
          port: 5432
        needs: [database]
      name:
        dns:
          zone: Z0123456789ABCDEFGHIJ
          name: db.example.com
          type: CNAME
          values: { ServerA: a.example.com, ServerB: b.example.com }
      clients: { route: { destination: 192.168.10.0/24, routeTables: [rtb-0a1b2c3d4e5f60070] } }
      web: { resource: ip-web, needs: [database] }
  ip-web:
    kind: elastic
    address: 203.0.113.10
    allocation: eipalloc-0a1b2c3d4e5f60050
    servers:
      - { server: ServerA, interface: eth1 }
      - { server: ServerB, interface: eth1 }
    failover: { fence: { isolate: sg-0a1b2c3d4e5f60040 } }
  ip-six:
    kind: ipv6
    address: 2600:1f14:a:b::50
    subnet: 2600:1f14:a:b::/64
    pingList: ['2600:1f14:a:b::100']
    tcpList: ['[2600:1f14:a:b::100]:5432']
    servers: [{ server: ServerA, interface: eth0 }, { server: ServerC, interface: eth0 }]
  ip-app:
    address: 10.0.1.60
    servers: [{ server: ServerA, interface: eth0 }, { server: ServerC, interface: eth0 }]
    dependents:
      public: { elasticIp: eipalloc-0a1b2c3d4e5f60051 }
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
