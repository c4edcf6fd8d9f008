/** The address script on the world's operating systems: the same four actions and the same words as the real one. */
import type { HostAnswer } from '../../lib/recovery/answer.ts';
import type { HostQuestion, Hosts } from '../../lib/recovery/ports.ts';
import { couldNotLook, found } from '../../lib/recovery/reading.ts';
import type { Eni, Guest, World } from './world.ts';

export function fakeHosts(world: World): Hosts {
  return {
    async ask(instanceId, question, deadlineMs) {
      const guest = world.guests.get(instanceId);
      if (!guest?.answers || world.instances.get(instanceId)?.state !== 'running') {
        await world.faults.beforeCall('hosts.ask');
        await world.clock.sleep(deadlineMs);
        return couldNotLook(`no answer from ${instanceId} in time`);
      }
      if (question.action === 'status' || question.action === 'verify')
        return world.faults.look('hosts.ask', () => found(answer(world, instanceId, guest, question, false)));
      let changed = false;
      const reading = await world.faults.look('hosts.ask', () => {
        changed = act(world, instanceId, guest, question);
        return found(answer(world, instanceId, guest, question, changed));
      });
      if (changed) world.faults.afterEffect('hosts.ask');
      return reading;
    },
  };
}

function deviceOf(world: World, instanceId: string, mac: string): Eni | undefined {
  return [...world.enis.values()].find((eni) => eni.mac === mac && eni.instanceId === instanceId);
}

function act(world: World, instanceId: string, guest: Guest, question: HostQuestion): boolean {
  const device = deviceOf(world, instanceId, question.mac)?.device;
  if (device === undefined) return false;
  const { address, mechanism } = question;
  const before = JSON.stringify([
    ...guest.links,
    ...(guest.addresses.get(question.address) ?? []),
    guest.rules.get(question.address),
  ]);
  if (question.action === 'restore') restore(guest, address, device);
  // Of an Elastic IP the address is the interface's own, and stays.
  else if (mechanism !== 'elastic') remove(guest, address, device);
  return (
    before !==
    JSON.stringify([
      ...guest.links,
      ...(guest.addresses.get(question.address) ?? []),
      guest.rules.get(question.address),
    ])
  );
}

/** The target is checked before anything is taken away elsewhere. */
function restore(guest: Guest, address: string, device: string): void {
  if (guest.links.get(device) === 'broken') return;
  guest.links.delete(device);
  guest.addresses.set(address, new Set([device]));
  guest.rules.set(address, device);
}

/** Never touches another interface: the address may be in service there. */
function remove(guest: Guest, address: string, device: string): void {
  guest.addresses.get(address)?.delete(device);
  if (guest.rules.get(address) === device) guest.rules.delete(address);
}

function answer(
  world: World,
  instanceId: string,
  guest: Guest,
  question: HostQuestion,
  changed: boolean,
): HostAnswer {
  const { action, address, mac, mechanism, pingList } = question;
  const eni = deviceOf(world, instanceId, mac);
  const device = eni?.device ?? null;
  const own = mechanism === 'elastic' && eni?.primaryAddress === address ? [eni.device] : [];
  const holders = new Set([...(guest.addresses.get(address) ?? []), ...own]);
  const elsewhere = [...holders].find((each) => each !== device) ?? null;
  const here = device !== null && holders.has(device);
  const link = device === null ? 'absent' : (guest.links.get(device) ?? 'up') === 'up' ? 'up' : 'down';
  const rule = device === null || guest.rules.get(address) !== device ? 'absent' : 'present';
  const routed = eni !== undefined && (own.length > 0 || world.ownersOf(address).includes(eni.eniId));
  const asked = link === 'up' && here && pingList.length > 0 && action !== 'remove';
  const answered = routed && device !== null && !guest.deadPaths.has(device) && rule === 'present';
  const path = !asked ? 'not-asked' : answered ? 'answered' : 'unanswered';
  const alive = [...world.enis.values()].some(
    (each) =>
      each.instanceId === instanceId &&
      (guest.links.get(each.device) ?? 'up') === 'up' &&
      !guest.deadPaths.has(each.device),
  );
  const witness = path !== 'unanswered' ? 'none' : alive ? 'answered' : 'silent';
  const os = here ? 'here' : elsewhere === null ? 'absent' : 'elsewhere';
  const why =
    action === 'remove'
      ? here && own.length === 0
        ? 'address-present'
        : null
      : firstFault({ link, os, elsewhere, rule, path }, guest.links.get(device ?? '') === 'broken');
  return {
    v: 1,
    action,
    address,
    mac,
    device,
    link,
    os,
    elsewhere,
    rule,
    path,
    witness,
    changed,
    verdict: why === null ? 'ok' : 'failed',
    why:
      why ?? (action === 'remove' ? 'removed' : path === 'answered' ? 'verified' : 'verified-without-path'),
  };
}

function firstFault(
  seen: Pick<HostAnswer, 'link' | 'os' | 'elsewhere' | 'rule' | 'path'>,
  broken: boolean,
): string | null {
  if (seen.link === 'absent') return 'interface-absent';
  if (seen.link === 'down') return broken ? 'no-carrier' : 'link-down';
  if (seen.os === 'absent') return 'address-absent';
  if (seen.elsewhere !== null) return 'address-elsewhere';
  if (seen.rule === 'absent') return 'rule-absent';
  return seen.path === 'unanswered' ? 'path-unanswered' : null;
}
