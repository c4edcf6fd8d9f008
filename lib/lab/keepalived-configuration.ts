/** How keepalived runs on one server of the lab: its configuration, its command, and the words that it says. */
import type { FleetDefinition, ResourceDefinition } from '../recovery/fleet.ts';

export interface Peer {
  readonly server: string;
  readonly device: string;
  readonly address: string;
  readonly eniId: string;
  readonly priority: number;
}

/** What it says when it has become that, a line each; its log says the rest. */
export const words = { master: 'keepalived-is-master', backup: 'keepalived-is-backup' } as const;

/** Default of `priority`; the preferred server has to have more. */
const backupPriority = 100;
const virtualRouterId = 50;
const wordFile = '/run/keepalived-word';

/** As keepalived.conf(5) says it; what is not here keeps its default. */
export function configurationOf(
  { server, device, address, priority }: Peer,
  others: readonly string[],
  protectedAddress: string,
  advertSeconds: number,
): string {
  return [
    'global_defs {',
    `  router_id ${server}`,
    '  script_user root',
    // Version 2, the default, counts whole seconds: it would round 0.1 up to 1 without stopping.
    ...(Number.isInteger(advertSeconds) ? [] : ['  vrrp_version 3']),
    '}',
    'vrrp_instance address {',
    `  state ${priority > backupPriority ? 'MASTER' : 'BACKUP'}`,
    `  interface ${device}`,
    `  virtual_router_id ${virtualRouterId}`,
    `  priority ${priority}`,
    `  advert_int ${advertSeconds}`,
    `  unicast_src_ip ${address}`,
    '  unicast_peer {',
    ...others.map((each) => `    ${each}`),
    '  }',
    '  virtual_ipaddress {',
    `    ${protectedAddress}/32 dev ${device}`,
    '  }',
    `  notify_master ${scriptSaying(words.master)}`,
    `  notify_backup ${scriptSaying(words.backup)}`,
    '}',
  ].join('\n');
}

/** All its files are below the guest's own /run, which ends with the guest. */
export function commandOf(configuration: string): readonly string[] {
  const script = [
    'set -eu',
    `cat >/run/keepalived.conf <<'END'`,
    configuration,
    'END',
    `mkfifo ${wordFile}`,
    `cat <>${wordFile} &`,
    'exec keepalived -n -l -G -P -f /run/keepalived.conf -p /run/keepalived.pid -r /run/keepalived-vrrp.pid',
  ];
  return ['sh', '-c', script.join('\n')];
}

/** One per server, the preferred one first. */
export function peersOf(fleet: FleetDefinition, resource: ResourceDefinition): readonly Peer[] {
  const first = resource.candidates.filter(
    ({ server }, index, all) => all.findIndex((each) => each.server === server) === index,
  );
  return first.slice(0, 2).flatMap(({ server, interface: device }, index) => {
    const nic = fleet.servers[server]?.interfaces[device];
    return nic === undefined ? [] : [{ server, device, ...nic, priority: backupPriority + 1 - index }];
  });
}

function scriptSaying(word: string): string {
  return `"/bin/sh -c 'echo ${word} >${wordFile}'"`;
}
