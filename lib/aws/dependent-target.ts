/**
 * A registration with a target group of a load balancer. Its health is the load balancer's own judgement:
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
 */
import type { TargetHealth } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { DependentPlace, DependentView } from '../recovery/dependent.ts';
import type { Clients } from './clients.ts';
import type { KindOf, WorkOf } from './dependents.ts';
import { type Retrying, withRetries } from './retry.ts';

type Target = WorkOf<'target'>;

export function targetRegistrations(clients: Pick<Clients, 'elbv2'>, retrying: Retrying): KindOf<'target'> {
  const opened = () => Promise.all([import('@aws-sdk/client-elastic-load-balancing-v2'), clients.elbv2()]);
  return {
    async look(work, at) {
      const [{ DescribeTargetHealthCommand }, elbv2] = await opened();
      const command = new DescribeTargetHealthCommand(requestOf(work, at));
      const reply = await withRetries(retrying, 'elasticloadbalancing:DescribeTargetHealth', () =>
        elbv2.send(command),
      );
      return viewOf(reply.TargetHealthDescriptions?.[0]?.TargetHealth, requestOf(work, at).Targets[0]?.Id);
    },
    async start(work, at) {
      const [{ RegisterTargetsCommand }, elbv2] = await opened();
      const command = new RegisterTargetsCommand(requestOf(work, at));
      await withRetries(retrying, 'elasticloadbalancing:RegisterTargets', () => elbv2.send(command));
    },
    async stop(work, at) {
      const [{ DeregisterTargetsCommand }, elbv2] = await opened();
      const command = new DeregisterTargetsCommand(requestOf(work, at));
      await withRetries(retrying, 'elasticloadbalancing:DeregisterTargets', () => elbv2.send(command));
    },
  };
}

function requestOf({ targetGroupArn, as, port }: Target, at: DependentPlace) {
  const Id = as === 'instance' ? at.instanceId : at.address;
  return { TargetGroupArn: targetGroupArn, Targets: [{ Id, ...(port === null ? {} : { Port: port }) }] };
}

const states: { readonly [state: string]: DependentView['state'] } = {
  healthy: 'in-service',
  initial: 'changing',
  draining: 'changing',
  'unhealthy.draining': 'changing',
  // What has just been started may well be unhealthy at first; the workflow's patience is bounded.
  unhealthy: 'changing',
};

function viewOf(health: TargetHealth | undefined, id = ''): DependentView {
  const { State, Reason } = health ?? {};
  // `unused` is also what is registered with a group that no load balancer uses.
  const state =
    health === undefined || (State === 'unused' && Reason === 'Target.NotRegistered')
      ? 'out-of-service'
      : (states[State ?? ''] ?? 'unknown');
  const because = Reason === undefined ? '' : ` (${Reason})`;
  return { state, detail: `${id} is ${State ?? 'not registered'}${because}` };
}
