/**
 * The command `ip` of a model guest: a small iproute2 whose lines, refusals and exit codes are those of the real one,
 * compared with it by test/host. What it does not know it refuses by name with exit code 255.
 */

import { runRoute, runRule } from './ip-route.ts';
import { formatAddress, parsePrefix } from './ipv4.ts';
import { type Address, type Device, type Kernel, Refused } from './kernel.ts';
import { notModelled, Words } from './words.ts';

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

const objects: Readonly<Record<string, (kernel: Kernel, words: Words) => readonly string[]>> = {
  link: runLink,
  addr: runAddress,
  address: runAddress,
  rule: runRule,
  route: runRoute,
};

/** `ip [-o] [-4] OBJECT ...` */
export function runIp(kernel: Kernel, args: readonly string[]): Output {
  try {
    const words = new Words(args);
    const lines = objectOf(words)(kernel, words);
    return { stdout: lines.map((line) => `${line}\n`).join(''), stderr: '', exitCode: 0 };
  } catch (fault) {
    if (!(fault instanceof Refused)) throw fault;
    return { stdout: '', stderr: `${fault.message}\n`, exitCode: fault.exitCode };
  }
}

function objectOf(words: Words): (kernel: Kernel, words: Words) => readonly string[] {
  const object = words.next();
  const run = Object.hasOwn(objects, object) ? objects[object] : undefined;
  if (run === undefined) throw new Refused(`Object "${object}" is unknown, try "ip help".`, 1);
  return run;
}

function runLink(kernel: Kernel, words: Words): readonly string[] {
  const command = words.next();
  if (command === 'show') return shownDevices(kernel, words).map(linkLine);
  if (command !== 'set') throw notModelled(words);
  const device = kernel.device(words.expect('dev').next());
  const state = words.next();
  if (state !== 'up' && state !== 'down') throw notModelled(words);
  words.end();
  kernel.setAdmin(device.name, state === 'up');
  return [];
}

function runAddress(kernel: Kernel, words: Words): readonly string[] {
  const command = words.next();
  if (command === 'show') {
    const names = shownDevices(kernel, words).map(({ name }) => name);
    return names.flatMap((name) => addressesOn(kernel, name).map((each) => addressLine(kernel, each)));
  }
  if (command !== 'add' && command !== 'replace' && command !== 'del') throw notModelled(words);
  const text = words.next();
  const prefix = parsePrefix(text);
  if (prefix === undefined)
    throw new Refused(`Error: any valid prefix is expected rather than "${text}".`, 1);
  const device = words.expect('dev').next();
  words.end();
  const wanted = { device: kernel.device(device).name, address: prefix.address, length: prefix.length };
  const present = addressesOn(kernel, device).some(
    (a) => a.address === wanted.address && a.length === wanted.length,
  );
  if (command === 'del') kernel.deleteAddress(wanted);
  else if (command === 'add' || !present) kernel.addAddress({ ...wanted, metric: 0, broadcast: false });
  return [];
}

/** The kernel lists the secondary addresses of a device after its primary ones. */
function addressesOn(kernel: Kernel, device: string): readonly Address[] {
  const all = kernel.addresses.filter((each) => each.device === device);
  return [
    ...all.filter((each) => !kernel.isSecondary(each)),
    ...all.filter((each) => kernel.isSecondary(each)),
  ];
}

function shownDevices(kernel: Kernel, words: Words): readonly Device[] {
  if (!words.oneline) throw notModelled(words);
  if (words.isAtEnd()) return kernel.devices;
  const name = words.expect('dev').next();
  words.end();
  const device = kernel.devices.find((each) => each.name === name);
  if (device === undefined) throw new Refused(`Device "${name}" does not exist.`, 1);
  return [device];
}

function linkLine(device: Device): string {
  const { index, name, mac } = device;
  if (device.loopback)
    return `${index}: ${name}: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000\\    link/loopback ${mac} brd 00:00:00:00:00:00`;
  const state = device.admin && device.carrier ? 'UP' : 'DOWN';
  return `${index}: ${name}: <${flagsOf(device)}> mtu 9001 qdisc mq state ${state} mode DEFAULT group default qlen 1000\\    link/ether ${mac} brd ff:ff:ff:ff:ff:ff`;
}

function flagsOf({ admin, carrier }: Device): string {
  if (!admin) return 'BROADCAST,MULTICAST';
  return carrier ? 'BROADCAST,MULTICAST,UP,LOWER_UP' : 'NO-CARRIER,BROADCAST,MULTICAST,UP';
}

function addressLine(kernel: Kernel, each: Address): string {
  const device = kernel.device(each.device);
  const words = [
    `${device.index}: ${device.name}    inet ${formatAddress(each.address)}/${each.length}`,
    each.metric > 0 ? `metric ${each.metric}` : '',
    each.broadcast
      ? `brd ${formatAddress(each.address + 2 ** (32 - each.length) - 1 - (each.address % 2 ** (32 - each.length)))}`
      : '',
    `scope ${device.loopback ? 'host' : 'global'}`,
    kernel.isSecondary(each) ? 'secondary' : '',
    `${device.name}\\       valid_lft forever preferred_lft forever`,
  ];
  return words.filter((word) => word !== '').join(' ');
}
