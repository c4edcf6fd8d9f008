/**
 * The INFO record of an IP resource on one server, LifeKeeper's five space-separated fields:
 *
 *     ServerA eth0 172.17.106.10 fffffc00 eth1
 *     server  primary  address   netmask  backup | none
 *
 * https://docs.us.sios.com/spslinux/9.3.2/en/topic/ip-local-recovery
 * Of an IPv6 address the netmask has 32 hex digits.
 */
import { canonicalIpv6, isIpv6, parseAddress } from './address.ts';
import { Fault } from './fault.ts';
import { hexOfPrefix, ipv6HexOfPrefix, prefixOfHex, prefixOfIpv6Hex } from './netmask.ts';

export interface Info {
  readonly server: string;
  /** The interface on which the address was last configured: tried first at every start, switchover and failover. */
  readonly primary: string;
  readonly address: string;
  readonly prefixLength: number;
  readonly backup: string | null;
}

/** The word that stands for "no backup interface", so no interface may be called that. */
export const noBackup = 'none';

export const serverNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
/** Linux device names: at most 15 characters, no slash or space (IFNAMSIZ). */
export const interfaceNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/;

/** @throws Fault `invalid-info` naming the field, the value and what is allowed */
export function parseInfo(line: string): Info {
  const fields = line.split(' ');
  if (fields.length !== 5)
    throw invalid(
      'INFO',
      line,
      'five fields separated by single spaces: server interface address netmask backup',
    );
  const [server = '', primary = '', address = '', netmask = '', backup = ''] = fields;
  requireMatch('server', server, serverNamePattern, 'letters, digits, dot, dash and underscore, at most 63');
  requireInterface('interface', primary);
  if (primary === noBackup)
    throw invalid('interface', primary, `an interface name; "${noBackup}" is not one`);
  const prefixLength = isIpv6(address) ? readIpv6(address, netmask) : readIpv4(address, netmask);
  requireInterface('backup interface', backup);
  if (backup === primary)
    throw invalid('backup interface', backup, `another interface than the primary, or "${noBackup}"`);
  return { server, primary, address, prefixLength, backup: backup === noBackup ? null : backup };
}

export function printInfo(info: Info): string {
  return [
    info.server,
    info.primary,
    info.address,
    isIpv6(info.address) ? ipv6HexOfPrefix(info.prefixLength) : hexOfPrefix(info.prefixLength),
    info.backup ?? noBackup,
  ].join(' ');
}

/** Fields 2 and 5 change places. @throws Fault `invalid-info` when there is no backup to swap with */
export function swapInfo(info: Info): Info {
  if (info.backup === null) throw invalid('backup interface', noBackup, 'a backup interface to swap with');
  return { ...info, primary: info.backup, backup: info.primary };
}

function readIpv4(address: string, netmask: string): number {
  try {
    parseAddress(address, 'address');
  } catch {
    throw invalid('address', address, 'an IPv4 address such as 10.0.1.50');
  }
  if (!/^[0-9a-f]{8}$/.test(netmask))
    throw invalid('netmask', netmask, 'eight lower-case hex digits such as fffffc00');
  return readNetmask(netmask);
}

function readIpv6(address: string, netmask: string): number {
  if (canonicalIpv6(address) !== address)
    throw invalid('address', address, 'an IPv6 address as it is written in short, such as 2600:1f14::50');
  const prefixLength = prefixOfIpv6Hex(netmask);
  if (prefixLength === null)
    throw invalid('netmask', netmask, '32 lower-case hex digits, all ones before all zeros');
  return prefixLength;
}

function readNetmask(netmask: string): number {
  try {
    return prefixOfHex(netmask);
  } catch {
    throw invalid('netmask', netmask, 'all ones before all zeros, such as fffffc00');
  }
}

function requireInterface(field: string, name: string): void {
  requireMatch(field, name, interfaceNamePattern, 'a Linux device name of at most 15 characters');
}

function requireMatch(field: string, value: string, pattern: RegExp, allowed: string): void {
  if (!pattern.test(value)) throw invalid(field, value, allowed);
}

function invalid(field: string, value: string, allowed: string): Fault {
  return new Fault('invalid-info', `${field} "${value}" is not valid: allowed is ${allowed}`, 'never');
}
