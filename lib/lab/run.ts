/** The program behind `npm run lab`: opens the lab, plays the incidents, says what the client saw, cleans up. */
import { accessSync, constants, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { WallClock } from '../emulator/clock.ts';
import { whyNoNamespaces } from '../emulator/netns/requirements.ts';
import { exitCodes } from '../recovery/fault.ts';
import { openTeller, StoryStalled, type Teller } from '../story/teller.ts';
import { playIncidents } from './incidents.ts';
import type { Site } from './keepalived.ts';
import { type Lab, openLab } from './lab.ts';
import { pictureOf } from './picture.ts';
import { type Conditions, type LabOutput, type LabResult, linesOf, resultOf, summaryOf } from './result.ts';
import { fewestTurns, linesOfRivals, openRivals, type Rivals } from './rivals.ts';

export const labUsage = `Usage: npm run lab -- --once [options]

The example fleet with real packets: instances are network namespaces, eth0 dies, then the instance under it, and a
client that asks the protected address every 10 ms says what it missed. Needs root on Linux, and takes real time: half a
minute, or a minute by the alarm lane. Touches nothing outside its own namespaces, and leaves nothing behind.

  --once            play the incidents and exit: 0 only if they ended as told
  --runs N          N times in a row, each in a new lab (default 1, at most 100)
  --json            the last line on stdout is one JSON object; everything else goes to stderr
  --alarm-lane      a failed address is known by its alarm alone: half a minute instead of the agent's word at once
  --aws-latency W   typical: what AWS takes from service to service is added, where it is known (default); none: it is
                    not, and what remains is Holdfast's own
  --status-checks   a dead instance is known by its status checks alone: up to three minutes instead of seconds
  --rivals          side by side: both lanes, one without AWS's latency, keepalived with its defaults and tuned, and Linux bonding, each at least
                    ${fewestTurns} times; takes minutes, and says what is not there to be measured
  --svg FILE        draws what was measured
  --seed TEXT       repeats every id and every chance of the embedded AWS (default holdfast)
  --fleet FILE      another fleet file (default fleet.yaml)
`;

export interface LabRunOptions {
  readonly once: boolean;
  readonly json: boolean;
  readonly 'alarm-lane': boolean;
  readonly 'status-checks': boolean;
  readonly 'aws-latency': string;
  readonly rivals: boolean;
  readonly runs: string;
  readonly svg?: string | undefined;
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
  const runs = Number(options.runs);
  const results: LabResult[] = [];
  const rivals = options.rivals ? openRivals() : undefined;
  for (let run = 1; run <= runs; run += 1) {
    if (runs > 1) out.write(`\nRun ${run} of ${runs}\n`);
    let site: Site | undefined;
    for (const conditions of conditionsOf(options)) {
      const ended = await runOnce(options, conditions, out);
      if (typeof ended === 'number') return ended;
      results.push(ended.result);
      site = ended.site;
    }
    if (rivals === undefined || site === undefined) continue;
    const code = await playRivals(rivals, { site, seed: options.seed, run, runs, out });
    if (code !== undefined) return code;
  }
  const ok = results.every((each) => each.ok);
  report({ ok, runs: results, ...(rivals === undefined ? {} : { rivals: rivals.results() }) }, options, out);
  return ok ? exitCodes.done : exitCodes.bug;
}

/** Of every lab in a run; side by side means both lanes. */
function conditionsOf(options: LabRunOptions): readonly Conditions[] {
  const deathKnownBy = options['status-checks'] ? 'status-checks' : 'event';
  const awsLatency = options['aws-latency'] === 'none' ? 'none' : 'typical';
  const alarm: Conditions = { lane: 'alarm', deathKnownBy, awsLatency };
  if (options['alarm-lane']) return [alarm];
  const fast: Conditions = { lane: 'fast', deathKnownBy, awsLatency };
  // None is charged to the others, so one of ours is without it too.
  return options.rivals ? [{ ...fast, awsLatency: 'none' }, fast, alarm] : [fast];
}

function report(output: LabOutput, { json, svg }: LabRunOptions, out: NodeJS.WriteStream): void {
  if (output.runs.length > 1) out.write(`\n${summaryOf(output.runs).join('\n')}\n`);
  if (output.rivals !== undefined) out.write(`${linesOfRivals(output.rivals).join('\n')}\n`);
  if (svg !== undefined) writeFileSync(svg, pictureOf(output));
  if (json) process.stdout.write(`${JSON.stringify(output)}\n`);
}

/** @returns an exit code when there is no result */
async function runOnce(
  options: LabRunOptions,
  conditions: Conditions,
  out: NodeJS.WriteStream,
): Promise<{ readonly result: LabResult; readonly site: Site } | number> {
  const end = onSignals();
  const opening = openTeller(out, { now: () => 0 });
  let lab: Lab | undefined;
  try {
    const labOptions = {
      fleetFile: options.fleet,
      seed: options.seed,
      fastLane: conditions.lane === 'fast',
      awsLatency: conditions.awsLatency,
    };
    lab = await openLab(labOptions, (what) => opening.line(`… ${what}`));
    const { stage } = lab;
    const result = await tell(lab, openTeller(out, stage.clock), conditions, end.signal);
    return { result, site: { fleet: stage.fleet, resource: stage.world.resource } };
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

/** Their turns in one run. @returns an exit code when it was interrupted */
async function playRivals(
  rivals: Rivals,
  about: {
    readonly site: Site;
    readonly seed: string;
    readonly run: number;
    readonly runs: number;
    readonly out: NodeJS.WriteStream;
  },
): Promise<number | undefined> {
  const { site, seed, run, runs, out } = about;
  const turns = Math.ceil(Math.max(fewestTurns, runs) / runs);
  const end = onSignals();
  const clock = new WallClock();
  const told = openTeller(out, clock);
  const teller: Teller = {
    ...told,
    wait: (what, reached, limitMs) =>
      told.wait(
        what,
        async () => {
          end.signal.throwIfAborted();
          return reached();
        },
        limitMs,
      ),
  };
  try {
    for (let turn = 0; turn < turns; turn += 1) {
      teller.act(`Others, turn ${turn + 1} of ${turns}`);
      const phase = ((run - 1) * turns + turn) / (runs * turns);
      await rivals.takeTurn({ site, seed, phase, teller });
    }
    return undefined;
  } catch (error) {
    if (end.signal.aborted) return Number(end.signal.reason);
    throw error;
  } finally {
    end.forget();
    clock.stop();
  }
}

async function tell(
  lab: Lab,
  teller: Teller,
  conditions: Conditions,
  signal: AbortSignal,
): Promise<LabResult> {
  const { stage } = lab;
  const servers = new Map(Object.entries(stage.fleet.servers).map(([name, each]) => [each.instanceId, name]));
  const last = stage.world.resource.candidates[1]?.server ?? '';
  try {
    const told = await playIncidents(stage, teller, {
      deathKnownBy: conditions.deathKnownBy,
      signal,
    });
    const result = resultOf(told, servers, last, conditions);
    teller.act('What the client saw (milliseconds from the break)');
    for (const line of linesOf(result)) teller.line(line);
    for (const problem of result.problems) teller.line(`NOT AS TOLD: ${problem}`);
    teller.line(result.ok ? '\nThe lab ended as told.' : '\nThe lab did not end as told.');
    return result;
  } catch (error) {
    if (!(error instanceof StoryStalled)) throw error;
    teller.line(`\nThe lab stalled: ${error.message}`);
    for (const line of stage.world.client.errors) teller.line(`  ${line}`);
    const probes = stage.world.client.probeCount;
    return { ok: false, ...conditions, incidents: [], probes, problems: [error.message] };
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

function wrongOptions({
  once: onlyOnce,
  runs,
  svg,
  'aws-latency': awsLatency,
}: LabRunOptions): string | undefined {
  if (awsLatency !== 'typical' && awsLatency !== 'none')
    return `--aws-latency "${awsLatency}" is not known; allowed: typical, none`;
  if (!onlyOnce) return 'the lab only plays its incidents and ends: say so with --once';
  if (!(/^[1-9][0-9]*$/.test(runs) && Number(runs) <= mostRuns))
    return `--runs "${runs}" is not a number from 1 to ${mostRuns}`;
  if (svg !== undefined && !mayWrite(dirname(resolve(svg))))
    return `--svg "${svg}": there is no directory to write it to`;
  return undefined;
}

function mayWrite(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
