/** The program behind `npm start`: sets the stage, plays the story, keeps serving until somebody ends it. */
import { once } from 'node:events';
import { exitCodes, Fault } from '../recovery/fault.ts';
import { type Stage, setStage } from './stage.ts';
import { isStory, type StoryName, stories } from './stories.ts';
import { openTeller, StoryStalled, type Teller } from './teller.ts';

export const startUsage = `Usage: npm start -- [options]

Deploys the example fleet into an embedded AWS, lets an interface and then a host die, and tells what happens.
No account, no root. Afterwards the embedded AWS keeps listening until Ctrl-C.

  --story NAME which story is told, each on a fleet of its own (default interfaces):
                 interfaces  eth0 dies, then the server: to the backup interface, then to the other server
                 hierarchy   a server dies under a database with its volume, unit, licence and target: everything goes
                             to the other server in order, and back when an administrator says so
                 cross-zone  an overlay address and an Elastic IP: to the backup interface, then to another zone
  --once       exit after the story: 0 only if it ended as told
  --json       with --once: the last line on stdout is one JSON object; the story goes to stderr
  --no-story   only serve the embedded AWS with the fleet deployed in it
  --port N     listen on 127.0.0.1:N (default 4610, or a free port if that is taken)
  --speed N    the clock runs N times faster while nothing is running (default: the
               story's own, 30 or 60; without one 1)
  --seed TEXT  repeats every id and every chance (default holdfast)
  --fleet FILE another fleet file (default the story's own: fleet.yaml, or one of lib/story/fleets)
`;

export interface StartOptions {
  readonly once: boolean;
  readonly 'no-story': boolean;
  readonly json: boolean;
  readonly port?: string | undefined;
  readonly speed?: string | undefined;
  readonly seed: string;
  readonly story: string;
  readonly fleet?: string | undefined;
}

const defaultPort = 4610;
const maxSpeed = 1_000;

/** @returns the exit code */
export async function runStart(options: StartOptions): Promise<number> {
  const wrong = wrongOptions(options);
  const { story } = options;
  if (wrong !== undefined || !isStory(story)) {
    process.stderr.write(`${wrong ?? unknownStory(story)}\n\n${startUsage}`);
    return exitCodes.usage;
  }
  const out = options.json ? process.stderr : process.stdout;
  const speed = Number(options.speed ?? (options['no-story'] ? 1 : stories[story].speed));
  const startedMs = performance.now();
  const setting = openTeller(out, { now: () => performance.now() });
  let stage: Stage;
  try {
    stage = await open(options, stories[story].fleetFile, speed, (what) => setting.line(`… ${what}`));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return exitCodes.configuration;
  }
  const teller = openTeller(out, stage.clock);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  teller.line(
    `Embedded AWS ready after ${seconds} s on ${stage.endpoint}: ${stage.resourceCount} resources deployed`,
  );
  try {
    const code = options['no-story']
      ? exitCodes.done
      : await tell(stage, teller, { ...options, story }, speed);
    if (!options.once) await serve(stage, teller);
    return code;
  } finally {
    await stage.stop();
  }
}

async function tell(
  stage: Stage,
  teller: Teller,
  options: StartOptions & { readonly story: StoryName },
  speed: number,
): Promise<number> {
  teller.line(
    `The clock runs ${speed} times faster while nothing is running, and at real speed while anything is.`,
  );
  try {
    const { result, lines } = await stories[options.story].play(stage, teller);
    teller.act('Timeline (milliseconds per stage)');
    for (const line of lines) teller.line(line);
    teller.line(`audit trail: ${result.audit.length} records`);
    for (const problem of result.problems) teller.line(`NOT AS TOLD: ${problem}`);
    teller.line(result.ok ? '\nThe story ended as told.' : '\nThe story did not end as told.');
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    return result.ok ? exitCodes.done : exitCodes.bug;
  } catch (error) {
    const misplaced = error instanceof Fault && error.code === 'invalid-fleet';
    if (!misplaced && !(error instanceof StoryStalled)) throw error;
    teller.line(misplaced ? `\n${error.message}` : `\nThe story stalled: ${error.message}`);
    if (options.json) process.stdout.write(`${JSON.stringify({ ok: false, problems: [error.message] })}\n`);
    return misplaced ? exitCodes.configuration : exitCodes.bug;
  } finally {
    stage.clock.runAt(1);
  }
}

async function serve(stage: Stage, teller: Teller): Promise<void> {
  const { region } = stage.aws.account;
  const [resource] = stage.fleet.resources;
  teller.line(`
The embedded AWS keeps listening. In another terminal:

  export AWS_ENDPOINT_URL=${stage.endpoint} AWS_REGION=${region} AWS_DEFAULT_REGION=${region} AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any
  npx lkipbu -s -t ${resource?.tag ?? 'TAG'}
  aws --endpoint-url ${stage.endpoint} ec2 describe-network-interfaces

Ctrl-C ends it.`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}

/** The default port gives way when it is taken; a port that was asked for does not. */
async function open(
  options: StartOptions,
  fleetFile: string,
  speed: number,
  onProgress: (what: string) => void,
): Promise<Stage> {
  const port = Number(options.port ?? defaultPort);
  const stageOptions = { fleetFile: options.fleet ?? fleetFile, port, speed, seed: options.seed };
  try {
    return await setStage(stageOptions, onProgress);
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (!taken) throw error;
    if (options.port !== undefined)
      throw new Error(`port ${port} is taken: choose another with --port, or 0 for a free one`, {
        cause: error,
      });
    return setStage({ ...stageOptions, port: 0 }, onProgress);
  }
}

function wrongOptions({
  port,
  speed,
  once: onlyOnce,
  json,
  'no-story': noStory,
}: StartOptions): string | undefined {
  if (port !== undefined && !(/^\d+$/.test(port) && Number(port) <= 65_535))
    return `--port "${port}" is not a port from 0 to 65535`;
  if (speed !== undefined && !(Number(speed) >= 1 && Number(speed) <= maxSpeed))
    return `--speed "${speed}" is not a number from 1 to ${maxSpeed}`;
  if (json && !onlyOnce) return '--json goes with --once';
  if (noStory && onlyOnce) return '--no-story and --once exclude each other: there would be nothing to do';
  return undefined;
}

function unknownStory(name: string): string {
  return `--story "${name}" is not a story; allowed: ${Object.keys(stories).join(', ')}`;
}
