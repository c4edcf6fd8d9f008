/** Where a fleet's definition puts things at first, and what else in it the ground has to know: plain readings of it. */
import type { DependentDefinition, DependentWork } from '../recovery/dependent.ts';
import type { FleetDefinition, ResourceDefinition } from '../recovery/fleet.ts';

/** An interface of a server, with the addresses behind which it is reached there. */
export interface Spot {
  readonly server: string;
  readonly instanceId: string;
  readonly device: string;
  readonly eniId: string;
  /** Its own primary private address. */
  readonly own: string;
  /** The private address of the resource there: a secondary one comes along, any other has the interface's own. */
  readonly private: string;
}

/** An administrator has put everything in service there. @throws Error for a resource without a server */
export function firstSpot(fleet: FleetDefinition, resource: ResourceDefinition): Spot {
  const [first] = resource.candidates;
  const server = first === undefined ? undefined : fleet.servers[first.server];
  const eni = first === undefined ? undefined : server?.interfaces[first.interface];
  if (first === undefined || server === undefined || eni === undefined)
    throw new Error(`${resource.tag} has no server`);
  return {
    server: first.server,
    instanceId: server.instanceId,
    device: first.interface,
    eniId: eni.eniId,
    own: eni.address,
    private: kindOf(resource) === 'secondary' ? resource.address : eni.address,
  };
}

export function kindOf({ mechanism }: Pick<ResourceDefinition, 'mechanism'>) {
  return mechanism?.kind ?? 'secondary';
}

/** The ENI of an interface by its id, in the words of INFO: `ServerA eth0`. */
export function namesOfInterfaces(fleet: FleetDefinition): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(fleet.servers).flatMap(([server, { interfaces }]) =>
      Object.entries(interfaces).map(([device, { eniId }]) => [eniId, `${server} ${device}`] as const),
    ),
  );
}

/** Name of the server with that instance. */
export function serverOf(fleet: FleetDefinition, instanceId: string | undefined): string | undefined {
  return Object.entries(fleet.servers).find(([, server]) => server.instanceId === instanceId)?.[0];
}

type WorkOf<K> = Extract<DependentWork, { readonly kind: K }>;

export interface Depending<K extends DependentWork['kind']> {
  readonly resource: ResourceDefinition;
  readonly dependent: DependentDefinition;
  readonly work: WorkOf<K>;
}

/** Dependents of one kind in the whole fleet. */
export function dependentsOf<K extends DependentWork['kind']>(
  fleet: FleetDefinition,
  kind: K,
): readonly Depending<K>[] {
  return fleet.resources.flatMap((resource) =>
    (resource.dependents ?? []).flatMap((dependent) =>
      dependent.work.kind === kind ? [{ resource, dependent, work: dependent.work as WorkOf<K> }] : [],
    ),
  );
}

/** `10.0.1.100` of `10.0.1.100:5432`, `2600:1f14::5` of `[2600:1f14::5]:5432`. */
export function hostOfTarget(target: string): string {
  const bracketed = /^\[(.*)\](:\d+)?$/.exec(target)?.[1];
  return bracketed ?? (target.split(':').length === 2 ? (target.split(':')[0] ?? target) : target);
}

/** Of a record as Route 53 has it: text is in double quotes. */
export function recordValue({ type, values }: WorkOf<'dns'>, server: string): string {
  const value = values[server] ?? '';
  return type === 'TXT' && !value.startsWith('"') ? `"${value}"` : value;
}
