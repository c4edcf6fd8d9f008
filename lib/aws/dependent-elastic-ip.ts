/** Another public address at the protected one. Inside a subnet it follows the private address by itself. */
import { DisassociateAddressCommand } from '@aws-sdk/client-ec2';
import type { KindOf } from './dependents.ts';
import { allocationOf, associate, isAssociated } from './elastic-addresses.ts';
import type { AskedEc2 } from './interfaces.ts';
import { withRetries } from './retry.ts';

export function dependentElasticIps(asked: AskedEc2): KindOf<'elasticIp'> {
  return {
    async look({ allocationId }, at) {
      const allocation = await allocationOf(asked, allocationId);
      const { PublicIp, NetworkInterfaceId, PrivateIpAddress } = allocation;
      if (isAssociated(allocation, at))
        return { state: 'in-service', detail: `${PublicIp} leads to ${at.address} of ${at.eniId}` };
      if (!NetworkInterfaceId) return { state: 'out-of-service', detail: `${PublicIp} leads nowhere` };
      const detail = `${PublicIp} leads to ${PrivateIpAddress} of ${NetworkInterfaceId}`;
      return { state: 'elsewhere', detail };
    },
    start: async ({ allocationId }, at) => associate(asked, await allocationOf(asked, allocationId), at),
    async stop({ allocationId }, at) {
      const allocation = await allocationOf(asked, allocationId);
      if (!isAssociated(allocation, at)) return;
      const command = new DisassociateAddressCommand({ AssociationId: allocation.AssociationId });
      await withRetries(asked.retrying, 'ec2:DisassociateAddress', () => asked.ec2.send(command));
    },
  };
}
