/**
 * Tests that break something on a server of the lab, one after the other on the same fleet, with the real agent, the
 * project's own stack and real packets. Every case mends what it broke, and leaves the address served where the recovery
 * has put it.
 */
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { whyNoNamespaces } from '../../lib/emulator/netns/requirements.ts';
import type { Summary } from '../../lib/recovery/audit.ts';
import { addressFailed } from '../../lib/recovery/names.ts';
import { type ArmedLab, openArmedLab } from './armed-lab.ts';
import { traces } from './small-vpc.ts';

const missing = whyNoNamespaces();
const openLimitMs = 120_000;

/** The lab while tests run, and what breaks whoever has the address there until the test is over. */
export interface Breakable {
  readonly lab: ArmedLab;
  readonly address: string;
  /** Of a server. */
  readonly infoOf: (server: string) => Promise<string | undefined>;
  /** When the test is over, before the next one waits for all to be well. */
  readonly mending: (mend: () => void) => void;
  /** @returns when, epoch milliseconds */
  readonly linkDown: () => Promise<number>;
  readonly cutOffSsm: () => Promise<void>;
  /** It tells of the failure, and does nothing more. */
  readonly freezeAgentOnceItHasTold: () => Promise<void>;
  /** Who proved that the address is in service at its new place: `ssm` or `agent`. */
  readonly proverOf: (summary: Summary) => Promise<unknown>;
}

export function withAgents(what: string, tests: (breakable: () => Breakable) => void): void {
  let lab: ArmedLab | undefined;
  const mends: (() => void)[] = [];
  describe.skipIf(missing !== undefined)(
    `${what}${missing === undefined ? '' : ` (skipped: ${missing})`}`,
    () => {
      beforeAll(async () => {
        lab = await openArmedLab({ fastLane: true });
      }, openLimitMs);

      afterEach(async () => {
        for (const mend of mends.splice(0)) mend();
        await lab?.settled();
      });

      afterAll(async () => {
        await lab?.close();
        expect(traces()).toEqual([]);
      });

      tests(() => {
        if (lab === undefined) throw new Error('the lab does not stand');
        return breakableOf(lab, (mend) => mends.push(mend));
      });
    },
  );
}

function breakableOf(lab: ArmedLab, mending: (mend: () => void) => void): Breakable {
  return {
    lab,
    address: lab.stage.world.resource.address,
    infoOf: async (server) => (await lab.record()).servers[server]?.info,
    mending,
    async linkDown() {
      const { host, interface: device } = await lab.holder();
      const brokenAtMs = lab.stage.clock.now();
      host.setLink(device, 'down');
      mending(() => host.setLink(device, 'up'));
      return brokenAtMs;
    },
    async cutOffSsm() {
      const { ssm } = lab.stage.aws;
      const { host } = await lab.holder();
      ssm.cutOff(host.id);
      mending(() => ssm.reconnect(host.id));
    },
    async freezeAgentOnceItHasTold() {
      const { agent } = await lab.holder();
      let told = false;
      lab.stage.aws.account.onCall(({ operation, input }) => {
        const isWord = operation === 'PutEvents' && JSON.stringify(input).includes(addressFailed);
        if (isWord && !told) agent.freeze();
        told ||= isWord;
      });
      mending(() => agent.thaw());
    },
    async proverOf(summary) {
      const steps = await lab.stepsOf(summary);
      const asked = steps.findLast((each) => each.kind === 'step' && each.step === 'host-asked');
      return asked?.kind === 'step' ? (asked.evidence as { readonly by?: string }).by : undefined;
    },
  };
}

/** Whether one of the lines says so; what `until` waits for. */
export function said(lines: readonly string[], what: string): true | undefined {
  return lines.some((line) => line.includes(what)) || undefined;
}
