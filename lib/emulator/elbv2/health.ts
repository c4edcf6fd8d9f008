/**
 * The life of a target, as values:
 *
 *   registering ─▶ initial ─▶ healthy ⇄ unhealthy        any of them ─▶ draining ─▶ gone
 *
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html#target-health-states
 */
import type { TargetGroup } from './records.ts';

export type Health =
  | { readonly kind: 'registering' }
  | { readonly kind: 'initial'; readonly passed: number; readonly failed: number }
  | { readonly kind: 'healthy'; readonly failed: number }
  | { readonly kind: 'unhealthy'; readonly passed: number }
  | { readonly kind: 'draining'; readonly untilMs: number };

/** As DescribeTargetHealth words it. */
export interface ShownHealth {
  readonly state: 'initial' | 'healthy' | 'unhealthy' | 'unused' | 'draining';
  readonly reason?: string;
  readonly description?: string;
}

export const firstLook: Health = { kind: 'initial', passed: 0, failed: 0 };

/** What one more health check makes of it. */
export function afterCheck(health: Health, passes: boolean, group: TargetGroup): Health {
  const { unhealthyThreshold, healthyThreshold } = group.healthCheck;
  switch (health.kind) {
    case 'initial': {
      const passed = passes ? health.passed + 1 : 0;
      const failed = passes ? 0 : health.failed + 1;
      if (passed >= firstPasses(group)) return { kind: 'healthy', failed: 0 };
      return failed >= unhealthyThreshold
        ? { kind: 'unhealthy', passed: 0 }
        : { kind: 'initial', passed, failed };
    }
    case 'healthy': {
      const failed = passes ? 0 : health.failed + 1;
      return failed >= unhealthyThreshold ? { kind: 'unhealthy', passed: 0 } : { kind: 'healthy', failed };
    }
    case 'unhealthy': {
      const passed = passes ? health.passed + 1 : 0;
      return passed >= healthyThreshold ? { kind: 'healthy', failed: 0 } : { kind: 'unhealthy', passed };
    }
    default:
      return health;
  }
}

/**
 * One is enough behind an Application Load Balancer:
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
 * A Network Load Balancer's first checks are taken to be as many as its threshold: unconfirmed.
 */
function firstPasses({ loadBalancer, healthCheck }: TargetGroup): number {
  return loadBalancer?.kind === 'application' ? 1 : healthCheck.healthyThreshold;
}

/** Reason codes and descriptions: the table "Health check reason codes" on the same pages. */
export function shown(health: Health): ShownHealth {
  switch (health.kind) {
    case 'registering':
      return {
        state: 'initial',
        reason: 'Elb.RegistrationInProgress',
        description: 'Target registration is in progress',
      };
    case 'initial':
      return {
        state: 'initial',
        reason: 'Elb.InitialHealthChecking',
        description: 'Initial health checks in progress',
      };
    case 'healthy':
      return { state: 'healthy' };
    case 'unhealthy':
      return {
        state: 'unhealthy',
        reason: 'Target.FailedHealthChecks',
        description: 'Health checks failed',
      };
    case 'draining':
      return {
        state: 'draining',
        reason: 'Target.DeregistrationInProgress',
        description: 'Target deregistration is in progress',
      };
  }
}

export const unused = {
  notRegistered: {
    state: 'unused',
    reason: 'Target.NotRegistered',
    description: 'Target is not registered to the target group',
  },
  groupNotInUse: {
    state: 'unused',
    reason: 'Target.NotInUse',
    description: 'Target group is not configured to receive traffic from the load balancer',
  },
  zoneNotEnabled: {
    state: 'unused',
    reason: 'Target.NotInUse',
    description: 'Target is in an Availability Zone that is not enabled for the load balancer',
  },
  stopped: {
    state: 'unused',
    reason: 'Target.InvalidState',
    description: 'Target is in the stopped state',
  },
  terminated: {
    state: 'unused',
    reason: 'Target.InvalidState',
    description: 'Target is in the terminated state',
  },
} as const satisfies { readonly [why: string]: ShownHealth };
