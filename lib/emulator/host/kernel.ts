/**
 * The part of a Linux kernel that decides where a packet goes: devices here, and of each family its addresses, policy
 * rules and routes (stack.ts). No commands and no text in here; every refusal carries the kernel's own words, as `ip`
 * prints them. What it does is compared with a real kernel by the cases in test/host.
 */
import { addressIn, type Family, ipv4, ipv6 } from './family.ts';
import { type Device, Refused } from './routing.ts';
import { Stack } from './stack.ts';

export class Kernel {
  readonly ipv4: Stack;
  readonly ipv6: Stack;
  #devices: Device[] = [];
  #nextIndex = 1;
  readonly #linkCameUp: (device: string) => void;

  /** `linkCameUp` is what a network manager listens to: a device has become up and has carrier. */
  constructor(linkCameUp: (device: string) => void = () => undefined) {
    this.#linkCameUp = linkCameUp;
    const deviceNamed = (name: string) => this.device(name);
    this.ipv4 = new Stack(ipv4, deviceNamed);
    this.ipv6 = new Stack(ipv6, deviceNamed);
    this.addDevice({ name: 'lo', mac: '00:00:00:00:00:00', loopback: true, carrier: true });
    this.setAdmin('lo', true);
    this.ipv4.addAddress({ device: 'lo', address: addressIn('127.0.0.1'), length: 8 });
    this.ipv6.addAddress({ device: 'lo', address: addressIn('::1'), length: 128 });
  }

  stack({ version }: Family): Stack {
    return version === 4 ? this.ipv4 : this.ipv6;
  }

  get devices(): readonly Device[] {
    return this.#devices;
  }

  device(name: string): Device {
    const device = this.#devices.find((each) => each.name === name);
    if (device === undefined) throw new Refused(`Cannot find device "${name}"`, 1);
    return device;
  }

  addDevice(device: Pick<Device, 'name' | 'mac' | 'loopback' | 'carrier'>): void {
    this.#devices.push({ ...device, index: this.#nextIndex++, admin: false });
  }

  removeDevice(name: string): void {
    this.#devices = this.#devices.filter((each) => each.name !== name);
    this.ipv4.deviceGone(name);
    this.ipv6.deviceGone(name);
  }

  /** Down takes every route through the device along, and its IPv6 addresses; up brings back what comes by itself. */
  setAdmin(name: string, up: boolean): void {
    const device = this.device(name);
    if (device.admin === up) return;
    device.admin = up;
    for (const stack of [this.ipv4, this.ipv6])
      if (up) stack.deviceUp(device);
      else stack.deviceDown(name);
    if (up && device.carrier) this.#linkCameUp(name);
  }

  /** Routes through a device without carrier stay, as with `ignore_routes_with_linkdown` 0: packets are lost. */
  setCarrier(name: string, carrier: boolean): void {
    const device = this.device(name);
    if (device.carrier === carrier) return;
    device.carrier = carrier;
    if (carrier && device.admin) this.#linkCameUp(name);
  }
}
