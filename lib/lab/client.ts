/**
 * The client of every measurement, Holdfast's and its rivals': it asks the protected address every 10 ms from a guest of
 * its own, and each server answers with its name. One prober, one echo, one log, so that outages compare.
 */
import { fileURLToPath } from 'node:url';
import type { NetnsHost } from '../emulator/netns/netns-host.ts';
import type { Teller } from '../story/teller.ts';
import { ClientLog } from './client-log.ts';

const echoPort = '7007';
const echoProgram = fileURLToPath(new URL('echo-main.ts', import.meta.url));
const proberProgram = fileURLToPath(new URL('prober-main.ts', import.meta.url));
const second = 1_000;
/** The client has to be answered so long without a loss before something breaks, and after it was mended. */
const steadyMs = second;
const steadyLimitMs = 60 * second;

export function startClient(options: {
  readonly address: string;
  readonly servers: Iterable<NetnsHost>;
  readonly place: NetnsHost;
}): ClientLog {
  const { address, servers, place } = options;
  const client = new ClientLog();
  for (const host of servers)
    host.startCommand('echo', echoCommand(address), (line) => client.read(`${host.id}: ${line}`));
  place.startCommand('prober', proberCommand(address), (line) => client.read(line));
  return client;
}

export function echoCommand(address: string): readonly string[] {
  return [process.execPath, echoProgram, address, echoPort];
}

export function proberCommand(address: string): readonly string[] {
  return [process.execPath, proberProgram, address, echoPort];
}

/** The client gets every answer for a while. @throws StoryStalled */
export async function steady(
  client: ClientLog,
  clock: { now(): number },
  teller: Pick<Teller, 'wait'>,
): Promise<void> {
  let fromMs = clock.now();
  await teller.wait(
    'the client gets every answer',
    async () => {
      if (client.answersSince(fromMs, steadyMs)) return true;
      if (clock.now() - fromMs > 3 * steadyMs) fromMs = clock.now();
      return undefined;
    },
    steadyLimitMs,
  );
}
