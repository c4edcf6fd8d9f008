/** Which fleet and which AWS: options before what the environment says. */
import { defaultFleetName, fleetNamePattern } from '../recovery/names.ts';
import { type Given, WrongUsage, WrongValue } from './command.ts';
import { quoted } from './values.ts';

/** As the process has it; what the options say is written into it, where the AWS SDK reads it. */
export interface Environment {
  [name: string]: string | undefined;
}

export interface Fleet {
  readonly name: string;
  /** False: nobody named it, so another one may be meant. */
  readonly named: boolean;
}

const stackPrefix = 'holdfast-';
const longestSetting = 200;

/** @throws WrongUsage */
export function applySettings(given: Pick<Given, 'text'>, environment: Environment): Fleet {
  const profile = given.text('profile');
  const region = given.text('region');
  const endpoint = given.text('endpoint-url');
  if (profile !== undefined)
    environment['AWS_PROFILE'] = checked('--profile', profile, /^[^\p{C}]+$/u, 'a name');
  if (region !== undefined)
    environment['AWS_REGION'] = checked(
      '--region',
      region,
      /^[a-z]{2,}(-[a-z]+)+-\d$/,
      'such as eu-central-1',
    );
  if (endpoint !== undefined)
    environment['AWS_ENDPOINT_URL'] = checked(
      '--endpoint-url',
      endpoint,
      /^https?:\/\/[^\s/]+\/?$/,
      'such as http://127.0.0.1:4610',
    );
  return fleetOf(given, environment);
}

function fleetOf(given: Pick<Given, 'text'>, environment: Environment): Fleet {
  const fleet = given.text('fleet');
  const stack = given.text('stack');
  if (fleet !== undefined && stack !== undefined)
    throw new WrongUsage('--fleet and --stack exclude each other');
  if (fleet !== undefined) return { name: fleetName('--fleet', fleet), named: true };
  if (stack !== undefined)
    return {
      name: fleetName('--stack', stack.startsWith(stackPrefix) ? stack.slice(stackPrefix.length) : stack),
      named: true,
    };
  return fleetOfEnvironment(environment);
}

/** @throws WrongUsage */
export function fleetOfEnvironment(environment: Environment): Fleet {
  const named = environment['HOLDFAST_FLEET'];
  return named === undefined || named === ''
    ? { name: defaultFleetName, named: false }
    : { name: fleetName('HOLDFAST_FLEET', named), named: true };
}

function fleetName(option: string, value: string): string {
  return checked(option, value, fleetNamePattern, 'small letters and digits, at most 32, a letter first');
}

function checked(option: string, value: string, pattern: RegExp, allowed: string): string {
  if (value.length > longestSetting || !pattern.test(value))
    throw new WrongValue(`${option} ${quoted(value)} is not valid: allowed is ${allowed}`);
  return value;
}
