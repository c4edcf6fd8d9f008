/**
 * Elastic IP addresses. An association is with a private address, so it moves along when that is reassigned:
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/MultipleIP.html
 * Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html; wordings are marked.
 */
import { AwsError } from '../errors.ts';
import { formatAddress } from '../host/ipv4.ts';
import type { Ids } from './ids.ts';
import type { Networks } from './networks.ts';
import type { ElasticIp, NetworkInterface, Tags } from './records.ts';
import { Versions } from './versions.ts';
import { onlyInterfaceOf, type World } from './world.ts';

export interface ElasticIpPlan {
  readonly allocationId?: string;
  readonly publicIp?: string;
  /** The primary or a secondary address of an interface, of which it is the public one from the start. */
  readonly privateAddress?: string;
  readonly tags?: Tags;
}

export interface AssociationRequest {
  readonly allocationId: string;
  readonly interfaceId: string | undefined;
  readonly instanceId: string | undefined;
  readonly privateAddress: string | undefined;
  readonly allowReassociation: boolean;
}

/** For documentation alone: https://www.rfc-editor.org/rfc/rfc5737 */
const firstPublicIp = 0xcb007100;

export class ElasticIps {
  /** How many may be allocated: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/elastic-ip-addresses-eip.html */
  quota = 5;
  readonly #world: World;
  readonly #networks: Networks;
  readonly #ids: Ids;
  readonly #addresses = new Map<string, ElasticIp>();
  readonly #past: Versions<ElasticIp>;
  readonly #ended = new Set<string>();

  constructor(world: World, networks: Networks, ids: Ids, now: () => number) {
    this.#world = world;
    this.#networks = networks;
    this.#ids = ids;
    this.#past = new Versions(now);
    world.onRemoval((eni) => this.drop([eni.primaryAddress, ...eni.secondaryAddresses]));
  }

  // ---- Building

  add(plan: ElasticIpPlan = {}): ElasticIp {
    const publicIp = plan.publicIp ?? this.#freePublicIp();
    if (this.all().some((each) => each.publicIp === publicIp)) throw new Error(`${publicIp} is taken`);
    const { privateAddress } = plan;
    if (privateAddress !== undefined && this.#world.holder(privateAddress) === undefined)
      throw new Error(`${privateAddress} is on no interface`);
    const address: ElasticIp = {
      allocationId: this.#ids.take('eipalloc', plan.allocationId),
      publicIp,
      tags: plan.tags ?? {},
      association: privateAddress === undefined ? undefined : this.#associationWith(privateAddress),
    };
    this.#addresses.set(address.allocationId, address);
    return address;
  }

  // ---- Looking

  all(): readonly ElasticIp[] {
    return [...this.#addresses.values()];
  }

  find(allocationId: string): ElasticIp | undefined {
    return this.#addresses.get(allocationId);
  }

  /** @throws AwsError InvalidAllocationID.NotFound */
  get(allocationId: string): ElasticIp {
    const address = this.#addresses.get(allocationId);
    if (address !== undefined) return address;
    throw new AwsError('InvalidAllocationID.NotFound', `The allocation ID '${allocationId}' does not exist`);
  }

  /** @throws AwsError InvalidAddress.NotFound */
  byPublicIp(publicIp: string): ElasticIp {
    const address = this.all().find((each) => each.publicIp === publicIp);
    if (address !== undefined) return address;
    throw new AwsError('InvalidAddress.NotFound', `Address '${publicIp}' not found.`);
  }

  /** The truth, whatever a Describe shows. */
  byPrivateAddress(privateAddress: string): ElasticIp | undefined {
    return this.all().find((each) => each.association?.privateAddress === privateAddress);
  }

  byAssociation(associationId: string): ElasticIp | undefined {
    return this.all().find((each) => each.association?.id === associationId);
  }

  /** The address as a Describe shows it now. */
  shown(address: ElasticIp): ElasticIp {
    return this.#past.shown(address.allocationId, this.#world.describeLagMs) ?? address;
  }

  // ---- Changing

  /** @throws AwsError AddressLimitExceeded */
  allocate(tags: Tags): ElasticIp {
    // AWS's wording is not confirmed.
    if (this.#addresses.size >= this.quota)
      throw new AwsError('AddressLimitExceeded', 'The maximum number of addresses has been reached.');
    return this.add({ tags });
  }

  /** @returns the association's id: the same again when nothing changes, which AWS does not promise */
  associate(request: AssociationRequest): string {
    const address = this.get(request.allocationId);
    const eni = this.#interfaceOf(request);
    const privateAddress = request.privateAddress ?? eni.primaryAddress;
    this.#check(eni, privateAddress);
    if (address.association?.privateAddress === privateAddress) return address.association.id;
    const other = this.byPrivateAddress(privateAddress);
    if (!request.allowReassociation) refuseReassociation(address, other, `${eni.id} and ${privateAddress}`);
    if (other !== undefined) this.#put({ ...other, association: undefined });
    const association = this.#associationWith(privateAddress);
    this.#put({ ...address, association });
    return association.id;
  }

  /** Once more is no error: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisassociateAddress.html */
  disassociate(associationId: string): void {
    const address = this.byAssociation(associationId);
    if (address !== undefined) this.#put({ ...address, association: undefined });
    else if (!this.#ended.has(associationId))
      throw new AwsError(
        'InvalidAssociationID.NotFound',
        `The association ID '${associationId}' does not exist`,
      );
  }

  /** These private addresses are on no interface any more. */
  drop(privateAddresses: readonly string[]): void {
    for (const privateAddress of privateAddresses) {
      const address = this.byPrivateAddress(privateAddress);
      if (address !== undefined) this.#put({ ...address, association: undefined });
    }
  }

  #interfaceOf({ interfaceId, instanceId }: AssociationRequest): NetworkInterface {
    // AWS's wordings are not confirmed.
    if (interfaceId !== undefined && instanceId !== undefined)
      throw new AwsError(
        'InvalidParameterCombination',
        'You may specify networkInterfaceId or instanceId, but not both',
      );
    if (interfaceId === undefined && instanceId === undefined)
      throw new AwsError(
        'MissingParameter',
        'The request must contain either networkInterfaceId or instanceId',
      );
    return instanceId === undefined
      ? this.#world.interface(interfaceId ?? '')
      : onlyInterfaceOf(this.#world, instanceId);
  }

  /** The codes are documented, the wordings are not. */
  #check(eni: NetworkInterface, privateAddress: string): void {
    if (privateAddress !== eni.primaryAddress && !eni.secondaryAddresses.includes(privateAddress))
      throw new AwsError(
        'InvalidParameterValue',
        `The private address ${privateAddress} is not assigned to interface ${eni.id}`,
      );
    const { vpcId } = this.#world.subnet(eni.subnetId);
    if (this.#networks.vpc(vpcId).internetGatewayId === undefined)
      throw new AwsError('Gateway.NotAttached', `Network ${vpcId} is not attached to any internet gateway`);
    const { attachment } = eni;
    const state = attachment && this.#world.findInstance(attachment.instanceId)?.state;
    if (state === 'pending')
      throw new AwsError(
        'IncorrectInstanceState',
        `The pending instance '${attachment?.instanceId}' is not in a valid state for this operation.`,
      );
  }

  #put(address: ElasticIp): void {
    const before = this.#addresses.get(address.allocationId);
    if (before?.association !== undefined) this.#ended.add(before.association.id);
    if (before !== undefined) this.#past.keep(address.allocationId, before);
    this.#addresses.set(address.allocationId, address);
  }

  #associationWith(privateAddress: string): { readonly id: string; readonly privateAddress: string } {
    return { id: this.#ids.take('eipassoc'), privateAddress };
  }

  #freePublicIp(): string {
    const taken = new Set(this.all().map(({ publicIp }) => publicIp));
    for (let last = 1; last < 255; last++) {
      const address = formatAddress(firstPublicIp + last);
      if (!taken.has(address)) return address;
    }
    throw new Error('no public address is left');
  }
}

/** seen: https://github.com/ansible/ansible/issues/27385 and https://github.com/aws-quickstart/quickstart-linux-bastion/issues/21 */
function refuseReassociation(address: ElasticIp, other: ElasticIp | undefined, target: string): void {
  if (address.association !== undefined)
    throw new AwsError(
      'Resource.AlreadyAssociated',
      `resource ${address.allocationId} is already associated with associate-id ${address.association.id}`,
    );
  if (other !== undefined)
    throw new AwsError(
      'Resource.AlreadyAssociated',
      `resource ${target} is already associated with public address ${other.publicIp}`,
    );
}
