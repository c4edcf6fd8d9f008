/** What a recovery tells others: the audit trail, the pages, the failovers it starts, and the alarms it asks about. */
import type { Announcement } from '../../lib/recovery/announcement.ts';
import { type AuditRecord, auditKey, type Summary } from '../../lib/recovery/audit.ts';
import type { Incident } from '../../lib/recovery/escalation.ts';
import { healthAlarmName } from '../../lib/recovery/names.ts';
import type { Announcements, Audit, Failovers, Page, Pages } from '../../lib/recovery/ports.ts';
import { found } from '../../lib/recovery/reading.ts';
import type { AlarmStates, Alarms } from '../../lib/recovery/reconcile.ts';
import type { Faults } from './faults.ts';
import type { World } from './world.ts';

export interface FakeAudit extends Audit {
  readonly records: Map<string, AuditRecord>;
  /** Records of a tag in the order of their keys. */
  of(tag: string): readonly AuditRecord[];
  summaries(): readonly Summary[];
}

export function fakeAudit(faults: Faults): FakeAudit {
  const records = new Map<string, AuditRecord>();
  return {
    records,
    of: (tag) =>
      [...records]
        .filter(([, record]) => record.tag === tag)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, record]) => record),
    summaries: () => [...records.values()].filter((record) => record.kind === 'summary'),
    write: (record) =>
      faults.effect('audit.write', () => {
        records.set(`${record.tag} ${auditKey(record)}`, structuredClone(record));
      }),
  };
}

export interface FakePages extends Pages {
  readonly sent: Page[];
}

export function fakePages(faults: Faults): FakePages {
  const sent: FakePages['sent'] = [];
  return {
    sent,
    page: (page) => faults.effect('pages.page', () => void sent.push(page)),
  };
}

export interface FakeAnnouncements extends Announcements {
  readonly told: Announcement[];
}

export function fakeAnnouncements(faults: Faults): FakeAnnouncements {
  const told: Announcement[] = [];
  return {
    told,
    tell: (announcements) => faults.effect('announcements.tell', () => void told.push(...announcements)),
  };
}

export interface FakeFailovers extends Failovers {
  /** Started and not yet run, oldest first: a test takes them from here. */
  readonly started: Incident[];
}

export function fakeFailovers(faults: Faults): FakeFailovers {
  const started: Incident[] = [];
  const names = new Set<string>();
  return {
    started,
    start: (incident) =>
      faults.effect('failovers.start', () => {
        if (names.has(incident.name)) return;
        names.add(incident.name);
        started.push(structuredClone(incident));
      }),
  };
}

/** Health alarms that follow the world at once; `addresses` says which address each tag protects. */
export function fakeAlarms(world: World, addresses: { readonly [tag: string]: string }): Alarms {
  return {
    look: (names) =>
      world.faults.look('alarms.look', () => {
        const states: Record<string, AlarmStates[string]> = {};
        for (const [tag, address] of Object.entries(addresses)) {
          const name = healthAlarmName('test', tag);
          if (names.includes(name)) states[name] = world.inService(address) ? 'OK' : 'ALARM';
        }
        return found(states);
      }),
  };
}
