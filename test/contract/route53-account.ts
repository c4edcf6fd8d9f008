/** Route 53 of one account with one zone, whose one record says where the database is. */
import {
  type Change,
  Route53 as Client,
  type ResourceRecordSet,
  type Route53ClientConfig,
} from '@aws-sdk/client-route-53';
import { Account } from '../../lib/emulator/account.ts';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { Gateway } from '../../lib/emulator/gateway.ts';
import { Route53 } from '../../lib/emulator/route53/route53.ts';
import { route53Service } from '../../lib/emulator/route53/service.ts';
import { sdkRequestHandler } from '../../lib/emulator/transports.ts';

export const zoneId = 'Z0123456789ABCDEFGHIJ';
export const name = 'db.example.com';
export const here = '10.0.1.10';
export const there = '10.0.2.20';
export const elsewhere = '10.0.3.30';

export type ChangePlan = [Change['Action'], ResourceRecordSet];
export type Route53Account = ReturnType<typeof route53Account>;

export function route53Account() {
  const clock = new VirtualClock();
  const account = new Account({ clock, seed: 'route 53' });
  const route53 = new Route53(account);
  const gateway = new Gateway(account);
  gateway.addRaw(route53Service(route53));
  route53.addHostedZone({
    id: zoneId,
    name: 'example.com',
    records: [{ name, type: 'A', ttlSeconds: 10, values: [here] }],
  });
  const clientOf = (credentials: NonNullable<Route53ClientConfig['credentials']>) =>
    new Client({
      region: 'eu-central-1',
      credentials,
      requestHandler: sdkRequestHandler(gateway) as NonNullable<Route53ClientConfig['requestHandler']>,
      maxAttempts: 1,
    });
  const client = clientOf({ accessKeyId: 'test', secretAccessKey: 'test' });
  /** A second of its own for each call: the throttle is not what is looked at. */
  const change = async (...Changes: ChangePlan[]) => {
    await clock.advance(1_000);
    return client.changeResourceRecordSets({
      HostedZoneId: zoneId,
      ChangeBatch: { Changes: Changes.map(([Action, set]) => ({ Action, ResourceRecordSet: set })) },
    });
  };
  return { clock, account, route53, gateway, client, clientOf, change };
}

export function record(
  recordName: string,
  Type: ResourceRecordSet['Type'],
  ...values: string[]
): ResourceRecordSet {
  return { Name: recordName, Type, TTL: 10, ResourceRecords: values.map((Value) => ({ Value })) };
}
