/** The subnets of the fakes are all /24. */
export function subnetOf(inside: string, address: string): boolean {
  return inside.split('.').slice(0, 3).join() === address.split('.').slice(0, 3).join();
}
