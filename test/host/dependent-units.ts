/** What dependent.sh does with units: one list, true of a real systemd under every shell and on the model. */
import { expect } from 'vitest';
import {
  ask,
  type Case,
  inService,
  outOfService,
  startFailed,
  timedOut,
  type UnitGuest,
  unit,
} from './dependent-lab.ts';

export const unitCases: readonly Case<UnitGuest>[] = [
  {
    title: 'a unit is started and stopped, each seen by a second look',
    holds: async (guest) => {
      const already = { exitCode: 0, changed: false, checked: true, exit: null, why: 'already-so' };
      const units = [unit(guest, 'fine.service')];
      expect(await ask(guest, units, 'check')).toMatchObject({ ...outOfService, changed: false, exit: null });
      expect(await ask(guest, units, 'stop')).toMatchObject({ ...already, state: 'out-of-service' });
      expect(await ask(guest, units, 'start')).toMatchObject({
        ...inService,
        changed: true,
        exit: 0,
        output: '',
      });
      expect(await ask(guest, units, 'start')).toMatchObject({ ...already, state: 'in-service' });
      expect(await ask(guest, units, 'check')).toMatchObject({ ...inService, changed: false });
      expect(await ask(guest, units, 'stop')).toMatchObject({ ...outOfService, changed: true, exit: 0 });
    },
  },
  {
    title: 'a unit may be an instance of a template, a timer, or named without its suffix',
    holds: async (guest) => {
      for (const name of ['app@one.service', 'nightly.timer', 'app@two']) {
        expect([name, await ask(guest, [unit(guest, name)], 'start')]).toMatchObject([name, inService]);
        expect([name, await ask(guest, [unit(guest, name)], 'stop')]).toMatchObject([name, outOfService]);
      }
    },
  },
  {
    title: 'a unit that fails to start is failed, and is tried afresh the next time',
    holds: async (guest) => {
      const answer = { ...startFailed, state: 'failed', changed: true, checked: true, exit: 1 };
      for (let times = 0; times < 7; times += 1) {
        const seen = await ask(guest, [unit(guest, 'broken.service')], 'start');
        expect(seen).toMatchObject(answer);
        expect(seen.output).toContain(`Job for ${guest.named('broken.service')} failed`);
      }
      expect(await ask(guest, [unit(guest, 'broken.service')], 'check')).toMatchObject({
        exitCode: 69,
        state: 'failed',
        why: 'check-failed',
      });
    },
  },
  {
    title: 'a unit that is started and fails at once has failed to start',
    holds: async (guest) => {
      const seen = await ask(guest, [unit(guest, 'crashes.service')], 'start');
      expect(seen).toMatchObject({ ...startFailed, state: 'failed', exit: 0, changed: true });
      expect(seen.output).toContain('ActiveState=failed');
    },
  },
  {
    title: 'a unit that dies by itself is failed, and to stop it there is nothing to do',
    holds: async (guest) => {
      const units = [unit(guest, 'mortal.service')];
      const name = guest.named('mortal.service');
      await ask(guest, units, 'start');
      await guest.kill(name);
      await guest.run(`until [ "$(systemctl is-active -- ${name})" = failed ]; do sleep 0.1; done`);
      expect(await ask(guest, units, 'check')).toMatchObject({ state: 'failed', why: 'check-failed' });
      const stopped = { exitCode: 0, state: 'out-of-service', why: 'already-so', changed: false };
      expect(await ask(guest, units, 'stop')).toMatchObject(stopped);
      expect(await ask(guest, units, 'start')).toMatchObject(inService);
      expect(await ask(guest, units, 'stop')).toMatchObject(outOfService);
    },
  },
  {
    title: 'a unit that is not ready in time is still on its way, and can be stopped',
    holds: async (guest) => {
      const units = [unit(guest, 'slow.service', 1)];
      const changing = { ...timedOut, exitCode: 75, state: 'changing', changed: true, checked: true };
      expect(await ask(guest, units, 'start')).toMatchObject(changing);
      expect(await ask(guest, units, 'check')).toMatchObject({
        exitCode: 75,
        state: 'changing',
        why: 'still-changing',
      });
      expect(await ask(guest, units, 'stop')).toMatchObject(outOfService);
    },
  },
  {
    title: 'a unit that does not stop in time is not stopped, until systemd has killed it',
    holds: async (guest) => {
      const units = [unit(guest, 'stubborn.service', 1)];
      await ask(guest, units, 'start');
      expect(await ask(guest, units, 'stop')).toMatchObject({ ...timedOut, exitCode: 75, state: 'changing' });
      const patient = [unit(guest, 'stubborn.service', 10)];
      expect(await ask(guest, patient, 'stop')).toMatchObject({ ...outOfService, timedOut: false });
    },
  },
  {
    title: 'a unit that is called stopped while a process of it is there is not stopped',
    holds: async (guest) => {
      const units = [unit(guest, 'parent.service')];
      await ask(guest, units, 'start');
      const left = { exitCode: 69, state: 'unknown', why: 'processes-left', checked: true };
      expect(await ask(guest, units, 'stop')).toMatchObject({ ...left, changed: true, exit: 0 });
      expect(await ask(guest, units, 'check')).toMatchObject(left);
      expect((await ask(guest, units, 'check')).output).toContain('ActiveState=inactive');
    },
  },
  {
    title: 'a unit that is not there is said to be not there, whatever is asked',
    holds: async (guest) => {
      const answer = { exitCode: 78, state: 'unknown', changed: false, why: 'unit-not-found' };
      for (const action of ['start', 'stop', 'check'])
        expect(await ask(guest, [unit(guest, 'nosuch.service')], action)).toMatchObject(answer);
    },
  },
];
