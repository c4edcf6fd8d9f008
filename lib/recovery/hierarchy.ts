/** What depends on an address, for people: each dependent with its state, in the order of service. */
import { type DependentDefinition, type DependentWork, ranks } from './dependent.ts';
import type { OperatePorts } from './operate-ports.ts';
import type { DependentStatus } from './order.ts';
import type { ResourceRecord } from './resource.ts';

export async function dependentsOf(
  ports: Pick<OperatePorts, 'ledger'>,
  record: ResourceRecord,
  dependents: readonly DependentDefinition[],
): Promise<readonly DependentStatus[]> {
  return Promise.all(
    inOrderOfService(dependents).map(async ({ name, needs, work }) => ({
      name,
      kind: work.kind,
      what: whatOf(work),
      needs,
      ...((await asResource(ports, work)) ?? asLeft(record, name)),
    })),
  );
}

export function inOrderOfService(dependents: readonly DependentDefinition[]): readonly DependentDefinition[] {
  return ranks(dependents).flat();
}

/** Dependents that were to come into service and did not. */
export function dependentsOut({ dependents }: ResourceRecord): readonly string[] {
  return Object.entries(dependents)
    .filter(([, { state }]) => state === 'OSF')
    .map(([name]) => name);
}

/** The unit, the volume, the tag … */
export function whatOf(work: DependentWork): string {
  switch (work.kind) {
    case 'systemd':
      return work.unit;
    case 'command':
      return work.start[0] ?? '';
    case 'elasticIp':
      return work.allocationId;
    case 'route':
      return `${work.destination} in ${work.routeTables.join(', ')}`;
    case 'dns':
      return `${work.type} ${work.name}`;
    case 'volume':
      return work.volumeId;
    case 'target':
      // arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID
      return work.targetGroupArn.split('/')[1] ?? work.targetGroupArn;
    case 'resource':
      return work.tag;
  }
}

type Standing = Pick<DependentStatus, 'state' | 'server' | 'why' | 'atMs'>;

/** Another protected address has a record of its own, which says how it stands now. */
async function asResource(
  { ledger }: Pick<OperatePorts, 'ledger'>,
  work: DependentWork,
): Promise<Standing | null> {
  if (work.kind !== 'resource') return null;
  const read = await ledger.read(work.tag);
  if (read.kind !== 'found') return null;
  const { state, activeServer, stateReason, recent } = read.value;
  return { state, server: activeServer, why: stateReason, atMs: recent.at(-1)?.atMs ?? null };
}

function asLeft({ dependents }: ResourceRecord, name: string): Standing {
  return dependents[name] ?? { state: null, server: null, why: null, atMs: null };
}
