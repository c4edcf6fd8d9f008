/**
 * The command `ip` of a model guest: a small iproute2 whose lines, refusals and exit codes are those of the real one,
 * compared with it by test/host. What it does not know it refuses by name with exit code 255.
 */

import { familyOf, parsePrefix } from './family.ts';
import { runRoute, runRule } from './ip-route.ts';
import type { Kernel } from './kernel.ts';
import { type Address, type Device, Refused } from './routing.ts';
import type { Stack } from './stack.ts';
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

/** `ip [-o] [-4|-6] OBJECT ...` */
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
    const stacks = words.family === undefined ? [kernel.ipv4, kernel.ipv6] : [kernel.stack(words.family)];
    return shownDevices(kernel, words).flatMap((device) =>
      stacks.flatMap((stack) => addressesOn(stack, device).map((each) => addressLine(stack, device, each))),
    );
  }
  if (command !== 'add' && command !== 'replace' && command !== 'del') throw notModelled(words);
  const text = words.next();
  const stack = kernel.stack(words.family ?? familyOf(text));
  const prefix = parsePrefix(stack.family, text);
  if (prefix === undefined)
    throw new Refused(
      `Error: ${words.family?.name ?? 'any valid'} prefix is expected rather than "${text}".`,
      1,
    );
  const device = kernel.device(words.expect('dev').next()).name;
  const wanted = { device, address: prefix.address, length: prefix.length, ...marksOf(stack, words) };
  if (command === 'del') stack.deleteAddress(wanted);
  else if (command === 'add') stack.addAddress(wanted);
  else stack.replaceAddress(wanted);
  return [];
}

/** `nodad` and `preferred_lft 0`, which are of IPv6. */
function marksOf({ family }: Stack, words: Words): Pick<Address, 'nodad' | 'deprecated'> {
  let marks: Pick<Address, 'nodad' | 'deprecated'> = {};
  while (!words.isAtEnd()) {
    const word = words.next();
    if (family.version === 6 && word === 'nodad') marks = { ...marks, nodad: true };
    else if (family.version === 6 && word === 'preferred_lft') {
      words.expect('0');
      marks = { ...marks, deprecated: true };
    } else throw notModelled(words);
  }
  return marks;
}

/** The kernel lists the secondary addresses of a device after its primary ones. */
function addressesOn(stack: Stack, { name }: Device): readonly Address[] {
  const all = stack.addresses.filter(({ device }) => device === name);
  return [
    ...all.filter((each) => !stack.isSecondary(each)),
    ...all.filter((each) => stack.isSecondary(each)),
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

function addressLine(stack: Stack, device: Device, each: Address): string {
  const { family } = stack;
  const metric = each.metric ?? 0;
  const lastOfBlock = each.address | ((1n << BigInt(family.bits - each.length)) - 1n);
  const words = [
    `${device.index}: ${device.name}    ${family.name} ${family.format(each.address)}/${each.length}`,
    metric > 0 ? `metric ${metric}` : '',
    each.broadcast ? `brd ${family.format(lastOfBlock)}` : '',
    `scope ${scopeOf(stack, device, each)}`,
    stack.isSecondary(each) ? 'secondary' : '',
    each.nodad ? 'nodad' : '',
    each.deprecated ? 'deprecated' : '',
    `${family.version === 4 ? device.name : ''}\\       valid_lft forever preferred_lft ${each.deprecated ? '0sec' : 'forever'}`,
  ];
  return words.filter((word) => word !== '').join(' ');
}

function scopeOf(stack: Stack, device: Device, { address }: Address): string {
  if (device.loopback) return 'host';
  return stack.isLinkLocal(address) ? 'link' : 'global';
}
