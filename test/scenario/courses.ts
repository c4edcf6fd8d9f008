/** The courses that an incident takes when all else goes well, and what has to be true at the end of each. */
import { expect } from 'vitest';
import { onServers } from './fleets.ts';
import { effects, expectAllOn, hierarchyOptions } from './hierarchy.ts';
import { type Incident, type IncidentOptions, minute, startIncident } from './incident.ts';

export interface Course {
  readonly name: string;
  /** The fleet; the example's when absent. */
  readonly options?: IncidentOptions;
  /** Breaks what has to be recovered from. */
  readonly breakIt: (incident: Incident) => void;
  /** Where the address is in service afterwards. */
  readonly end: string;
  readonly server: 'ServerA' | 'ServerB';
  readonly info: { readonly ServerA: string; readonly ServerB: string };
  /** What the record remembers. */
  readonly recoveries: readonly string[];
  readonly expectMore?: (incident: Incident, when: string) => Promise<void>;
}

const infoAtFirst = {
  ServerA: 'ServerA eth0 10.0.1.50 ffffff00 eth1',
  ServerB: 'ServerB eth0 10.0.1.50 ffffff00 eth1',
};

export const localMove: Course = {
  name: 'eth0 dies',
  breakIt: ({ world }) => world.hosts.get('ServerA')?.setLink('eth0', 'down'),
  end: 'ServerA eth1',
  server: 'ServerA',
  info: { ...infoAtFirst, ServerA: 'ServerA eth1 10.0.1.50 ffffff00 eth0' },
  recoveries: ['moved-to-backup'],
};

/** Both links die and the server lives on: what the failover leaves behind there is seen too. */
export const failover: Course = {
  name: 'eth0 and eth1 die',
  breakIt: ({ world }) => {
    world.hosts.get('ServerA')?.setLink('eth0', 'down');
    world.hosts.get('ServerA')?.setLink('eth1', 'down');
  },
  end: 'ServerB eth0',
  server: 'ServerB',
  info: infoAtFirst,
  recoveries: ['failed-over'],
};

/** The same, and everything that depends on the address is stopped there, while the server lives, and moves along. */
export const hierarchy: Course = {
  ...failover,
  name: 'eth0 and eth1 of the database die',
  options: hierarchyOptions(onServers(2)),
  async expectMore(incident, when) {
    await expectAllOn(incident, 'ServerB', when);
    for (const once of ['DetachVolume', 'AttachVolume'])
      expect(effects(incident, once), `${once} ${when}`).toBeLessThanOrEqual(1);
    expect(pagesAllowed(incident), when).toContainEqual(incident.pages());
  },
};

/** Nobody is called, unless the function has failed more than once: then its alarm may have, and nobody need do anything. */
function pagesAllowed(incident: Incident): readonly (readonly string[])[] {
  const failover = incident.functionName('failover');
  const failures = incident.aws.lambda
    .invocations()
    .filter(({ functionName, outcome }) => functionName === failover && outcome.kind === 'failed');
  return failures.length > 1 ? [[], [failoverStuck]] : [[]];
}

/** The page of the alarm on a failover that cannot go on. */
export const failoverStuck = 'ALARM: "holdfast-main-failover" in US East (N. Virginia)';

const recoveryLimitMs = 8 * minute;
/** Lets the retries of the queue and two ticks go by: none of them may change anything. */
const aftermathMs = 2.1 * minute;

/** Plays a course with bad luck planted beforehand. */
export async function play(course: Course, plant: (incident: Incident) => void): Promise<Incident> {
  const incident = await startIncident(course.options);
  plant(incident);
  course.breakIt(incident);
  await incident.until(({ recent }) => recent.length > 0, recoveryLimitMs);
  await incident.advance(aftermathMs);
  return incident;
}

/** The same end as without any bad luck: one owner, one place in the operating systems, one swap, one recovery. */
export async function expectTheEndOf(course: Course, incident: Incident, when = 'at the end'): Promise<void> {
  const record = await incident.record();
  expect(incident.owner(), when).toBe(course.end);
  expect(incident.answers(), when).toBe(true);
  expect(await incident.configured(), when).toEqual([course.end]);
  expect(record, when).toMatchObject({ state: 'ISP', activeServer: course.server, intent: null });
  const { holder, expiresAtMs } = record.claim;
  expect(holder === null || expiresAtMs <= incident.clock.now(), when).toBe(true);
  const { ServerA, ServerB } = record.servers;
  expect({ ServerA: ServerA?.info, ServerB: ServerB?.info }, when).toEqual(course.info);
  expect(await incident.recoveries(), when).toEqual(course.recoveries);
  expect(incident.owners(), when).not.toContain('nobody');
  expect(
    incident.executions().filter(({ status }) => status === 'RUNNING'),
    when,
  ).toEqual([]);
  await course.expectMore?.(incident, when);
}
