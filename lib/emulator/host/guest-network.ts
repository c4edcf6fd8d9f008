/** What a model guest knows of its network by itself: what its network manager holds, and what the router advertises. */
import type { Nic } from './driver.ts';
import { addressIn, blockOf, ipv4 } from './family.ts';
import type { Kernel } from './kernel.ts';
import { mainTable, type Route } from './routing.ts';

export const firstMetric = 512;
const firstPolicyTable = 10_000;
/** On every link the VPC's router has one. Which one AWS does not say: guests learn it from advertisements. */
const routerAddress = addressIn('fe80::1');

/**
 * The router's advertisements, as the kernel takes them whenever a link comes up. They come in every subnet here, with
 * an IPv6 block or without: who has no IPv6 address sends nothing there.
 */
export function learnRouter(kernel: Kernel, { device, deviceIndex }: Nic): void {
  const metric = firstMetric + deviceIndex;
  const toAll = { base: 0n, length: 0 };
  kernel.ipv6.addRoute(
    { table: mainTable, to: toAll, via: routerAddress, device, src: undefined, metric, proto: 'ra' },
    'replace',
  );
}

/** What the network manager holds for an interface: a main default route, and for all but the first a table and a rule. */
export function configureRoutes(kernel: Kernel, nic: Nic): void {
  const { device, deviceIndex } = nic;
  const primary = addressIn(nic.primaryAddress);
  const toAll = { to: { base: 0n, length: 0 }, via: addressIn(nic.gateway), device };
  const toSubnet: Route['to'] = { base: blockOf(ipv4, primary, nic.prefixLength), length: nic.prefixLength };
  kernel.ipv4.addRoute(
    { ...toAll, table: mainTable, src: primary, metric: firstMetric + deviceIndex, proto: 'dhcp' },
    'replace',
  );
  if (deviceIndex === 0) return;
  const table = firstPolicyTable + deviceIndex;
  const own = { table, src: undefined, metric: 0, proto: 'static', device } as const;
  kernel.ipv4.addRoute({ ...own, to: toSubnet, via: undefined }, 'replace');
  kernel.ipv4.addRoute({ ...own, ...toAll }, 'replace');
  const rule = { priority: table, from: { base: primary, length: ipv4.bits }, table };
  if (!kernel.ipv4.rules.some((each) => each.priority === table && each.from?.base === primary))
    kernel.ipv4.addRule(rule);
}
