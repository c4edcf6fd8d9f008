/**
 * The settings contract: what each function needs to be told by its environment. The construct that sets the
 * variables and the function that reads them share these types, so a forgotten variable does not compile.
 */
import { Fault } from './fault.ts';

/** Variable names by what they hold; a value is always a string. */
export const settingNames = {
  table: 'HOLDFAST_TABLE',
  document: 'HOLDFAST_DOCUMENT',
  /** `none` when no dependent runs on a server. */
  dependentDocument: 'HOLDFAST_DEPENDENT_DOCUMENT',
  failoverFunction: 'HOLDFAST_FAILOVER_FUNCTION',
  recoverFunction: 'HOLDFAST_RECOVER_FUNCTION',
  pageTopic: 'HOLDFAST_PAGE_TOPIC',
} as const;

export type SettingName = keyof typeof settingNames;

export const functionSettings = {
  recover: ['table', 'document', 'failoverFunction', 'pageTopic'],
  failover: ['table', 'document', 'dependentDocument', 'pageTopic'],
  operate: ['table', 'recoverFunction'],
} as const satisfies { readonly [name: string]: readonly SettingName[] };

export type FunctionName = keyof typeof functionSettings;
export type FunctionSettings<F extends FunctionName> = {
  readonly [S in (typeof functionSettings)[F][number]]: string;
};

/** Environment variables of a function, for the construct. */
export function environmentOf<F extends FunctionName>(
  name: F,
  settings: FunctionSettings<F>,
): { readonly [variable: string]: string } {
  return Object.fromEntries(
    functionSettings[name].map((setting) => [settingNames[setting], settingOf(settings, setting)]),
  );
}

/** The same, read back by the function. @throws Fault `invalid-settings` naming every variable that is missing */
export function readSettings<F extends FunctionName>(
  name: F,
  environment: { readonly [variable: string]: string | undefined },
): FunctionSettings<F> {
  const missing = functionSettings[name]
    .map((setting) => settingNames[setting])
    .filter((key) => !environment[key]);
  if (missing.length > 0)
    throw new Fault(
      'invalid-settings',
      `the ${name} function needs ${missing.join(', ')} in its environment`,
      'never',
    );
  const entries = functionSettings[name].map(
    (setting) => [setting, environment[settingNames[setting]]] as const,
  );
  return Object.fromEntries(entries) as FunctionSettings<F>;
}

function settingOf(settings: { readonly [S in SettingName]?: string }, setting: SettingName): string {
  const value = settings[setting];
  if (value === undefined)
    throw new Fault('invalid-settings', `no value for the setting ${setting}`, 'never');
  return value;
}
