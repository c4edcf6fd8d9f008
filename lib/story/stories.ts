/** The stories that can be told, by name: what happens in each, on which fleet, and how it is played. */
import { fileURLToPath } from 'node:url';
import { playCrossZone } from './cross-zone.ts';
import { playHierarchy } from './hierarchy.ts';
import { playInterfaces } from './incidents.ts';
import { type Ending, resultOf, timeline } from './result.ts';
import type { Stage } from './stage.ts';
import type { Teller } from './teller.ts';

interface Story {
  /** When no other is given. */
  readonly fleetFile: string;
  /** How much faster the clock runs while nothing is running, when nobody says it. */
  readonly speed: number;
  readonly play: (stage: Stage, teller: Teller) => Promise<Ending>;
}

export const stories = {
  interfaces: {
    fleetFile: 'fleet.yaml',
    speed: 30,
    async play(stage, teller) {
      const told = await playInterfaces(stage, teller);
      const assigns = stage.aws.account.calls('AssignPrivateIpAddresses').length;
      return { result: resultOf(told, await stage.audit(told.tag), assigns), lines: timeline(told) };
    },
  },
  hierarchy: { fleetFile: ownFleet('hierarchy'), speed: 60, play: playHierarchy },
  'cross-zone': { fleetFile: ownFleet('cross-zone'), speed: 60, play: playCrossZone },
} as const satisfies { readonly [name: string]: Story };

export type StoryName = keyof typeof stories;

export function isStory(name: string): name is StoryName {
  return Object.hasOwn(stories, name);
}

function ownFleet(name: string): string {
  return fileURLToPath(new URL(`fleets/${name}.yaml`, import.meta.url));
}
