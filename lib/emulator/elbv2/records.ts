/** What Elastic Load Balancing keeps: load balancers as far as target groups need them, target groups, targets. */

export interface LoadBalancer {
  readonly arn: string;
  readonly kind: 'application' | 'network';
  /** Undefined: every zone is enabled. */
  readonly availabilityZones: readonly string[] | undefined;
}

type Protocol = 'HTTP' | 'HTTPS' | 'TCP' | 'TCP_UDP' | 'TLS' | 'UDP';

export interface HealthCheckSettings {
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

export interface TargetGroup {
  readonly arn: string;
  readonly name: string;
  readonly targetType: 'instance' | 'ip';
  readonly protocol: Protocol;
  readonly port: number;
  readonly vpcId: string;
  readonly healthCheck: HealthCheckSettings;
  readonly deregistrationDelaySeconds: number;
  /** Undefined: no listener sends anything to this group. */
  readonly loadBalancer: LoadBalancer | undefined;
}

/** One registration is told from another by id and port. */
export interface Target {
  readonly id: string;
  readonly port: number;
  /** Of a target of type ip: its zone, or `all` for one that is outside of the VPC. */
  readonly availabilityZone: string | undefined;
}

/** A target as a call names it. */
export interface TargetName {
  readonly id: string;
  /** The group's own when absent. */
  readonly port?: number | undefined;
  readonly availabilityZone?: string | undefined;
}

export function keyOf({ id, port }: Pick<Target, 'id' | 'port'>): string {
  return `${id}:${port}`;
}
