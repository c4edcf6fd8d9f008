/**
 * Elastic Load Balancing of one account: load balancers and target groups that tests and stories build, targets that
 * come and go, and their health, which `isHealthy` decides. What AWS offers over the wire is in `service.ts`.
 */
import type { Account } from '../account.ts';
import { later } from '../background.ts';
import type { Timer } from '../clock.ts';
import type { Ec2 } from '../ec2/model.ts';
import { AwsError } from '../errors.ts';
import { afterCheck, firstLook, type Health, type ShownHealth, shown, unused } from './health.ts';
import {
  type HealthCheckSettings,
  keyOf,
  type LoadBalancer,
  type Target,
  type TargetGroup,
  type TargetName,
} from './records.ts';
import { portOf, readTargets } from './register.ts';

export interface LoadBalancerPlan {
  readonly name: string;
  readonly kind: LoadBalancer['kind'];
  /** Enabled ones; all when absent. */
  readonly availabilityZones?: readonly string[];
}

export interface TargetGroupPlan
  extends Pick<TargetGroup, 'name' | 'targetType' | 'protocol' | 'port' | 'vpcId'> {
  /** The 16 hex digits at the end of its ARN; made up when absent. */
  readonly id?: string;
  /** Whose listener sends to the group; without one its targets are unused. */
  readonly loadBalancer?: LoadBalancer;
  readonly healthCheck?: Partial<HealthCheckSettings>;
  readonly deregistrationDelaySeconds?: number;
  /** Registered and healthy for a while already. */
  readonly targets?: readonly TargetName[];
}

export interface TargetHealth extends ShownHealth {
  readonly target: Target;
}

interface Registration {
  readonly target: Target;
  health: Health;
  /** Of the next check, or of the end of the draining. */
  timer: Timer | undefined;
}

interface Kept {
  group: TargetGroup;
  readonly registrations: Map<string, Registration>;
}

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html */
const defaultHealthCheck: HealthCheckSettings = {
  intervalSeconds: 30,
  timeoutSeconds: 10,
  healthyThreshold: 5,
  unhealthyThreshold: 2,
};
/** https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html */
const defaultDeregistrationDelaySeconds = 300;
const longestDeregistrationDelaySeconds = 3_600;
/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html */
const mostRegistrationsOfTarget = 1_000;
const mostTargetsOfGroup = 1_000;

export class Elbv2 {
  readonly account: Account;
  /** What a health check of this target would find now; it listens where the target is. */
  isHealthy: (target: Target, group: TargetGroup) => boolean | Promise<boolean> = () => true;
  /**
   * From a registration to its first health check. Documented as "a few minutes" for a Network Load Balancer; this
   * number is unconfirmed.
   */
  registrationMs = 60_000;
  readonly #ec2: Ec2;
  readonly #groups = new Map<string, Kept>();

  constructor(account: Account, ec2: Ec2) {
    this.account = account;
    this.#ec2 = ec2;
  }

  /** No health check after this, and no draining ends. */
  stop(): void {
    for (const { registrations } of this.#groups.values())
      for (const { timer } of registrations.values()) timer?.cancel();
  }

  // ---- Building the world. A plan that AWS could not have is refused with a plain error.

  addLoadBalancer({ name, kind, availabilityZones }: LoadBalancerPlan): LoadBalancer {
    const path = `loadbalancer/${kind === 'network' ? 'net' : 'app'}/${name}/${this.account.random.hex(16)}`;
    return { arn: this.account.arn('elasticloadbalancing', path), kind, availabilityZones };
  }

  addTargetGroup(plan: TargetGroupPlan): TargetGroup {
    const { name, loadBalancer, targetType, protocol, port, vpcId } = plan;
    const id = plan.id ?? this.account.random.hex(16);
    if (!/^[0-9a-f]{16}$/.test(id)) throw new Error(`${id} is no id of a target group`);
    if (!/^(?!-)[A-Za-z0-9-]{1,32}(?<!-)$/.test(name)) throw new Error(`${name} cannot name a target group`);
    if (this.groups().some((other) => other.name === name)) throw new Error(`${name} is taken`);
    const kind = protocol === 'HTTP' || protocol === 'HTTPS' ? 'application' : 'network';
    if (loadBalancer !== undefined && loadBalancer.kind !== kind)
      throw new Error(`${protocol} is nothing for a load balancer of kind ${loadBalancer.kind}`);
    const group: TargetGroup = {
      arn: this.account.arn('elasticloadbalancing', `targetgroup/${name}/${id}`),
      ...{ name, targetType, protocol, port, vpcId, loadBalancer },
      healthCheck: { ...defaultHealthCheck, ...plan.healthCheck },
      deregistrationDelaySeconds: defaultDeregistrationDelaySeconds,
    };
    const targets = readTargets(this.#ec2, group, plan.targets ?? []);
    this.#groups.set(group.arn, { group, registrations: new Map() });
    if (plan.deregistrationDelaySeconds !== undefined)
      this.setDeregistrationDelay(group.arn, plan.deregistrationDelaySeconds);
    for (const target of targets) this.#begin(group.arn, target, { kind: 'healthy', failed: 0 });
    return this.group(group.arn);
  }

  /** The attribute deregistration_delay.timeout_seconds. @throws AwsError TargetGroupNotFound */
  setDeregistrationDelay(arn: string, seconds: number): void {
    if (!Number.isInteger(seconds) || seconds < 0 || seconds > longestDeregistrationDelaySeconds)
      throw new Error(`a deregistration delay is between 0 and ${longestDeregistrationDelaySeconds} seconds`);
    const kept = this.#kept(arn);
    kept.group = { ...kept.group, deregistrationDelaySeconds: seconds };
  }

  // ---- What the operations do

  groups(): readonly TargetGroup[] {
    return [...this.#groups.values()].map(({ group }) => group);
  }

  /** @throws AwsError TargetGroupNotFound */
  group(arn: string): TargetGroup {
    return this.#kept(arn).group;
  }

  /** Draining ones with them. @throws AwsError TargetGroupNotFound */
  targetHealth(arn: string): readonly TargetHealth[] {
    const { group, registrations } = this.#kept(arn);
    return [...registrations.values()].map((each) => ({
      target: each.target,
      ...this.#shown(group, each),
    }));
  }

  /** Of each target that is named; one that is not registered is unused. @throws AwsError TargetGroupNotFound */
  targetHealthOf(arn: string, names: readonly TargetName[]): readonly TargetHealth[] {
    const { group, registrations } = this.#kept(arn);
    return names.map((name) => {
      const target = { id: name.id, port: portOf(group, name), availabilityZone: undefined };
      const registration = registrations.get(keyOf(target));
      return registration === undefined
        ? { target, ...unused.notRegistered }
        : { target: registration.target, ...this.#shown(group, registration) };
    });
  }

  /**
   * All or none; what is registered already stays as it is, what is draining begins anew.
   * @throws AwsError TargetGroupNotFound, ValidationError, InvalidTarget, TooManyTargets, TooManyRegistrationsForTargetId
   */
  register(arn: string, names: readonly TargetName[]): void {
    const { group, registrations } = this.#kept(arn);
    const targets = readTargets(this.#ec2, group, names);
    const added = new Map(targets.map((target) => [keyOf(target), target]));
    for (const [key, { health }] of registrations) if (health.kind !== 'draining') added.delete(key);
    this.#checkQuotas(group, [...added.values()]);
    for (const target of added.values()) this.#begin(arn, target, { kind: 'registering' });
  }

  /** What is not registered is passed over. @throws AwsError TargetGroupNotFound, ValidationError */
  deregister(arn: string, names: readonly TargetName[]): void {
    const { group, registrations } = this.#kept(arn);
    for (const key of names.map((name) => keyOf({ id: name.id, port: portOf(group, name) }))) {
      const registration = registrations.get(key);
      if (registration === undefined || registration.health.kind === 'draining') continue;
      registration.timer?.cancel();
      const delayMs = group.deregistrationDelaySeconds * 1_000;
      // That nothing drains where nothing was sent is unconfirmed.
      if (group.loadBalancer === undefined || delayMs === 0) {
        registrations.delete(key);
        continue;
      }
      registration.health = { kind: 'draining', untilMs: this.account.clock.now() + delayMs };
      registration.timer = later(this.account.clock, delayMs, () => void registrations.delete(key));
    }
  }

  /** Both quotas are documented; that of registrations is one of Application Load Balancers. Unconfirmed words. */
  #checkQuotas(group: TargetGroup, added: readonly Target[]): void {
    const { loadBalancer } = group;
    const held = this.#kept(group.arn).registrations.keys();
    if (new Set([...held, ...added.map(keyOf)]).size > mostTargetsOfGroup)
      throw new AwsError(
        'TooManyTargets',
        `The maximum number of targets per target group '${mostTargetsOfGroup}' has been reached on target group '${group.arn}'`,
      );
    if (loadBalancer?.kind !== 'application') return;
    const registered = [...this.#groups.values()]
      .filter((kept) => kept.group.loadBalancer?.arn === loadBalancer.arn)
      .flatMap(({ registrations }) => [...registrations.values()])
      .filter(({ health }) => health.kind !== 'draining')
      .map(({ target }) => target.id);
    const counts = Map.groupBy([...registered, ...added.map(({ id }) => id)], (id) => id);
    for (const [id, { length }] of counts)
      if (length > mostRegistrationsOfTarget)
        throw new AwsError(
          'TooManyRegistrationsForTargetId',
          `The maximum number of registrations '${mostRegistrationsOfTarget}' has been reached for target '${id}' on load balancer '${loadBalancer.arn}'`,
        );
  }

  #begin(arn: string, target: Target, health: Health): void {
    const { registrations } = this.#kept(arn);
    const key = keyOf(target);
    registrations.get(key)?.timer?.cancel();
    const registration: Registration = { target, health, timer: undefined };
    registrations.set(key, registration);
    const delayMs = health.kind === 'registering' ? this.registrationMs : this.#intervalMs(arn);
    this.#checkLater(arn, registration, delayMs);
  }

  #checkLater(arn: string, registration: Registration, delayMs: number): void {
    registration.timer = later(this.account.clock, delayMs, async () => {
      this.#checkLater(arn, registration, this.#intervalMs(arn));
      const { group } = this.#kept(arn);
      if (this.#cannotBeUsed(group, registration.target) !== undefined) {
        registration.health = firstLook;
        return;
      }
      const passes = await this.isHealthy(registration.target, group);
      const { health } = registration;
      registration.health = afterCheck(health.kind === 'registering' ? firstLook : health, passes, group);
    });
  }

  #intervalMs(arn: string): number {
    return this.#kept(arn).group.healthCheck.intervalSeconds * 1_000;
  }

  #shown(group: TargetGroup, { target, health }: Registration): ShownHealth {
    if (health.kind === 'draining') return shown(health);
    return this.#cannotBeUsed(group, target) ?? shown(health);
  }

  #cannotBeUsed(group: TargetGroup, { id, availabilityZone }: Target): ShownHealth | undefined {
    const { loadBalancer } = group;
    if (loadBalancer === undefined) return unused.groupNotInUse;
    const instance = group.targetType === 'instance' ? this.#ec2.world.findInstance(id) : undefined;
    if (instance?.state === 'stopped') return unused.stopped;
    if (instance?.state === 'terminated') return unused.terminated;
    const zone = instance?.availabilityZone ?? availabilityZone ?? 'all';
    return zone === 'all' || (loadBalancer.availabilityZones?.includes(zone) ?? true)
      ? undefined
      : unused.zoneNotEnabled;
  }

  #kept(arn: string): Kept {
    const kept = this.#groups.get(arn);
    if (kept !== undefined) return kept;
    if (!/^arn:[\w-]+:elasticloadbalancing:[\w-]+:\d{12}:targetgroup\/[^/]+\/[^/]+$/.test(arn))
      throw new AwsError('ValidationError', `'${arn}' is not a valid target group ARN`);
    throw new AwsError('TargetGroupNotFound', `Target groups '${arn}' not found`);
  }
}
