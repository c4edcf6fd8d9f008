/** Tells the rest of the account, on the default event bus: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
import type { Announcement } from '../recovery/announcement.ts';
import { Fault } from '../recovery/fault.ts';
import { announcementSource } from '../recovery/names.ts';
import type { Announcements } from '../recovery/ports.ts';
import type { Clients } from './clients.ts';
import { type Retrying, withRetries } from './retry.ts';

const entriesAtMost = 10;

export function eventBridgeAnnouncements(clients: Clients, fleet: string, retrying: Retrying): Announcements {
  return {
    async tell(announcements) {
      const [{ PutEventsCommand }, eventbridge] = await Promise.all([
        import('@aws-sdk/client-eventbridge'),
        clients.eventbridge(),
      ]);
      for (let from = 0; from < announcements.length; from += entriesAtMost) {
        const Entries = announcements
          .slice(from, from + entriesAtMost)
          .map((announcement) => entryOf(announcement, fleet));
        const reply = await withRetries(retrying, 'events:PutEvents', () =>
          eventbridge.send(new PutEventsCommand({ Entries })),
        );
        const refused = reply.Entries?.find(({ ErrorCode }) => ErrorCode !== undefined);
        if (refused !== undefined)
          throw new Fault(
            'refused',
            `events:PutEvents: ${refused.ErrorCode} ${refused.ErrorMessage}`,
            'later',
          );
      }
    },
  };
}

function entryOf({ type, atMs, detail }: Announcement, fleet: string) {
  return {
    Source: announcementSource,
    DetailType: type,
    Time: new Date(atMs),
    Detail: JSON.stringify({ ...detail, fleet }),
  };
}
