/** Steps over Lambda's durable functions keep the contract: AWS's own SDK over the embedded AWS, functions that die. */
import { describe, expect, test } from 'vitest';
import { createClients } from '../../lib/aws/clients.ts';
import { lambdaConfirmations } from '../../lib/aws/confirmations.ts';
import { durableFunction } from '../../lib/aws/durable-function.ts';
import { lambdaFailovers } from '../../lib/aws/failovers.ts';
import type { InProcessSandbox } from '../../lib/emulator/lambda/in-process-runtime.ts';
import { sdkRequestHandler } from '../../lib/emulator/transports.ts';
import { incidentOf } from '../../lib/recovery/escalation.ts';
import type { Steps } from '../../lib/recovery/steps.ts';
import { durableWorld, functionArn } from './durable-world.ts';
import { branchesContract } from './ports-branches.ts';
import { type StepsSubject, stepsContract } from './ports-steps.ts';

/** Longer than any workflow here waits. */
const limitMs = 900_000;

function open() {
  let workflow: (steps: Steps) => Promise<unknown> = async () => undefined;
  let sandbox: InProcessSandbox | undefined;
  let ids = 0;
  let invocations = 0;
  const world = durableWorld((_config, own) => {
    sandbox = own;
    const { requestHandler, credentials } = own;
    const machine = {
      clients: createClients({ region: 'us-east-1', requestHandler, credentials }),
      clock: world.clock,
      chance: () => 0.5,
      newId: () => `id-${++ids}`,
    };
    const handler = durableFunction(machine, (_event, steps) => workflow(steps));
    return (event, context) => {
      invocations += 1;
      return handler(event as never, context as never);
    };
  });
  const { clock, gateway } = world;
  const clients = createClients({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: sdkRequestHandler(gateway),
  });
  const retrying = { clock, chance: () => 0.5 };
  const subject: StepsSubject = {
    async run<T>(body: (steps: Steps) => Promise<T>): Promise<T> {
      workflow = body;
      const execution = await world.ended(await world.start(), limitMs);
      if (execution.status !== 'SUCCEEDED') throw new Error(JSON.stringify(execution.error));
      return (execution.result === undefined ? undefined : JSON.parse(execution.result)) as T;
    },
    now: () => clock.now(),
    confirmations: lambdaConfirmations(clients, retrying),
    later: (ms, then) => void clock.after(ms, () => void then()),
    crash: () => {
      sandbox?.crash();
      return new Promise<never>(() => undefined);
    },
  };
  return {
    ...subject,
    world,
    invocations: () => invocations,
    failovers: lambdaFailovers(clients, `${functionArn}:live`, retrying),
  };
}

describe('over durable functions', () => {
  stepsContract(open, true);
  branchesContract(open);
});

describe('a checkpoint', () => {
  const checkpoint = 'CheckpointDurableExecution';
  const workflow = (ran: string[]) => async (steps: Steps) => {
    for (const name of ['one', 'two', 'three']) await steps.step(name, async () => void ran.push(name));
    return 'done';
  };

  test.each([
    ['is throttled', { kind: 'refuse', code: 'TooManyRequestsException', status: 429 }],
    ['meets an error of Lambda', { kind: 'refuse', code: 'ServiceException', status: 500 }],
    ['does not get there', { kind: 'lose-request' }],
    ['gets no answer', { kind: 'lose-response' }],
  ] as const)('that %s is made again, and no body runs twice', async (_, effect) => {
    const { run, world, invocations } = open();
    const ran: string[] = [];
    world.account.faults.add({ operation: checkpoint, effect, times: 2 });
    expect(await run(workflow(ran))).toBe('done');
    expect(ran).toEqual(['one', 'two', 'three']);
    expect(invocations()).toBe(1);
  });

  test('that Lambda does not take for a while ends the invocation, and the execution goes on', async () => {
    const { run, world, invocations } = open();
    const ran: string[] = [];
    const effect = { kind: 'refuse', code: 'ServiceException', status: 503 } as const;
    world.account.faults.add({ operation: checkpoint, effect, times: 7 });
    expect(await run(workflow(ran))).toBe('done');
    // What was not remembered ran again.
    expect(ran.slice(-3)).toEqual(['one', 'two', 'three']);
    expect(invocations()).toBeGreaterThan(1);
  });

  test('that Lambda refuses for good fails the execution', async () => {
    const { run, world } = open();
    const effect = { kind: 'refuse', code: 'AccessDeniedException', status: 403 } as const;
    world.account.faults.add({ operation: checkpoint, effect });
    await expect(run(workflow([]))).rejects.toThrow('AccessDeniedException');
  });
});

describe('failovers', () => {
  test('that are started twice under one name are one execution, whatever they say', async () => {
    const { failovers, world } = open();
    const { clock, lambda } = world;
    await clock.run(failovers.start(incident));
    await clock.run(failovers.start(incident));
    await clock.run(
      failovers.start({ ...incident, members: [{ ...member, tried: [], recoveryId: 'another' }] }),
    );
    expect(lambda.executions.list().map(({ identity }) => identity.name)).toEqual(['ip-db-7']);
  });
});

const member = {
  tag: 'ip-db',
  epoch: 7,
  recoveryId: 'recovery',
  startedAtMs: 1,
  escalatedAtMs: 2,
  stagesMs: {},
  trigger: { kind: 'tick', atMs: 1 },
  tried: [],
  silentAtMs: null,
} as const;
const incident = incidentOf([{ ...member, tried: [] }]);
