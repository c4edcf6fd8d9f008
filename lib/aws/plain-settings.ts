/**
 * Key, Region and endpoint, where the environment says them outright; null for everything else (profiles, single sign-on,
 * roles, FIPS, an endpoint in the shared config file): those are the SDK's to find out.
 * https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html
 */
import type { Environment } from './invoke.ts';

export interface PlainSettings {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  readonly region: string;
  readonly endpoint: string;
}

/** With one of these the SDK may go elsewhere or otherwise. AWS_PROFILE goes before a key in the environment. */
const sdkMatters = [
  'AWS_PROFILE',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
];
const sdkMattersInFile = /^\s*(endpoint_url|services|use_fips_endpoint|use_dualstack_endpoint)\s*=/m;
/** Regions of the partition whose names end in amazonaws.com. */
const plainRegion = /^(us|eu|ap|sa|ca|me|af|il|mx)-(gov-)?[a-z]+-\d$/;

export function plainSettings(environment: Environment): PlainSettings | null {
  const accessKeyId = environment['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = environment['AWS_SECRET_ACCESS_KEY'];
  const region = environment['AWS_REGION'];
  if (!accessKeyId || !secretAccessKey || !region) return null;
  if (sdkMatters.some((name) => environment[name])) return null;
  const named = environment['AWS_ENDPOINT_URL_LAMBDA'] || environment['AWS_ENDPOINT_URL'];
  const endpoint = named || ofRegion(region, environment);
  if (endpoint === null || !isPlainUrl(endpoint)) return null;
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken: environment['AWS_SESSION_TOKEN'] || undefined,
    region,
    endpoint: endpoint.replace(/\/+$/, ''),
  };
}

function ofRegion(region: string, environment: Environment): string | null {
  if (!plainRegion.test(region)) return null;
  const file = environment['AWS_CONFIG_FILE'] || `${environment['HOME'] ?? ''}/.aws/config`;
  return sdkMattersInFile.test(textOf(file)) ? null : `https://lambda.${region}.amazonaws.com`;
}

/** A scheme, a host and perhaps a port. */
function isPlainUrl(endpoint: string): boolean {
  return /^https?:\/\/[^/?#@]+\/?$/.test(endpoint) && URL.canParse(endpoint);
}

/** Empty when there is none. An import of node:fs as a module takes longer than reading the file. */
function textOf(file: string): string {
  try {
    return process.getBuiltinModule('node:fs').readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
