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

type Kinds = { readonly [K in Exclude<DependentKind, 'resource'>]: KindOf<K> };

/** @param documentName of the SSM document with the declared units and commands; `none` where there are none */
export function awsDependents(clients: Clients, documentName: string, retrying: Retrying): Dependents {
  const host = hostDependents(clients.ssm, documentName, retrying);
  return dependentsBy({
    ...onInterfaces(clients, retrying),
    systemd: host,
    command: host,
    dns: dnsRecords(clients, retrying),
    volume: volumes({ ec2: clients.ec2, retrying }),
  });
}

/** Those alone that hang on an interface: a local recovery has to do with no others. */
export function interfaceDependents(clients: Clients, retrying: Retrying): Dependents {
  return dependentsBy(onInterfaces(clients, retrying));
}

function onInterfaces(clients: Clients, retrying: Retrying) {
  const { ec2 } = clients;
  return {
    elasticIp: dependentElasticIps({ ec2, retrying }),
    route: dependentRoutes({ ec2, retrying }),
    target: targetRegistrations(clients, retrying),
  };
}

function dependentsBy(kinds: Partial<Kinds>): Dependents {
  function meansOf({ name, work }: DependentDefinition): KindOf<DependentKind> {
    const means = work.kind === 'resource' ? undefined : kinds[work.kind];
    if (means !== undefined) return means as KindOf<DependentKind>;
    const why = work.kind === 'resource' ? `resource ${work.tag}, which moves by itself` : work.kind;
    throw new Fault('usage', `dependent ${name} is ${why}: not worked on here`, 'never');
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
