/** Names that the stack gives and the functions read back: alarms, the health metric, the functions' alias. */
export const metricNamespace = 'Holdfast';
/** 1 when the protected address was answered on its server, 0 when it positively was not; nothing when nobody could look. */
export const healthMetric = 'AddressHealthy';
/** One each time that the agent could not look at an address that it has: no verdict, but no silence either. */
export const unknownMetric = 'ProbeUnknown';
/** Source and detail types of what the agents on the hosts tell over EventBridge (word.ts). */
export const agentSource = 'holdfast.agent';
export const addressFailed = 'Holdfast Address Failed';
export const addressInService = 'Holdfast Address In Service';
/** Source of the orders that the operate function hands to the recover function (carried-order.ts). */
export const operatorSource = 'holdfast.operator';
/** Source of what the engine itself tells. */
export const announcementSource = 'holdfast';
/** One per run of the reconcile schedule; its absence is the alarm that watches the watcher. */
export const heartbeatMetric = 'EngineHeartbeat';
/** The alias that alarms, rules and the command line invoke. */
export const liveAlias = 'live';
/** What the schedule sends to the recover function. */
export const tickSource = 'holdfast.tick';
/** A fleet that its file does not name; also what the command line asks without HOLDFAST_FLEET. */
export const defaultFleetName = 'main';
/** File beside every bundle that carries the fleet's definition. */
export const definitionFile = 'fleet.json';

/** Not `fleet`: under that name stands what concerns no resource. */
export const tagPattern = /^(?!fleet$)[a-z0-9][a-z0-9-]{0,62}$/;
/** Without a dash, so that no fleet's alarm prefix is the beginning of another's. */
export const fleetNamePattern = /^[a-z][a-z0-9]{0,31}$/;

export function alarmPrefix(fleet: string): string {
  return `holdfast-${fleet}-`;
}

export function healthAlarmName(fleet: string, tag: string): string {
  return `${alarmPrefix(fleet)}health-${tag}`;
}

export function statusAlarmName(fleet: string, server: string): string {
  return `${alarmPrefix(fleet)}status-${server}`;
}

export function operateFunctionName(fleet: string): string {
  return `holdfast-${fleet}-operate`;
}

/** Below it one parameter for each fleet of the account and Region. */
export const parameterRoot = '/holdfast/';

/** Where the name of the fleet's operate function stands, for commands that do not know which fleets there are. */
export function operateParameterName(fleet: string): string {
  return `${parameterRoot}${fleet}/operate`;
}

export type AlarmSubject =
  | { readonly kind: 'health'; readonly tag: string }
  | { readonly kind: 'status'; readonly server: string }
  | { readonly kind: 'unknown' };

/** What an alarm of this fleet is about, from its name alone. */
export function alarmSubject(fleet: string, alarmName: string): AlarmSubject {
  const health = healthAlarmName(fleet, '');
  if (alarmName.startsWith(health)) return { kind: 'health', tag: alarmName.slice(health.length) };
  const status = statusAlarmName(fleet, '');
  if (alarmName.startsWith(status)) return { kind: 'status', server: alarmName.slice(status.length) };
  return { kind: 'unknown' };
}
