/**
 * The fleet's definition: what is protected, where it may live, and by which rules. The stack writes it from the fleet
 * file, every function carries it beside its bundle. CDK owns the definition, runtime owns the state.
 */
import * as v from 'valibot';
import { dependent } from './dependent.ts';
import { Fault } from './fault.ts';
import { mechanism } from './mechanism.ts';

const interfaceDefinition = v.strictObject({
  eniId: v.string(),
  /** The interface's own primary private address. */
  address: v.string(),
});

const serverDefinition = v.strictObject({
  instanceId: v.string(),
  /** Of its interfaces, when it is not that of the resources: in another zone. */
  subnet: v.optional(v.string()),
  /** Nothing fails over to it. */
  maintenance: v.optional(v.boolean()),
  interfaces: v.record(v.string(), interfaceDefinition),
});

const candidate = v.strictObject({
  server: v.string(),
  /** 1 is tried first; unique within a resource. */
  priority: v.number(),
  interface: v.string(),
  backup: v.nullable(v.string()),
  /** Differences of its interfaces that are known and wanted. */
  accepts: v.optional(v.array(v.picklist(['security-groups', 'source-dest-check']))),
});

/** What may be done about a server that may still be alive when its dependents could not be stopped. */
const fence = v.variant('kind', [
  v.strictObject({ kind: v.literal('none') }),
  v.strictObject({ kind: v.literal('halt') }),
  v.strictObject({ kind: v.literal('stop-instance') }),
  /** The interfaces of the server get this group, which has no rules, and no other. */
  v.strictObject({ kind: v.literal('isolate'), securityGroup: v.string() }),
]);

const failoverRules = v.strictObject({
  /** A failure asks a person first; null: it does not. */
  confirm: v.nullable(v.strictObject({ withinMs: v.number(), otherwise: v.picklist(['proceed', 'hold']) })),
  /** `automatic`: back to a server of higher priority once it is well and the block is over. */
  switchback: v.picklist(['intelligent', 'automatic']),
  /** What it means when a person stops the instance: move away, or leave it. */
  shutdownStrategy: v.picklist(['switchover', 'hold']),
  fence,
});

const resourceDefinition = v.strictObject({
  tag: v.string(),
  address: v.string(),
  /** Left out: a secondary private address. */
  mechanism: v.optional(mechanism),
  subnet: v.string(),
  prefixLength: v.number(),
  /** Addresses whose answer proves that the protected address works; empty: the path cannot be proven by ping. */
  pingList: v.array(v.string()),
  automation: v.picklist(['on', 'observe', 'off']),
  /** By priority. */
  candidates: v.array(candidate),
  /** What depends on the address; none when left out. */
  dependents: v.optional(v.array(dependent)),
  failover: v.optional(failoverRules),
});

const recoveryPolicy = v.strictObject({
  /** Events older than this move nothing. */
  maxEventAgeMs: v.number(),
  /** How long a claim holds without renewal. */
  claimMs: v.number(),
  /** More local recoveries than `max` within the window: fail over instead (LifeKeeper's TemporalRecovery). */
  localRecoveries: v.strictObject({ max: v.number(), windowMs: v.number() }),
  /** No second automatic failover of a resource for this long. */
  failoverBlockMs: v.number(),
  /** At most `max` automatic failovers in the whole fleet per window. */
  fleetBrake: v.strictObject({ max: v.number(), windowMs: v.number() }),
});

const fleetDefinition = v.strictObject({
  version: v.literal(1),
  name: v.string(),
  servers: v.record(v.string(), serverDefinition),
  /** Whether an agent's word that an address has failed starts a recovery; the alarm does in any case. */
  fastLane: v.boolean(),
  resources: v.array(resourceDefinition),
  policy: recoveryPolicy,
});

export type FailoverRules = Readonly<v.InferOutput<typeof failoverRules>>;
export type Fence = Readonly<v.InferOutput<typeof fence>>;
export type ServerDefinition = Readonly<v.InferOutput<typeof serverDefinition>>;
export type ResourceDefinition = Readonly<v.InferOutput<typeof resourceDefinition>>;
export type RecoveryPolicy = Readonly<v.InferOutput<typeof recoveryPolicy>>;
export type FleetDefinition = Readonly<v.InferOutput<typeof fleetDefinition>>;

/** LifeKeeper's own figures where it has them: three local recoveries in 30 minutes; orchestrator's hour of block. */
export const defaultPolicy: RecoveryPolicy = {
  maxEventAgeMs: 5 * 60_000,
  claimMs: 45_000,
  localRecoveries: { max: 3, windowMs: 30 * 60_000 },
  failoverBlockMs: 60 * 60_000,
  fleetBrake: { max: 5, windowMs: 60 * 60_000 },
};

/** A resource that says nothing of its failover. LifeKeeper's own shutdown strategy is to leave everything where it is. */
export const defaultFailover: FailoverRules = {
  confirm: null,
  switchback: 'intelligent',
  shutdownStrategy: 'switchover',
  fence: { kind: 'halt' },
};

/** @throws Fault `invalid-fleet` naming the path of what is wrong */
export function parseFleet(json: unknown): FleetDefinition {
  const result = v.safeParse(fleetDefinition, json);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new Fault(
    'invalid-fleet',
    `fleet definition, ${v.getDotPath(issue) ?? 'top'}: ${issue.message}`,
    'never',
  );
}
