/**
 * `lkipbu` as LifeKeeper users know it: https://docs.us.sios.com/spslinux/9.3.2/en/topic/ip-local-recovery
 * Its exit codes are those of the LifeKeeper family (LCD): 0 done, 1 a call failed, 2 usage, 5 illegal argument,
 * 7 does not exist, 9 could not talk to the other system.
 */
import { parseArgs } from 'node:util';
import type { Engine } from '../aws/operate.ts';
import { Fault, type FaultCode } from '../recovery/fault.ts';
import type { Status } from '../recovery/operate.ts';

const lkipbuExit = {
  done: 0,
  failed: 1,
  usage: 2,
  exists: 4,
  illegal: 5,
  missing: 7,
  unreachable: 9,
} as const;

const lkipbuUsage = `Usage: lkipbu [-d machine] -{a|r} -t tag -f interface
       lkipbu [-d machine] -m -t tag
       lkipbu [-d machine] -s -t tag

  -a  add a backup interface            (not in this version)
  -r  remove the backup interface       (not in this version)
  -m  move the address to the backup    (not in this version)
  -s  show the address, its netmask, its primary interface (up or down) and its backup interface
  -t  tag of the IP resource, such as ip-db
  -f  interface, such as eth1
  -d  server to ask about; without it, the server where the resource is in service

Environment: HOLDFAST_FLEET names the fleet (default: main); AWS_ENDPOINT_URL, AWS_REGION, AWS_PROFILE and the
other variables of the AWS SDK are honoured.
`;

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param argv without node and the script */
export async function lkipbu(argv: readonly string[], engine: () => Engine): Promise<CommandResult> {
  const read = readArguments(argv);
  if (read.kind === 'help') return { exitCode: lkipbuExit.done, stdout: lkipbuUsage, stderr: '' };
  if (read.kind === 'wrong') return failure(lkipbuExit.usage, `${read.why}\n${lkipbuUsage}`);
  const { tag, machine } = read;
  try {
    const answer = await engine().ask({
      action: 'status',
      tag,
      ...(machine === undefined ? {} : { machine }),
    });
    if (!answer.ok) return failure(exitOf(answer.code), answer.message);
    return { exitCode: lkipbuExit.done, stdout: printStatus(answer.status), stderr: '' };
  } catch (error) {
    if (error instanceof Fault) return failure(exitOf(error.code), error.message);
    throw error;
  }
}

/** The seed's four lines. */
function printStatus(status: Status): string {
  return [
    `IP address: ${status.address}`,
    `Netmask: ${status.netmask}`,
    `Primary interface: ${status.primary.name} (${status.primary.up ? 'up' : 'down'})`,
    `Backup interface: ${status.backup ?? 'none'}`,
    '',
  ].join('\n');
}

type Read =
  | { readonly kind: 'show'; readonly tag: string; readonly machine: string | undefined }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly why: string };

const options = {
  a: { type: 'boolean', short: 'a' },
  r: { type: 'boolean', short: 'r' },
  m: { type: 'boolean', short: 'm' },
  s: { type: 'boolean', short: 's' },
  t: { type: 'string', short: 't' },
  f: { type: 'string', short: 'f' },
  d: { type: 'string', short: 'd' },
  help: { type: 'boolean', short: 'h' },
} as const;

function readArguments(argv: readonly string[]): Read {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(argv);
  } catch (error) {
    return { kind: 'wrong', why: error instanceof Error ? error.message : String(error) };
  }
  if (values.help) return { kind: 'help' };
  const actions = (['a', 'r', 'm', 's'] as const).filter((action) => values[action]);
  const [action, second] = actions;
  if (action === undefined || second !== undefined)
    return { kind: 'wrong', why: 'give exactly one of -a, -r, -m, -s' };
  if (values.t === undefined || values.t === '') return { kind: 'wrong', why: `-${action} needs -t tag` };
  if (values.d === '') return { kind: 'wrong', why: '-d needs the name of a server' };
  const needsInterface = action === 'a' || action === 'r';
  if (needsInterface && !values.f) return { kind: 'wrong', why: `-${action} needs -f interface` };
  if (!needsInterface && values.f !== undefined)
    return { kind: 'wrong', why: `-f does not go with -${action}` };
  if (action !== 's') return { kind: 'wrong', why: `-${action} is not in this version; -s is` };
  return { kind: 'show', tag: values.t, machine: values.d };
}

function parse(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values;
}

const missing: ReadonlySet<FaultCode> = new Set(['unknown-tag', 'unknown-server']);
const unreachable: ReadonlySet<FaultCode> = new Set([
  'throttled',
  'service-unavailable',
  'no-answer',
  'access-denied',
  'not-found',
]);

function exitOf(code: FaultCode): number {
  if (missing.has(code)) return lkipbuExit.missing;
  if (unreachable.has(code)) return lkipbuExit.unreachable;
  return code === 'usage' ? lkipbuExit.illegal : lkipbuExit.failed;
}

function failure(exitCode: number, message: string): CommandResult {
  return { exitCode, stdout: '', stderr: `lkipbu: ${message}\n` };
}
