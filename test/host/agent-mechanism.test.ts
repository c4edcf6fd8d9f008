/** What the agent does with IPv6, elastic and overlay addresses. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { healthMetric, unknownMetric } from '../../lib/recovery/names.ts';
import { type AgentLab, publicAddress, until } from './agent-lab.ts';
import {
  cyclesOf,
  detailsOf,
  quick,
  type Story,
  tag,
  tellUnderEveryShell,
  toldNoMore,
  vip,
  wordsOf,
} from './agent-stories.ts';
import { answerOf, rendered } from './asked.ts';
import { peer6, subnet6 } from './ipv6-lab.ts';
import { eth0, eth1, peer } from './labs.ts';
import { placesOf, rulesOf, vip6 } from './mechanism-cases.ts';

const overlay = '192.168.77.50';
const settings = ['heartbeat 1', 'grace 2', 'sure 2'];
const six = { ...{ Mechanism: 'ipv6', Address: vip6, Subnet: subnet6 }, PingList: peer6 };

const data = (name: string) => ({
  healthy: `${healthMetric} ${name} 1`,
  failed: `${healthMetric} ${name} 0`,
  unknown: `${unknownMetric} ${name} 1`,
});
const ofSix = data('ip-six');
const ofPublic = data('ip-public');
const ofOverlay = data('ip-overlay');

const stories: readonly Story[] = [
  {
    title: 'an IPv6 address is followed as a secondary one is, and told of in the words of the script',
    options: {
      ipv6: true,
      settings: [...quick, `address ip-six fd00:0:0:1:0::50 ${subnet6} ${peer6} ipv6`],
      initially: [vip, 'eth0'],
    },
    holds: async (lab) => {
      await lab.assign(vip6, 'eth0');
      await until(lab, 'it is placed', async () => (await lab.placeOf(vip6)) === 'eth0 5200');
      await until(
        lab,
        'both are healthy',
        () => lab.data.includes(ofSix.healthy) && lab.data.includes(data(tag).healthy),
      );
      await lab.assign(vip6, 'eth1');
      await until(lab, 'it has followed', async () => (await lab.placeOf(vip6)) === 'eth1 5200');
      await until(lab, 'it is told', () => wordsOf(lab).at(-1) === `ok verified ${eth1}`);
      expect(detailsOf(lab).at(-1)?.['answer']).toEqual(await statusOf(lab, { ...six, Mac: eth1 }));
      await lab.guest.run(`ip -6 addr del ${vip6}/128 dev eth1`);
      await until(lab, 'it is back', async () => (await lab.placeOf(vip6)) === 'eth1 5200');
      await lab.guest.give(vip6, 'nobody');
      await until(lab, 'nobody answers', () => lab.data.includes(ofSix.failed));
      expect(detailsOf(lab).at(-1)?.['answer']).toMatchObject({ address: vip6, witness: 'answered' });
      await lab.assign(vip6, 'nobody');
      await until(lab, 'it is gone', async () => (await lab.placeOf(vip6)) === '');
      expect(await lab.placeOf(vip)).toBe('eth0');
    },
  },
  {
    title: 'a kernel that cannot list IPv6 leaves that alone unknown',
    options: {
      ipv6: true,
      settings: [...quick, `address ip-six ${vip6} ${subnet6} none ipv6`],
      initially: [vip, 'eth0'],
      before:
        'ip() { case "$*" in *"-6 rule"*) return 1 ;; *monitor*) exec ip "$@" ;; esac; command ip "$@"; }',
    },
    holds: async (lab) => {
      await lab.assign(vip6, 'eth1');
      await until(lab, 'it is unknown', () => lab.data.includes(ofSix.unknown));
      await until(lab, 'the other is healthy', () => lab.data.includes(data(tag).healthy));
      expect(await lab.placeOf(vip6)).toBe('');
    },
  },
  {
    title:
      'an elastic address is judged on the interface that the metadata names, which keeps its own address',
    options: { settings: [...settings, `address ip-public ${publicAddress} none ${peer} elastic`] },
    holds: async (lab) => {
      await lab.guest.run('ip rule del from 10.0.1.11 priority 10001');
      await lab.associate('eth1');
      await until(lab, 'it has its rule', async () => (await rulesOf(lab.guest, '10.0.1.11')).length === 1);
      await until(lab, 'it is healthy', () => lab.data.includes(ofPublic.healthy));
      await until(lab, 'it is told', () => wordsOf(lab).length === 1);
      const elastic = { Mechanism: 'elastic', Address: '10.0.1.11', Mac: eth1, PingList: peer };
      expect(detailsOf(lab)[0]).toMatchObject({ tag: 'ip-public', answer: await statusOf(lab, elastic) });
      await lab.guest.run('ip link set dev eth1 down');
      await until(lab, 'it is raised', async () =>
        (await rulesOf(lab.guest, '10.0.1.11')).includes('via 10.0.1.1 dev eth1'),
      );
      await lab.guest.setLink('eth1', 'down');
      await until(lab, 'it has failed', () => lab.data.includes(ofPublic.failed));
      expect(wordsOf(lab)).toContain(`failed no-carrier ${eth1}`);
      await lab.associate('eth0');
      await until(lab, 'it is told of the other', () => wordsOf(lab).at(-1) === `ok verified ${eth0}`);
      expect(detailsOf(lab).at(-1)?.['answer']).toMatchObject({ address: '10.0.1.10', rule: 'not-needed' });
      await lab.associate('nobody');
      await until(lab, 'it is away', () => lab.log().includes('away (-)'));
      await toldNoMore(lab);
      expect(await placesOf(lab.guest, '10.0.1.10')).toEqual(['eth0 10.0.1.10/24']);
      expect(await placesOf(lab.guest, '10.0.1.11')).toEqual(['eth1 10.0.1.11/24']);
    },
  },
  {
    title: 'an overlay address is judged where the last order has put it, and never put back',
    options: { settings: [...settings, `address ip-overlay ${overlay} none ${peer} overlay`] },
    holds: async (lab) => {
      await lab.guest.give(overlay, 'eth1');
      await order(lab, 'restore');
      await until(lab, 'it is healthy', () => lab.data.includes(ofOverlay.healthy));
      expect(wordsOf(lab)).toEqual([`ok verified ${eth1}`]);
      lab.imds.failing = 500;
      await until(lab, 'the metadata are silent', () => lab.log().includes('cannot be read'));
      await lab.guest.run(`ip addr del ${overlay}/32 dev eth1`);
      await until(lab, 'it has failed', () => lab.data.includes(ofOverlay.failed));
      expect(wordsOf(lab).at(-1)).toBe(`failed address-absent ${eth1}`);
      await order(lab, 'restore');
      await until(lab, 'it is healthy again', () => lab.data.at(-1) === ofOverlay.healthy);
      lab.imds.failing = undefined;
      await lab.guest.give(overlay, 'nobody');
      await until(lab, 'nobody answers', () => wordsOf(lab).at(-1) === `failed path-unanswered ${eth1}`);
      await order(lab, 'remove');
      await until(lab, 'it is away', () => lab.log().includes('away (-)'));
      await toldNoMore(lab);
      expect(lab.log()).not.toMatch(/restore on|clear/);
    },
  },
  {
    title: 'an overlay address without an order is judged where the OS has it, and no answer is no failure',
    options: { settings: [...settings, `address ip-overlay ${overlay} none ${peer} overlay`] },
    holds: async (lab) => {
      await lab.guest.give(overlay, 'eth0');
      await lab.guest.run(`ip addr add ${overlay}/32 dev eth0`);
      await until(lab, 'it is healthy', () => lab.data.includes(ofOverlay.healthy));
      await lab.guest.give(overlay, 'nobody');
      await until(lab, 'it is unknown', () => lab.data.includes(ofOverlay.unknown));
      expect(lab.data).not.toContain(ofOverlay.failed);
      expect(await lab.placeOf(overlay)).toBe('eth0');
      // As after a boot: neither the address nor an order is left.
      rmSync(join(lab.guest.runDirectory, `placed-${overlay}`), { force: true });
      await lab.guest.run(`ip addr del ${overlay}/32 dev eth0`);
      await until(lab, 'it is away', () => lab.log().includes('away (-)'));
      const asked = cyclesOf(lab);
      await until(lab, 'well after that', () => cyclesOf(lab) >= asked + 3);
      expect(await lab.placeOf(overlay)).toBe('');
    },
  },
];

async function order(lab: AgentLab, action: 'restore' | 'remove'): Promise<void> {
  const parameters = { Action: action, Mechanism: 'overlay', Address: overlay, Mac: eth1, PingList: 'none' };
  expect(await lab.guest.run(rendered(parameters))).toMatchObject({ exitCode: 0 });
}

async function statusOf(lab: AgentLab, parameters: Readonly<Record<string, string>>) {
  return answerOf(await lab.guest.run(rendered({ Action: 'status', ...parameters })));
}

tellUnderEveryShell(stories);
