/**
 * Network limits of the modelled instance types, the primary address of an interface included:
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AvailableIpPerENI.html
 */
export interface NetworkLimits {
  readonly interfaces: number;
  readonly addressesPerInterface: number;
}

const small: NetworkLimits = { interfaces: 2, addressesPerInterface: 4 };
const large: NetworkLimits = { interfaces: 3, addressesPerInterface: 10 };
const extraLarge: NetworkLimits = { interfaces: 4, addressesPerInterface: 15 };

export const networkLimits: ReadonlyMap<string, NetworkLimits> = new Map([
  ['t3.nano', { interfaces: 2, addressesPerInterface: 2 }],
  ['t3.micro', { interfaces: 2, addressesPerInterface: 2 }],
  ['t3.small', { interfaces: 3, addressesPerInterface: 4 }],
  ['t3.medium', { interfaces: 3, addressesPerInterface: 6 }],
  ['t3.large', { interfaces: 3, addressesPerInterface: 12 }],
  ['m6g.medium', small],
  ['m7g.medium', small],
  ['m5.large', large],
  ['m6i.large', large],
  ['m6g.large', large],
  ['m7g.large', large],
  ['c5.large', large],
  ['c6i.large', large],
  ['r5.large', large],
  ['r6i.large', large],
  ['m5.xlarge', extraLarge],
  ['m5.2xlarge', extraLarge],
  ['m6i.xlarge', extraLarge],
  ['m7g.xlarge', extraLarge],
  ['m8i.16xlarge', { interfaces: 16, addressesPerInterface: 64 }],
]);
