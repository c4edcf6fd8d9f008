/** A workflow over steps that remember, run as a whole or up to a moment. */
import { expect } from 'vitest';
import type { Summary } from '../../lib/recovery/audit.ts';
import { Crash, type Replay, replayedSteps } from '../fakes/replayed-steps.ts';
import { type Scene, told } from '../fakes/scene.ts';
import { endOf, incidentOf, type Workflow, watch, workflowOf } from './workflows.ts';

/** Lambda starts a function again that has died. */
export const restartMs = 5_000;

export interface Started {
  readonly scene: Scene;
  readonly replay: Replay;
  readonly run: (crashAt?: number) => Promise<readonly Summary[]>;
}

export async function start({ build }: Workflow): Promise<Started> {
  const scene = await build();
  const workflow = workflowOf(scene, incidentOf(scene));
  const replay = replayedSteps(scene.world.clock, scene.people);
  watch(scene);
  return { scene, replay, run: (crashAt) => replay.run(workflow, crashAt) };
}

/** @returns what was interrupted, in words */
export async function crashed({ replay, run }: Started, k: number): Promise<string> {
  await expect(run(k)).rejects.toThrow(Crash);
  return `${k}: ${replay.moments.at(-1)}`;
}

interface Whole {
  readonly end: object;
  readonly ends: readonly string[];
  readonly moments: number;
}

export async function uninterrupted(workflow: Workflow): Promise<Whole> {
  const started = await start(workflow);
  const ends = (await started.run()).map(told);
  return { end: endOf(started.scene), ends, moments: started.replay.moments.length };
}
