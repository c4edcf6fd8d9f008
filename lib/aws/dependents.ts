/** What depends on an address: each kind's own adapter, behind one port. */
import type {
  DependentDefinition,
  DependentKind,
  DependentPlace,
  DependentView,
  DependentWork,
} from '../recovery/dependent.ts';
import { Fault } from '../recovery/fault.ts';
import type { Dependents } from '../recovery/ports.ts';
import { found } from '../recovery/reading.ts';
import type { Clients } from './clients.ts';
import { dnsRecords } from './dependent-dns.ts';
import { dependentElasticIps } from './dependent-elastic-ip.ts';
import { hostDependents } from './dependent-host.ts';
import { dependentRoutes } from './dependent-route.ts';
import { targetRegistrations } from './dependent-target.ts';
import { volumes } from './dependent-volume.ts';
import { looking, type Retrying } from './retry.ts';

export type WorkOf<K extends DependentKind> = Extract<DependentWork, { readonly kind: K }>;

export type KindOf<K extends DependentKind> = Means<WorkOf<K>>;

/** One kind's means, or those of several. A look throws its faults, as the rest does. */
interface Means<W> {
  look(work: W, at: DependentPlace, dependent: DependentDefinition): Promise<DependentView>;
  start(work: W, at: DependentPlace, dependent: DependentDefinition, order: number): Promise<void>;
  stop(work: W, at: DependentPlace, dependent: DependentDefinition, order: number): Promise<void>;
}

/** @param documentName of the SSM document with the declared units and commands; `none` where there are none */
export function awsDependents(clients: Clients, documentName: string, retrying: Retrying): Dependents {
  const { ec2, ssm } = clients;
  const host = hostDependents(ssm, documentName, retrying);
  const kinds: { readonly [K in Exclude<DependentKind, 'resource'>]: KindOf<K> } = {
    systemd: host,
    command: host,
    elasticIp: dependentElasticIps({ ec2, retrying }),
    route: dependentRoutes({ ec2, retrying }),
    dns: dnsRecords(clients, retrying),
    volume: volumes({ ec2, retrying }),
    target: targetRegistrations(clients, retrying),
  };
  function meansOf({ name, work }: DependentDefinition): KindOf<DependentKind> {
    if (work.kind === 'resource')
      throw new Fault('usage', `dependent ${name} is resource ${work.tag}, which moves by itself`, 'never');
    return kinds[work.kind] as KindOf<DependentKind>;
  }
  return {
    async look(dependent, at) {
      const means = meansOf(dependent);
      return looking(async () => found(await means.look(dependent.work, at, dependent)));
    },
    start: async (dependent, at, order) => meansOf(dependent).start(dependent.work, at, dependent, order),
    stop: async (dependent, at, order) => meansOf(dependent).stop(dependent.work, at, dependent, order),
  };
}
