/** A fleet file with as many addresses as a fleet may have, all on the first server, and one interface to take them. */

export const addressCount = 50;
/** 64 addresses on an interface: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AvailableIpPerENI.html */
export const roomyType = 'm8i.16xlarge';

const firstHost = 100;

export function fiftyAddresses(): string {
  const resources = Array.from({ length: addressCount }, (_, index) => [
    `  ip-${index + 1}:`,
    `    address: 10.0.1.${firstHost + index}`,
    '    pingList: [10.0.1.250]',
    '    servers: [{ server: ServerA, interface: eth0 }, { server: ServerB, interface: eth0 }]',
  ]);
  return [
    'version: 1',
    'name: main',
    'subnet: 10.0.1.0/24',
    'servers:',
    '  ServerA:',
    '    instance: i-0a1b2c3d4e5f60001',
    '    interfaces: { eth0: { eni: eni-0a1b2c3d4e5f60010, address: 10.0.1.10 } }',
    '  ServerB:',
    '    instance: i-0b1b2c3d4e5f60002',
    '    interfaces: { eth0: { eni: eni-0b1b2c3d4e5f60020, address: 10.0.1.20 } }',
    'resources:',
    ...resources.flat(),
    '',
  ].join('\n');
}
