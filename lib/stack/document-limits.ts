/** Whether what goes to the servers fits into the documents of Systems Manager that carry it. */
import { agentDocument } from '../host/agent-document.ts';
import { dependentDocument } from '../host/dependent-document.ts';
import type { FleetDefinition } from '../recovery/fleet.ts';
import { configurationOf } from './agent-configuration.ts';
import type { Problem } from './fleet-problems.ts';
import { hostDependents } from './host-dependents.ts';

/** https://docs.aws.amazon.com/general/latest/gr/ssm.html */
const documentBytes = 64 * 1024;

/** Of a file that is right otherwise. */
export function findTooLong(definition: FleetDefinition): readonly Problem[] {
  const carried = Buffer.byteLength(JSON.stringify(agentDocument(configurationOf(definition))));
  const trouble = dependentsTrouble(definition);
  return [
    ...(carried <= documentBytes
      ? []
      : [
          {
            path: ['resources'],
            wrong: `makes a document of ${carried} bytes for the agents`,
            allowed: `at most ${documentBytes}: fewer or shorter targets, or a second fleet file`,
          },
        ]),
    ...(trouble === null
      ? []
      : [
          {
            path: ['resources'],
            wrong: `has more dependents on servers than Systems Manager carries: ${trouble}`,
            allowed: `at most ${documentBytes} bytes: shorter commands, or programs in files on the servers`,
          },
        ]),
  ];
}

function dependentsTrouble(definition: FleetDefinition): string | null {
  try {
    dependentDocument(hostDependents(definition));
    return null;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return message.split(';')[0] ?? message;
  }
}
