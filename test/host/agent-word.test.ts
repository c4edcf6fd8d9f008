/** The agent's word: what it tells of an address as an event, and when. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { agentScript } from '../../lib/host/agent-script.ts';
import { healthMetric } from '../../lib/recovery/names.ts';
import { type AgentLab, instanceId, until } from './agent-lab.ts';
import {
  detailsOf,
  entriesOf,
  quick,
  type Story,
  tag,
  tellUnderEveryShell,
  vip,
  wordsOf,
} from './agent-stories.ts';
import { answerOf, rendered } from './asked.ts';
import { eth0, eth1, nameOf, peer } from './labs.ts';

const healthy = `${healthMetric} ${tag} 1`;
const failed = `${healthMetric} ${tag} 0`;

const stories: readonly Story[] = [
  {
    title:
      'a cut wire is 0 and a word at once, told by the other interface; the word comes again while it lasts',
    options: { settings: quick, initially: [vip, 'eth0'] },
    holds: async (lab) => {
      await until(lab, 'it is healthy', () => lab.data.includes(healthy));
      await lab.guest.setLink('eth0', 'down');
      await until(lab, 'it has failed', () => lab.data.includes(failed));
      await until(lab, 'it is told twice', () => wordsOf(lab).length >= 3);
      await lab.assign(vip, 'eth1');
      await until(lab, 'it has followed', async () => (await lab.placeOf(vip)) === 'eth1 5200');
      const before = lab.data.length;
      await until(lab, 'it is healthy again', () => lab.data.slice(before).includes(healthy));
      await until(lab, 'it is told', () => wordsOf(lab).at(-1)?.startsWith('ok') === true);
      const told = wordsOf(lab);
      expect(new Set(told.slice(1, -1))).toEqual(new Set([`failed no-carrier ${eth0}`]));
      expect([told.at(0), told.at(-1)]).toEqual([`ok verified ${eth0}`, `ok verified ${eth1}`]);
    },
  },
  {
    title: 'a word has the answer that address.sh would give, with the witness of a path',
    options: { settings: quick, initially: [vip, 'eth1'] },
    holds: async (lab) => {
      await until(lab, 'it is in service', () => wordsOf(lab).length === 1);
      expect(entriesOf(lab)).toMatchObject([
        { Source: 'holdfast.agent', DetailType: 'Holdfast Address In Service' },
      ]);
      const uptime = expect.any(Number);
      const detail = { v: 1, fleet: 'main', tag, instanceId, agent: agentScript().version, uptime };
      expect(detailsOf(lab)).toEqual([{ ...detail, answer: await statusOf(lab) }]);
      await lab.guest.give(vip, 'nobody');
      await until(lab, 'it has failed', () => wordsOf(lab).length === 2);
      expect(entriesOf(lab)[1]).toMatchObject({ DetailType: 'Holdfast Address Failed' });
      expect(detailsOf(lab)[1]).toEqual({ ...detail, answer: await statusOf(lab) });
      expect(detailsOf(lab)[1]?.['answer']).toMatchObject({ why: 'path-unanswered', witness: 'answered' });
      lab.agent.kill('SIGTERM');
      await until(lab, 'it has ended', () => lab.agent.exitCode !== null);
      expect(await statusOf(lab, 'none')).toMatchObject({ agent: null });
    },
  },
  {
    title: 'another reason is told at once, and what is in service once, however long it lasts',
    options: { settings: ['heartbeat 20', ...quick.slice(1)], initially: [vip, 'eth1'] },
    holds: async (lab) => {
      await until(lab, 'it is in service', () => wordsOf(lab).length === 1);
      await lab.guest.setLink('eth1', 'down');
      await until(lab, 'it has failed', () => wordsOf(lab).length === 2);
      // Somebody else is at work, so the agent mends nothing.
      mkdirSync(join(lab.guest.runDirectory, 'lock'));
      writeFileSync(join(lab.guest.runDirectory, 'lock', 'owner'), `${nameOf(process.pid)}\n`);
      await lab.guest.run('ip link set dev eth1 down');
      await until(lab, 'it has failed otherwise', () => wordsOf(lab).length === 3);
      rmSync(join(lab.guest.runDirectory, 'lock'), { recursive: true });
      await until(lab, 'it is mended as far as it can be', () => wordsOf(lab).length === 4);
      await lab.guest.setLink('eth1', 'up');
      await until(lab, 'it is in service again', () => wordsOf(lab).at(-1)?.startsWith('ok') === true);
      expect(wordsOf(lab)).toEqual([
        `ok verified ${eth1}`,
        `failed no-carrier ${eth1}`,
        `failed link-down ${eth1}`,
        `failed no-carrier ${eth1}`,
        `ok verified ${eth1}`,
      ]);
    },
  },
];

async function statusOf(lab: AgentLab, ping = peer): Promise<Readonly<Record<string, unknown>>> {
  return answerOf(await lab.guest.run(rendered({ Action: 'status', Mac: eth1, PingList: ping })));
}

tellUnderEveryShell(stories);
