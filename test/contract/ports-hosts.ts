/** What every host must answer, whoever runs the address script and however it is reached. */
import { describe, expect, test } from 'vitest';
import type { HostQuestion, Hosts } from '../../lib/recovery/ports.ts';
import type { Subject } from './ports.ts';

export interface HostsSubject extends Subject {
  readonly hosts: Hosts;
  readonly instanceId: string;
  /** About the address in service on this host's first interface; answered by nobody else. */
  readonly question: Omit<HostQuestion, 'action' | 'mac'>;
  readonly primaryMac: string;
  readonly backupMac: string;
  /** EC2 gives the address to the second interface. */
  reassign(): Promise<void>;
  /** The operating system loses the address. */
  loseAddress(): void;
  breakLink(which: 'primary' | 'backup'): void;
  silence(): void;
}

export function hostsContract(open: () => Promise<HostsSubject>): void {
  const deadlineMs = 20_000;

  async function opened() {
    const subject = await open();
    const { hosts, instanceId, question, run } = subject;
    return {
      ...subject,
      ask: (action: HostQuestion['action'], mac: string) =>
        run(hosts.ask(instanceId, { ...question, action, mac }, deadlineMs)),
    };
  }

  describe('a host', () => {
    test('says that the address is well where it is', async () => {
      const { ask, primaryMac } = await opened();
      expect(await ask('status', primaryMac)).toMatchObject({
        kind: 'found',
        value: {
          v: 1,
          action: 'status',
          mac: primaryMac,
          link: 'up',
          os: 'here',
          verdict: 'ok',
          changed: false,
        },
      });
    });

    test('says where the address is when it is asked about another interface', async () => {
      const { ask, backupMac } = await opened();
      expect(await ask('status', backupMac)).toMatchObject({
        value: { os: 'elsewhere', verdict: 'failed', why: 'address-elsewhere' },
      });
    });

    test('says that it has lost the address, and restores it', async () => {
      const { ask, loseAddress, primaryMac } = await opened();
      loseAddress();
      expect(await ask('status', primaryMac)).toMatchObject({
        value: { os: 'absent', why: 'address-absent' },
      });
      expect(await ask('restore', primaryMac)).toMatchObject({
        value: { os: 'here', changed: true, verdict: 'ok' },
      });
    });

    test('changes nothing when all is well already', async () => {
      const { ask, primaryMac } = await opened();
      expect(await ask('restore', primaryMac)).toMatchObject({ value: { changed: false, verdict: 'ok' } });
    });

    test('takes the address over to the other interface, and has it in one place only', async () => {
      const { ask, reassign, primaryMac, backupMac } = await opened();
      await reassign();
      expect(await ask('restore', backupMac)).toMatchObject({
        value: { os: 'here', elsewhere: null, verdict: 'ok' },
      });
      expect(await ask('status', primaryMac)).toMatchObject({
        value: { os: 'elsewhere', verdict: 'failed' },
      });
    });

    test('leaves the address where it is when the link of the other interface is down', async () => {
      const { ask, breakLink, primaryMac, backupMac } = await opened();
      breakLink('backup');
      expect(await ask('restore', backupMac)).toMatchObject({ value: { link: 'down', why: 'no-carrier' } });
      expect(await ask('status', primaryMac)).toMatchObject({ value: { os: 'here', verdict: 'ok' } });
    });

    test('says that its link is down', async () => {
      const { ask, breakLink, primaryMac } = await opened();
      breakLink('primary');
      expect(await ask('status', primaryMac)).toMatchObject({
        value: { link: 'down', verdict: 'failed', why: 'no-carrier' },
      });
    });

    test('says that it does not have an interface', async () => {
      const { ask } = await opened();
      expect(await ask('status', '02:de:ad:00:00:00')).toMatchObject({
        value: { device: null, link: 'absent', verdict: 'failed', why: 'interface-absent' },
      });
    });

    test('takes the address off, and does so twice without complaint', async () => {
      const { ask, primaryMac } = await opened();
      const removed = { os: 'absent', verdict: 'ok', why: 'removed' };
      expect(await ask('remove', primaryMac)).toMatchObject({ value: { ...removed, changed: true } });
      expect(await ask('remove', primaryMac)).toMatchObject({ value: { ...removed, changed: false } });
    });

    test('that gives no answer could not be looked at, and nobody waits beyond the deadline', async () => {
      const { ask, silence, primaryMac, now } = await opened();
      silence();
      const startedAtMs = now();
      expect(await ask('status', primaryMac)).toMatchObject({ kind: 'could-not-look' });
      expect(now() - startedAtMs).toBeLessThanOrEqual(deadlineMs);
    });
  });
}
