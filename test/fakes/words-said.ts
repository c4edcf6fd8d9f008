/** Events that the agents put on the bus, as EventBridge delivers them. */
import type { HostAnswer } from '../../lib/recovery/answer.ts';
import { addressFailed, addressInService, agentSource } from '../../lib/recovery/names.ts';
import { eniOf, instanceOf, tag, vip } from './fleets.ts';
import { macOf } from './world.ts';

export interface Said {
  readonly id?: string;
  readonly server?: string;
  readonly device?: string;
  readonly answer?: Partial<HostAnswer>;
  /** As long as since the day's beginning, if absent. */
  readonly uptimeMs?: number;
  readonly fleet?: string;
  readonly tag?: string;
}

const bootedAtMs = Date.UTC(2026, 0, 5);

export function answerSaid(device: string, change: Partial<HostAnswer>, server = 'ServerA'): HostAnswer {
  return {
    v: 1,
    action: 'status',
    address: vip,
    mac: macOf(eniOf(server, device)),
    device,
    link: 'up',
    os: 'here',
    elsewhere: null,
    rule: 'present',
    path: 'answered',
    witness: 'none',
    changed: false,
    agent: '0123456789abcdef',
    verdict: 'ok',
    why: 'verified',
    ...change,
  };
}

/** EventBridge's time has no fraction: https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html */
export function saidAt(atMs: number, said: Said = {}): unknown {
  const { server = 'ServerA', device = 'eth0', id = `word-${atMs}-${server}` } = said;
  const answer = answerSaid(device, said.answer ?? {}, server);
  return {
    version: '0',
    id,
    'detail-type': answer.verdict === 'ok' ? addressInService : addressFailed,
    source: agentSource,
    account: '123456789012',
    time: `${new Date(atMs).toISOString().slice(0, 19)}Z`,
    region: 'us-east-1',
    resources: [],
    detail: {
      v: 1,
      fleet: said.fleet ?? 'test',
      tag: said.tag ?? tag,
      instanceId: instanceOf(server),
      uptime: (said.uptimeMs ?? atMs - bootedAtMs) / 1_000,
      agent: '0123456789abcdef',
      answer,
    },
  };
}

export const noCarrier: Partial<HostAnswer> = {
  link: 'down',
  path: 'not-asked',
  verdict: 'failed',
  why: 'no-carrier',
};
