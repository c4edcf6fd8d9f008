/**
 * The instance metadata service, version 2 alone: what an instance may read about itself, over the EC2 model.
 * Tokens: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html
 * Paths: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html
 * A path that is not modelled is answered as AWS answers one that does not exist: 404.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Account } from '../account.ts';
import type { Ec2 } from '../ec2/model.ts';
import type { NetworkInterface } from '../ec2/records.ts';
import { Random } from '../random.ts';

interface ImdsRequest {
  readonly method: string;
  /** Without the query string. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string | undefined };
}

interface ImdsResponse {
  readonly status: number;
  readonly body: string;
}

/** What may move between interfaces. */
interface Addresses {
  readonly secondary: readonly string[];
  readonly ipv6: readonly string[];
  /** Elastic IP addresses, each with the private one that it leads to. */
  readonly associations: readonly { readonly publicIp: string; readonly privateAddress: string }[];
}

interface Change {
  readonly atMs: number;
  readonly addresses: Addresses;
}

const longestTtlSeconds = 21_600;
const credentialsLastMs = 6 * 3_600_000;
/** Earlier lists kept of one interface. */
const keptChanges = 100;
const movers = new Set([
  ...[
    'AssignPrivateIpAddresses',
    'UnassignPrivateIpAddresses',
    'AssignIpv6Addresses',
    'UnassignIpv6Addresses',
  ],
  ...['AssociateAddress', 'DisassociateAddress'],
]);
const tokenPath = '/latest/api/token';
const dataPath = '/latest/meta-data/';

export class Imds {
  /** Gained and lost addresses show so long after EC2 has moved them. No figure is published; a minute has been seen. */
  lagMs = 0;
  /** Fault: every request is answered with this status instead. */
  failing: number | undefined;
  readonly #account: Account;
  readonly #ec2: Ec2;
  /** Of its own: how often a guest asks must not change what ids the account gives. */
  readonly #random = new Random('imds');
  readonly #roles = new Map<string, string>();
  readonly #tokens = new Map<string, { readonly instanceId: string; readonly endsMs: number }>();
  readonly #history = new Map<string, Change[]>();

  constructor(account: Account, ec2: Ec2) {
    this.#account = account;
    this.#ec2 = ec2;
    this.#observe();
    account.onCall(({ operation }) => {
      if (movers.has(operation)) this.#observe();
    });
  }

  /** The instance has this role's credentials from now on, whatever its instance profile says. */
  setRole(instanceId: string, roleName: string): void {
    this.#roles.set(instanceId, roleName);
  }

  handle(instanceId: string, { method, path, headers }: ImdsRequest): ImdsResponse {
    this.#observe();
    if (this.failing !== undefined) return { status: this.failing, body: '' };
    if (path === tokenPath) return method === 'PUT' ? this.#newToken(instanceId, headers) : refused(405);
    const token = this.#tokens.get(headers['x-aws-ec2-metadata-token'] ?? '');
    if (token?.instanceId !== instanceId || token.endsMs <= this.#account.clock.now()) return refused(401);
    if (method !== 'GET' && method !== 'HEAD') return refused(405);
    const body = path.startsWith(dataPath) ? this.#read(instanceId, path.slice(dataPath.length)) : undefined;
    return body === undefined ? refused(404) : { status: 200, body };
  }

  /** Writes down who has which addresses from now on. */
  #observe(): void {
    for (const eni of this.#ec2.world.interfaces()) {
      const changes = this.#history.get(eni.id) ?? [];
      const addresses = this.#addressesOf(eni);
      if (!isDeepStrictEqual(changes.at(-1)?.addresses, addresses))
        changes.push({ atMs: this.#account.clock.now(), addresses });
      this.#history.set(eni.id, changes.slice(-keptChanges));
    }
  }

  #addressesOf({
    primaryAddress,
    secondaryAddresses: secondary,
    ipv6Addresses: ipv6,
  }: NetworkInterface): Addresses {
    const associations = this.#ec2.elasticIps.all().flatMap(({ publicIp, association }) => {
      const privateAddress = association?.privateAddress ?? '';
      return [primaryAddress, ...secondary].includes(privateAddress) ? [{ publicIp, privateAddress }] : [];
    });
    return { secondary, ipv6, associations };
  }

  #newToken(instanceId: string, headers: ImdsRequest['headers']): ImdsResponse {
    const ttl = headers['x-aws-ec2-metadata-token-ttl-seconds'] ?? '';
    if (!/^\d{1,5}$/.test(ttl) || Number(ttl) < 1 || Number(ttl) > longestTtlSeconds) return refused(400);
    // A proxy in between would hand the token out: AWS gives none to a request that came through one.
    if (headers['x-forwarded-for'] !== undefined) return refused(403);
    const nowMs = this.#account.clock.now();
    for (const [old, { endsMs }] of this.#tokens) if (endsMs <= nowMs) this.#tokens.delete(old);
    const token = `${this.#random.hex(54)}==`;
    this.#tokens.set(token, { instanceId, endsMs: nowMs + Number(ttl) * 1000 });
    return { status: 200, body: token };
  }

  #read(instanceId: string, path: string): string | undefined {
    const attached = this.#ec2.world.interfacesOf(instanceId);
    const role = this.#roles.get(instanceId) ?? this.#ec2.roleOf(instanceId);
    switch (path) {
      case 'instance-id':
        return instanceId;
      case 'mac':
        return attached[0]?.macAddress;
      case 'placement/region':
        return this.#account.region;
      case 'network/interfaces/macs/':
        return attached.map(({ macAddress }) => `${macAddress}/`).join('\n');
      case 'iam/security-credentials/':
        return role;
      case `iam/security-credentials/${role}`:
        return role === undefined ? undefined : this.#credentialsOf(role, instanceId);
    }
    const [, mac, name] =
      /^network\/interfaces\/macs\/([0-9a-f:]+)\/([a-z0-9-]+(?:\/[0-9.]*)?)$/.exec(path) ?? [];
    const eni = attached.find(({ macAddress }) => macAddress === mac);
    return eni === undefined ? undefined : this.#readInterface(eni, name ?? '');
  }

  /** A list that would be empty is not there. */
  #readInterface(eni: NetworkInterface, name: string): string | undefined {
    const { secondary, ipv6, associations } = this.#shown(eni);
    const [, publicIp] = /^ipv4-associations\/([0-9.]+)$/.exec(name) ?? [];
    if (publicIp !== undefined)
      return associations.find((each) => each.publicIp === publicIp)?.privateAddress;
    switch (name) {
      case 'interface-id':
        return eni.id;
      case 'device-number':
        return String(eni.attachment?.deviceIndex);
      case 'local-ipv4s':
        return [eni.primaryAddress, ...secondary].join('\n');
      case 'ipv6s':
        return ipv6.join('\n') || undefined;
      case 'public-ipv4s':
      case 'ipv4-associations/':
        return associations.map(({ publicIp: each }) => each).join('\n') || undefined;
      case 'subnet-id':
        return eni.subnetId;
      case 'subnet-ipv4-cidr-block':
        return this.#ec2.world.subnet(eni.subnetId).cidr;
      default:
        return undefined;
    }
  }

  #shown(eni: NetworkInterface): Addresses {
    const asOfMs = this.#account.clock.now() - this.lagMs;
    const changes = this.#history.get(eni.id) ?? [];
    const shown = changes.findLast(({ atMs }) => atMs <= asOfMs) ?? changes[0];
    return shown?.addresses ?? this.#addressesOf(eni);
  }

  /** EC2 names the session after the instance. */
  #credentialsOf(role: string, instanceId: string): string {
    const { accessKeyId, secretAccessKey, sessionToken } = this.#account.iam.credentialsOf(role, instanceId);
    const nowMs = this.#account.clock.now();
    return JSON.stringify(
      {
        Code: 'Success',
        LastUpdated: timeOf(nowMs),
        Type: 'AWS-HMAC',
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        Token: sessionToken,
        Expiration: timeOf(nowMs + credentialsLastMs),
      },
      undefined,
      2,
    );
  }
}

function refused(status: number): ImdsResponse {
  return { status, body: '' };
}

/** `2026-01-05T10:00:00Z`, without milliseconds. */
function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
