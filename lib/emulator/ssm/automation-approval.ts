/**
 * What an aws:approve step waits for: who may decide, how many have to approve, what they said so far.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-approve.html
 */
import type { Account } from '../account.ts';
import type { Caller } from '../iam.ts';
import type { Inputs } from './automation-actions.ts';
import type { Json } from './automation-references.ts';

export interface Decision {
  readonly approver: string;
  readonly decision: 'Approve' | 'Reject';
  readonly comment: string;
  readonly atMs: number;
}

export interface Approval {
  readonly approvers: readonly string[];
  readonly required: number;
  readonly topicArn: string | undefined;
  readonly message: string;
  readonly decisions: readonly Decision[];
}

const mostApprovers = 10;
const longestMessage = 4_096;

/** From resolved inputs. @throws BadApproval */
export function readApproval(inputs: Inputs): Approval {
  const { Approvers, MinRequiredApprovals: required = 1, NotificationArn: topicArn, Message = '' } = inputs;
  const approvers = (Array.isArray(Approvers) ? Approvers : [Approvers ?? null]).map(String);
  if (approvers.length < 1 || approvers.length > mostApprovers)
    throw new BadApproval(`Approvers has ${approvers.length} entries, allowed are 1 to ${mostApprovers}.`);
  if (typeof required !== 'number' || required < 1 || required > approvers.length)
    throw new BadApproval(
      `MinRequiredApprovals ${String(required)} is not between 1 and the ${approvers.length} approvers.`,
    );
  if (String(Message).length > longestMessage)
    throw new BadApproval(`Message has more than ${longestMessage} characters.`);
  if (topicArn !== undefined && !/^arn:aws:sns:[^:]+:\d{12}:Automation[\w-]*$/.test(String(topicArn)))
    throw new BadApproval(
      `The topic of NotificationArn ${String(topicArn)} has no name that begins with Automation.`,
    );
  return {
    approvers,
    required,
    topicArn: topicArn === undefined ? undefined : String(topicArn),
    message: String(Message),
    decisions: [],
  };
}

export class BadApproval extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadApproval';
  }
}

/** A user by name or ARN, a role by its ARN or by the ARN of the session; a role's bare name is nobody. */
export function mayDecide({ iam }: Account, { approvers }: Approval, { arn, roleName }: Caller): boolean {
  const names = roleName === undefined ? [arn, arn.split('/').at(-1) ?? ''] : [arn, iam.roleArn(roleName)];
  return approvers.some((approver) => names.includes(approver));
}

/** Whoever speaks twice is counted with the last word. */
export function withDecision(approval: Approval, decision: Decision): Approval {
  const others = approval.decisions.filter(({ approver }) => approver !== decision.approver);
  return { ...approval, decisions: [...others, decision] };
}

export function statusOf({ decisions, required }: Approval): 'Waiting' | 'Approved' | 'Rejected' {
  if (decisions.some(({ decision }) => decision === 'Reject')) return 'Rejected';
  return decisions.length >= required ? 'Approved' : 'Waiting';
}

export function approvalOutputs(approval: Approval): ReadonlyMap<string, Json> {
  const decisions = approval.decisions.map(({ approver, decision, comment, atMs }) => ({
    approver,
    decision,
    comment,
    time: new Date(atMs).toISOString(),
  }));
  return new Map<string, Json>([
    ['ApprovalStatus', statusOf(approval)],
    ['ApproverDecisions', decisions],
  ]);
}
