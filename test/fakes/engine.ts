/**
 * An engine with one resource, ip-db on ServerA/eth0 with backup eth1, and ServerB beside it. It takes what the contract
 * takes (order.ts), refuses what the real one refuses by rule, and runs recoveries on the clock it is given.
 */
import * as v from 'valibot';
import type { Engine } from '../../lib/operator/engine.ts';
import type { Fault } from '../../lib/recovery/fault.ts';
import {
  type Answer,
  type AskedRequest,
  type ClaimView,
  type DependentStatus,
  type Explanation,
  type ListEntry,
  movingOrders,
  questions,
  type Refusal,
  type Request,
  request,
  type Status,
} from '../../lib/recovery/order.ts';
import type { Clock } from '../../lib/recovery/ports.ts';

const status: Status = {
  tag: 'ip-db',
  state: 'ISP',
  reason: 'already-healthy',
  activeServer: 'ServerA',
  server: 'ServerA',
  address: '172.17.106.10',
  netmask: '255.255.252.0',
  primary: { name: 'eth0', up: true },
  backup: 'eth1',
  info: {
    ServerA: 'ServerA eth0 172.17.106.10 fffffc00 eth1',
    ServerB: 'ServerB eth0 172.17.106.10 fffffc00 none',
  },
  mechanism: { kind: 'secondary', words: 'AssignPrivateIpAddresses: a private address, inside its subnet' },
  automation: 'on',
  pausedUntilMs: null,
  failoverBlockedUntilMs: null,
  armed: true,
  claim: null,
  waiting: null,
  // In the order of service; two of them need the volume, and what was said of one has quotes and brackets in it.
  dependents: [
    dependent('data', 'volume', 'vol-0a1b2c3d4e5f60001', []),
    dependent('postgres', 'systemd', 'postgresql.service', ['data']),
    {
      ...dependent('backup', 'command', '/opt/backup/start', ['data']),
      state: 'OSF',
      why: 'it said "no {" \\ [1]',
    },
    { ...dependent('web', 'target', 'web', ['postgres', 'backup']), state: null, server: null, why: null },
  ],
  recent: [],
  agent: null,
  targets: [
    { at: { server: 'ServerA', interface: 'eth1' }, ready: true, why: null },
    { at: { server: 'ServerB', interface: 'eth0' }, ready: false, why: 'the instance is not running' },
  ],
};

const interfaces: { readonly [server: string]: readonly string[] } = {
  ServerA: ['eth0', 'eth1', 'eth2'],
  ServerB: ['eth0', 'ens6'],
};

export interface FakeEngine extends Engine {
  /** Everything that was asked, proofs left out. */
  readonly asked: readonly AskedRequest[];
  /** Orders that changed something. */
  readonly carriedOut: readonly Request[];
  /** The next `ask` throws it. */
  failsWith: Fault | undefined;
  claim: ClaimView | null;
  /** Claims of the next orders, one after the other, before `claim` counts again. */
  claims: readonly (ClaimView | null)[];
  backup: string | null;
  waits: boolean;
  /** Of a failover that waits, as its status shows it. */
  waiting: Status['waiting'];
  /** How the next recovery ends. */
  ends: { readonly outcome: Explanation['outcome']; readonly afterMs: number };
}

export const recoveryName = '8f1c3a52-7d0e-4a8b-9c55-0e2f6b1d9a73';

export function fakeEngine(clock: Pick<Clock, 'now'>): FakeEngine {
  const asked: AskedRequest[] = [];
  const carriedOut: Request[] = [];
  const recoveries = new Map<string, { readonly startedAtMs: number } & FakeEngine['ends']>();

  const engine: FakeEngine = {
    asked,
    carriedOut,
    failsWith: undefined,
    claim: null,
    claims: [],
    backup: 'eth1',
    waits: false,
    waiting: null,
    ends: { outcome: 'moved-to-backup', afterMs: 2_000 },
    async ask(sent) {
      const { proof: _, ...bare } = sent;
      asked.push(bare as AskedRequest);
      if (engine.failsWith !== undefined) throw engine.failsWith;
      const parsed = v.safeParse(request, sent);
      if (!parsed.success) return refusal('usage', `request: ${parsed.issues[0].message}`);
      return refusalOf(parsed.output) ?? answer(parsed.output);
    },
  };

  function answer(order: Request): Answer {
    switch (order.action) {
      case 'list':
        return { ok: true, kind: 'list', fleet, resources: [entry()] };
      case 'status':
        return {
          ok: true,
          kind: 'status',
          status: { ...status, backup: engine.backup, claim: engine.claim, waiting: engine.waiting },
        };
      case 'history':
        return { ok: true, kind: 'history', entries: [explanation()] };
      case 'explain':
        return { ok: true, kind: 'explanation', explanation: explanation(order.recovery) };
      default:
        break;
    }
    if (order.dryRun) return { ok: true, kind: 'plan', plan };
    carriedOut.push(order);
    if (!movingOrders.some((action) => action === order.action))
      return {
        ok: true,
        kind: 'done',
        changed: true,
        message: `${order.action} done`,
        recovery: recoveryName,
      };
    recoveries.set(recoveryName, { startedAtMs: clock.now(), ...engine.ends });
    return { ok: true, kind: 'started', recovery: recoveryName, plan };
  }

  function refusalOf(order: Request): Refusal | undefined {
    const isQuestion = questions.some((action) => action === order.action);
    if ('tag' in order && order.tag !== undefined && order.tag !== 'ip-db')
      return refusal('unknown-tag', `no resource has the tag "${order.tag}"`);
    const server = 'machine' in order ? order.machine : 'server' in order ? order.server : undefined;
    if (server !== undefined && interfaces[server] === undefined)
      return refusal('unknown-server', `resource ip-db has no server "${server}"`);
    const device = 'interface' in order ? order.interface : undefined;
    const at = server ?? 'ServerA';
    if (device !== undefined && !interfaces[at]?.includes(device))
      return refusal('interface-invalid', `server ${at} has no interface "${device}"`);
    if (order.action === 'explain' && order.recovery !== recoveryName)
      return refusal('unknown-recovery', `no recovery is called "${order.recovery}"`);
    if (isQuestion) return undefined;
    const [next] = engine.claims;
    if (next !== undefined) {
      engine.claim = next;
      engine.claims = engine.claims.slice(1);
    }
    if (engine.claim !== null)
      return {
        ...refusal('claim-held', `recovery ${engine.claim.holder} works on ip-db`),
        claim: engine.claim,
      };
    return ruleOf(order);
  }

  function ruleOf(order: Request): Refusal | undefined {
    switch (order.action) {
      case 'add-backup':
        return engine.backup === null
          ? undefined
          : refusal('backup-exists', `ip-db has the backup interface ${engine.backup} on ServerA`);
      case 'remove-backup':
        return order.interface === engine.backup
          ? undefined
          : refusal('backup-missing', `${order.interface} is not the backup interface of ip-db on ServerA`);
      case 'move-to-backup':
        return engine.backup === null
          ? refusal('backup-missing', 'ip-db has no backup interface on ServerA')
          : undefined;
      case 'switchover':
        return refusal('target-not-ready', `${order.server} is not ready: the instance is not running`);
      case 'confirm':
        return engine.waits ? undefined : refusal('nothing-waits', 'no failover of ip-db waits for a person');
      default:
        return undefined;
    }
  }

  function entry(): ListEntry {
    return {
      tag: 'ip-db',
      address: '172.17.106.10',
      server: 'ServerA',
      interface: 'eth0',
      state: 'ISP',
      reason: 'already-healthy',
      automation: 'on',
      pausedUntilMs: null,
      sinceMs: clock.now() - 200_000,
      ready: true,
      claim: engine.claim,
      waiting: engine.waiting,
      dependentsOut: [],
    };
  }

  function explanation(recovery = recoveryName): Explanation {
    const run = recoveries.get(recovery) ?? {
      startedAtMs: clock.now() - 60_000,
      outcome: 'moved-to-backup',
      afterMs: 2_000,
    };
    const { startedAtMs, outcome, afterMs } = run;
    const nowMs = clock.now();
    const endedAtMs = Math.min(nowMs, startedAtMs + afterMs);
    const steps = [
      { atMs: startedAtMs + 12, ms: 12, id: '1.1', step: 'claimed', words: null, evidence: { epoch: 3 } },
      {
        atMs: startedAtMs + 300,
        ms: 288,
        id: '1.2',
        step: 'observed',
        words: null,
        evidence: { owners: ['eni-1'], host: { why: 'link-down' } },
      },
      { atMs: startedAtMs + 1_900, ms: 1_600, id: '1.3', step: 'verified', words: null, evidence: null },
    ];
    return {
      recovery,
      tag: 'ip-db',
      startedAtMs,
      endedAtMs,
      outcome,
      reason: outcome === 'held' ? 'host-could-not-look' : 'link-down',
      words: outcome === 'held' ? 'the host gave no answer' : "the interface's link is down",
      from: { server: 'ServerA', interface: 'eth0' },
      to: { server: 'ServerA', interface: 'eth1' },
      who: { kind: 'operator', name: operator, via: 'command', reason: 'because' },
      ended: nowMs >= startedAtMs + afterMs,
      trigger: {
        kind: 'operator',
        order: 'move-to-backup',
        arn: operator,
        via: 'command',
        reason: 'because',
        atMs: startedAtMs,
      },
      stagesMs: { claim: 12, look: 288, host: 1_600 },
      steps: steps.filter(({ atMs }) => atMs <= nowMs),
    };
  }

  return engine;
}

export const operator = 'arn:aws:sts::123456789012:assumed-role/Operators/ada';

function dependent(
  name: string,
  kind: DependentStatus['kind'],
  what: string,
  needs: readonly string[],
): DependentStatus {
  return { name, kind, what, needs, state: 'ISP', server: 'ServerA', why: 'verified', atMs: 0 };
}

const fleet = { name: 'main', automation: 'on', pausedUntilMs: null, brake: { counted: 0, max: 5 } } as const;

const plan = {
  steps: [
    'claim ip-db',
    'assign 172.17.106.10 to ServerA/eth1',
    'verify it there',
    'swap eth0 and eth1 in INFO',
  ],
  leftOut: [
    { at: 'ServerB/eth0', reason: 'server-not-running', words: "the server's instance is not running" },
  ],
};

function refusal(code: Refusal['code'], message: string): Refusal {
  return { ok: false, code, message };
}
