/**
 * A record in Route 53 with one value per server. It is in service where its value says; a record cannot be out of
 * service, so a stop is nothing to do. What ListResourceRecordSets shows is what Route 53 is about to answer everywhere:
 * https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetChange.html
 */
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { Fault } from '../recovery/fault.ts';
import type { Clients } from './clients.ts';
import type { KindOf, WorkOf } from './dependents.ts';
import { type Retrying, withRetries } from './retry.ts';

type Dns = WorkOf<'dns'>;

export function dnsRecords(clients: Pick<Clients, 'route53'>, retrying: Retrying): KindOf<'dns'> {
  return {
    async look(work, { server }) {
      const record = await recordOf(clients, work, retrying);
      const what = `${work.type} ${work.name}`;
      if (record === undefined) return { state: 'out-of-service', detail: `there is no record ${what}` };
      const [value, ...others] = (record.ResourceRecords ?? []).map((each) => each.Value ?? '');
      if (value === undefined || others.length > 0 || record.SetIdentifier !== undefined)
        return { state: 'unknown', detail: `${what} is no simple record of one value` };
      const detail = `${what} is ${value}`;
      if (value === valueFor(work, server)) return { state: 'in-service', detail };
      const holder = Object.keys(work.values).find((each) => valueFor(work, each) === value);
      return holder === undefined
        ? { state: 'out-of-service', detail: `${detail}, which is no server's` }
        : { state: 'elsewhere', detail: `${detail}, which is ${holder}'s` };
    },
    async start(work, { server }, dependent) {
      const Value = valueFor(work, server);
      if (Value === undefined)
        throw new Fault('unknown-server', `dependent ${dependent.name} has no value for ${server}`, 'never');
      const { ChangeResourceRecordSetsCommand } = await import('@aws-sdk/client-route-53');
      const route53 = await clients.route53();
      const { zoneId, name: Name, type: Type, ttlS: TTL } = work;
      const ResourceRecordSet = { Name, Type, TTL, ResourceRecords: [{ Value }] };
      const Changes = [{ Action: 'UPSERT' as const, ResourceRecordSet }];
      const command = new ChangeResourceRecordSetsCommand({ HostedZoneId: zoneId, ChangeBatch: { Changes } });
      await withRetries(retrying, 'route53:ChangeResourceRecordSets', () => route53.send(command));
    },
    stop: async () => undefined,
  };
}

async function recordOf(
  clients: Pick<Clients, 'route53'>,
  { zoneId, name, type }: Dns,
  retrying: Retrying,
): Promise<ResourceRecordSet | undefined> {
  const [{ ListResourceRecordSetsCommand }, route53] = await Promise.all([
    import('@aws-sdk/client-route-53'),
    clients.route53(),
  ]);
  const command = new ListResourceRecordSetsCommand({
    HostedZoneId: zoneId,
    StartRecordName: name,
    StartRecordType: type,
    MaxItems: 1,
  });
  const reply = await withRetries(retrying, 'route53:ListResourceRecordSets', () => route53.send(command));
  // The list begins there, or with whatever comes next.
  return reply.ResourceRecordSets?.find((each) => each.Type === type && sameName(each.Name ?? '', name));
}

/** Text is in double quotes: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html */
function valueFor({ type, values }: Dns, server: string): string | undefined {
  const value = values[server];
  return type === 'TXT' && value !== undefined && !value.startsWith('"') ? `"${value}"` : value;
}

/** Route 53 gives names in lower case, with the dot of the root, and with an asterisk as a code. */
function sameName(one: string, other: string): boolean {
  const plain = (name: string) => name.toLowerCase().replace(/\.$/, '').replace(/^\*/, String.raw`\052`);
  return plain(one) === plain(other);
}
