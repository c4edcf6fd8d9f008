/**
 * The closed vocabulary of reason codes. The same code and words reach the log, the audit trail, the command line and
 * the console; `docs/failure-catalogue.md` tells the operator what each means and what to do (held together by
 * `test/unit/tidy.test.ts`).
 */

/** Held because … */
export const holdReasons = {
  'event-not-understood': 'the event has none of the shapes that alarms, rules and topics send',
  'event-too-old': 'the event is older than the maximum age',
  'event-superseded': 'the event is older than the last recovery of this resource',
  'not-in-alarm': 'the alarm is not in state ALARM; only ALARM moves anything',
  'alarm-unknown': 'the alarm is not one of this fleet',
  'tag-unknown': 'no resource of this fleet has this tag',
  'server-not-active': 'the server holds none of the protected addresses',
  'out-of-service': 'the resource is out of service on purpose',
  'automation-off': 'automation is switched off',
  'automation-observes': 'automation only observes; this is what it would have done',
  'automation-paused': 'automation is paused',
  'not-armed': 'the resource was never seen healthy since it was declared',
  'claim-held': 'another recovery holds the claim',
  'claim-lost': 'a later recovery has taken the claim',
  'already-healthy': 'the address is in service and verified',
  'serving-though-impaired': 'the instance fails its status check, but the address is verified and answers',
  'interfaces-could-not-look': 'EC2 could not be asked who owns the address',
  'instance-could-not-look': 'EC2 could not be asked about the instance',
  'host-could-not-look': 'the host gave no answer, and nothing else says that it failed',
  'path-without-witness':
    'packets from the address are not answered, but the ping targets answer nothing else either',
  'fleet-could-not-look': 'the fleet-wide brake and switch could not be read',
  'instance-in-transition': 'the instance is changing state',
  'held-by-undeclared-interface': 'an interface that this fleet does not declare owns the address',
  'address-is-a-primary': "the address is an interface's primary address, which EC2 never moves",
  'owner-changed': 'the owner of the address changed between looking and acting',
  'ec2-gave-no-answer': 'EC2 throttled the move or gave no answer, however often it was asked',
  'failover-blocked': 'the last failover was too recent, and nobody has acknowledged it',
  'fleet-brake': 'too many automatic failovers in the fleet; a person has to look',
  'moves-with-parent': 'it fails over together with the resource that it belongs to',
  'stopped-on-purpose': 'somebody has stopped the instance, and the fleet file says to leave it then',
  'not-confirmed': 'a person was asked, and has said no',
  'nobody-confirmed': 'a person was asked, and nobody has answered in time',
  'dependent-not-stopped': 'a dependent could not be taken out of service, and its server may still be alive',
  'dependent-not-started': 'the address is in service, but a dependent did not come into service',
  'not-fenced': 'the server could not be fenced, and may still be alive',
  'no-failover-target': 'no other server is ready to take the address',
  'order-refused': 'the order was refused; its first step says why',
  'not-verified': 'the address could not be verified where it was ordered to',
} as const;

/** Acted because … */
export const actReasons = {
  'address-unassigned': 'EC2 has the address on no interface',
  'route-missing': 'a route table has no route to the address',
  'address-on-wrong-interface': 'EC2 has the address on another interface than the INFO record says',
  'interface-detached': "the interface is not attached to the server's instance",
  'interface-absent': 'the host does not see the interface',
  'link-down': "the interface's link is down",
  'no-carrier': 'the interface is up and has no carrier',
  'address-absent': 'the operating system has lost the address',
  'address-elsewhere': 'the operating system has the address on another interface',
  'rule-absent': 'the policy rule that lets replies leave by the right interface is missing',
  'path-unanswered': 'packets from the address are not answered',
  'move-unfinished': 'an earlier move to the backup interface was interrupted',
  'failover-unfinished': 'an earlier failover was interrupted',
  'instance-not-running': 'the instance is not running',
  'instance-impaired': 'the instance fails its status check and its host gives no answer',
  'local-recoveries-too-frequent': 'too many local recoveries in the window',
  'dependent-failed': 'another resource that depends on this one has failed',
  ordered: 'an operator has ordered it',
} as const;

/** A rung of the ladder is skipped because … */
export const skipReasons = {
  'restore-cannot-help': 'nothing that the host could do brings that interface back',
  'backup-none': 'the INFO record has no backup interface',
  'backup-absent': 'EC2 does not know the backup interface',
  'backup-not-attached': "the backup interface is not attached to the server's instance",
  'backup-in-other-subnet': 'the backup interface is in another subnet',
  'backup-security-groups-differ': 'the backup interface has other security groups',
  'backup-source-dest-check-differs': 'the backup interface has another source/destination check',
  'backup-source-dest-check-on': 'the backup interface has the source/destination check on',
  'server-not-running': "the server's instance is not running",
  'server-impaired': "the server's instance fails its status check",
  'server-in-maintenance': 'the fleet file says that the server is in maintenance',
  'server-not-reachable': "Systems Manager does not hear the server's agent",
  'source-dest-check-on': "the server's interface has the source/destination check on",
  'no-free-slot': "the server's interface has as many addresses as it may have",
  'interface-not-attached': "the server's interface is not attached to its instance",
  'interface-in-other-subnet': "the server's interface is in another subnet",
  'security-groups-differ': "the server's interface has other security groups",
  'source-dest-check-differs': "the server's interface has another source/destination check",
} as const;

export type HoldReason = keyof typeof holdReasons;
export type ActReason = keyof typeof actReasons;
export type SkipReason = keyof typeof skipReasons;
export type Reason = HoldReason | ActReason | SkipReason;

/** The words that belong to a code. */
export function wordsOf(reason: Reason): string {
  return { ...holdReasons, ...actReasons, ...skipReasons }[reason];
}

/** A host's `why` as a reason to act; the script's words and these are the same on purpose. */
export function actReasonOfHost(why: string): ActReason {
  return Object.hasOwn(actReasons, why) ? (why as ActReason) : 'path-unanswered';
}
