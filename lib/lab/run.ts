/** The program behind `npm run lab`: opens the lab, plays the incidents, says what the client saw, cleans up. */
import { whyNoNamespaces } from '../emulator/netns/requirements.ts';
import { exitCodes } from '../recovery/fault.ts';
import { openTeller, StoryStalled, type Teller } from '../story/teller.ts';
import { playIncidents } from './incidents.ts';
import { type Lab, openLab } from './lab.ts';
import { type LabResult, linesOf, resultOf, summaryOf } from './result.ts';

export const labUsage = `Usage: npm run lab -- --once [options]

The example fleet with real packets: instances are network namespaces, eth0 dies, then the instance under it, and a
client that asks the protected address every 10 ms says what it missed. Needs root on Linux, and takes real time: about
a minute. Touches nothing outside its own namespaces, and leaves nothing behind.

  --once            play the incidents and exit: 0 only if they ended as told
  --runs N          N times in a row, each in a new lab (default 1, at most 100)
  --json            the last line on stdout is one JSON object; everything else goes to stderr
  --status-checks   a dead instance is known by its status checks alone: up to three minutes instead of seconds
  --seed TEXT       repeats every id and every chance of the embedded AWS (default holdfast)
  --fleet FILE      another fleet file (default fleet.yaml)
`;

export interface LabRunOptions {
  readonly once: boolean;
  readonly json: boolean;
  readonly 'status-checks': boolean;
  readonly runs: string;
  readonly seed: string;
  readonly fleet: string;
}

const mostRuns = 100;
const exitCodeOf = { SIGINT: 130, SIGTERM: 143 } as const;

/** @returns the exit code; nothing is left running that matters */
export async function runLab(options: LabRunOptions): Promise<number> {
  const wrong = wrongOptions(options);
  if (wrong !== undefined) {
    process.stderr.write(`${wrong}\n\n${labUsage}`);
    return exitCodes.usage;
  }
  const missing = whyNoNamespaces();
  if (missing !== undefined) {
    process.stderr.write(`The lab ${missing}.\n`);
    return exitCodes.unavailable;
  }
  const out = options.json ? process.stderr : process.stdout;
  const results: LabResult[] = [];
  for (let run = 1; run <= Number(options.runs); run += 1) {
    if (Number(options.runs) > 1) out.write(`\nRun ${run} of ${options.runs}\n`);
    const ended = await runOnce(options, out);
    if (typeof ended === 'number') return ended;
    results.push(ended);
  }
  if (results.length > 1) out.write(`\n${summaryOf(results).join('\n')}\n`);
  const ok = results.every((each) => each.ok);
  if (options.json) process.stdout.write(`${JSON.stringify({ ok, runs: results })}\n`);
  return ok ? exitCodes.done : exitCodes.bug;
}

/** @returns an exit code when there is no result */
async function runOnce(options: LabRunOptions, out: NodeJS.WriteStream): Promise<LabResult | number> {
  const end = onSignals();
  const opening = openTeller(out, { now: () => 0 });
  let lab: Lab | undefined;
  try {
    const labOptions = { fleetFile: options.fleet, seed: options.seed };
    lab = await openLab(labOptions, (what) => opening.line(`… ${what}`));
    return await tell(lab, openTeller(out, lab.stage.clock), options, end.signal);
  } catch (error) {
    if (end.signal.aborted) return Number(end.signal.reason);
    if (lab !== undefined) throw error;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return exitCodes.configuration;
  } finally {
    end.forget();
    await lab?.close();
  }
}

async function tell(
  lab: Lab,
  teller: Teller,
  options: LabRunOptions,
  signal: AbortSignal,
): Promise<LabResult> {
  const { stage } = lab;
  const servers = new Map(Object.entries(stage.fleet.servers).map(([name, each]) => [each.instanceId, name]));
  const last = stage.world.resource.candidates[1]?.server ?? '';
  try {
    const told = await playIncidents(stage, teller, {
      deathKnownBy: options['status-checks'] ? 'status-checks' : 'event',
      signal,
    });
    const result = resultOf(told, servers, last);
    teller.act('What the client saw (milliseconds from the break)');
    for (const line of linesOf(result)) teller.line(line);
    for (const problem of result.problems) teller.line(`NOT AS TOLD: ${problem}`);
    teller.line(result.ok ? '\nThe lab ended as told.' : '\nThe lab did not end as told.');
    return result;
  } catch (error) {
    if (!(error instanceof StoryStalled)) throw error;
    teller.line(`\nThe lab stalled: ${error.message}`);
    for (const line of stage.world.client.errors) teller.line(`  ${line}`);
    return { ok: false, incidents: [], probes: stage.world.client.probeCount, problems: [error.message] };
  }
}

/** Aborted by the first signal that asks for the end, with the exit code as the reason: cleaning up comes first. */
function onSignals(): { readonly signal: AbortSignal; readonly forget: () => void } {
  const end = new AbortController();
  const onInterrupt = () => end.abort(exitCodeOf.SIGINT);
  const onTerminate = () => end.abort(exitCodeOf.SIGTERM);
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onTerminate);
  return {
    signal: end.signal,
    forget: () => {
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', onTerminate);
    },
  };
}

function wrongOptions({ once: onlyOnce, runs }: LabRunOptions): string | undefined {
  if (!onlyOnce) return 'the lab only plays its incidents and ends: say so with --once';
  if (!(/^[1-9][0-9]*$/.test(runs) && Number(runs) <= mostRuns))
    return `--runs "${runs}" is not a number from 1 to ${mostRuns}`;
  return undefined;
}
