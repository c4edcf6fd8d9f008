import { expect, test } from 'vitest';
import { ask, type DependentGuest } from '../host/dependent-lab.ts';
import { noKernel, titled } from '../host/shells.ts';
import { openSmallVpc } from './small-vpc.ts';

test.skipIf(noKernel !== undefined)(
  titled('a guest in a namespace runs commands, and has no systemd to ask for units', noKernel),
  async () => {
    const lab = openSmallVpc();
    const guest: Pick<DependentGuest, 'run'> = {
      run: (script) => lab.server.exec(script, { timeoutMs: 60_000 }),
    };
    const app = '/usr/local/bin/holdfast-app';
    try {
      await lab.server.exec(
        `printf '#!/bin/sh\\n%s\\n' 'case $1 in start) : >/run/on ;; stop) rm /run/on ;; *) [ -e /run/on ] || exit 3 ;; esac' >${app}; chmod 755 ${app}`,
        { timeoutMs: 10_000 },
      );
      const run = {
        kind: 'command',
        start: [app, 'start'],
        stop: [app, 'stop'],
        check: [app, 'check'],
      } as const;
      const declared = [
        { tag: 'ip-db', name: 'app', timeoutS: 5, run },
        { tag: 'ip-db', name: 'unit', timeoutS: 5, run: { kind: 'systemd', unit: 'fine.service' } },
      ] as const;
      expect(await ask(guest, declared, 'start')).toMatchObject({ state: 'in-service', why: 'verified' });
      expect(await ask(guest, declared, 'stop')).toMatchObject({ state: 'out-of-service', why: 'verified' });
      const blind = { exitCode: 75, state: 'unknown', why: 'could-not-look', changed: false };
      expect(await ask(guest, declared, 'start', { name: 'unit' })).toMatchObject(blind);
    } finally {
      await lab.close();
    }
  },
);
