/** The command line of lkipbu: one of four letters, and what goes with it. */
import { readOptions } from './arguments.ts';
import { type Option, WrongUsage } from './command.ts';
import { interfaceOf, quoted, serverOf, tagOf, textOf } from './values.ts';

interface About {
  readonly tag: string;
  readonly machine: string | undefined;
  readonly reason: string | undefined;
}

export type LkipbuOrder = About &
  (
    | { readonly kind: 'show' | 'move' }
    | { readonly kind: 'remove'; readonly interface: string }
    | { readonly kind: 'add'; readonly interface: string; readonly force: boolean }
  );

export const lkipbuUsage = `Usage: lkipbu [-d machine] -{a|r} -t tag -f interface
       lkipbu [-d machine] -m -t tag
       lkipbu [-d machine] -s -t tag

  -a             add a backup interface; refused when there is one, or when that interface could not take the address
  -r             remove the backup interface; refused when that interface is not the backup
  -m             move the address to the backup interface and wait until it is verified there; out of service the two
                 interfaces only change places
  -s             show the address, its netmask, its primary interface (up or down) and its backup interface
  -t tag         tag of the IP resource, such as ip-db
  -f interface   interface, such as eth1
  -d machine     server, such as ServerA; without it, the server where the resource is in service
  --force        with -a: accept other security groups or another source/destination check; it is recorded
  --reason TEXT  with -a, -r and -m: why, for the audit trail
  -h, --help     print this

Exit codes: 0 done, 1 failed, 2 usage, 4 exists, 5 illegal argument, 7 does not exist, 9 could not reach

Environment: HOLDFAST_FLEET names the fleet (default: main); AWS_ENDPOINT_URL, AWS_REGION, AWS_PROFILE and the
other variables of the AWS SDK are honoured.
`;

const letters = { a: 'add', r: 'remove', m: 'move', s: 'show' } as const;

/** Single letters are options of one letter; the parser knows an option by its long name only. */
const options: readonly Pick<Option, 'name' | 'short' | 'value'>[] = [
  ...Object.keys(letters).map((letter) => ({ name: letter, short: letter })),
  ...['t', 'f', 'd'].map((letter) => ({ name: letter, short: letter, value: letter })),
  { name: 'force' },
  { name: 'reason', value: 'TEXT' },
  { name: 'help', short: 'h' },
];

/** @throws WrongUsage */
export function readLkipbu(argv: readonly string[]): LkipbuOrder | { readonly kind: 'help' } {
  const long = argv.find((word) => /^--[a-z](=|$)/.test(word));
  if (long !== undefined) throw new WrongUsage(`there is no option ${quoted(long)}`);
  const { words, values } = readOptions(options, argv);
  if (values.has('help')) return { kind: 'help' };
  const [extra] = words;
  if (extra !== undefined)
    throw new WrongUsage(`takes no argument without a letter, and got ${quoted(extra)}`);
  const given = Object.entries(letters).filter(([letter]) => values.has(letter));
  const [only] = given;
  if (only === undefined || given.length > 1) throw new WrongUsage('give exactly one of -a, -r, -m, -s');
  const [letter, kind] = only;
  const text = (name: string): string | undefined => {
    const value = values.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  const tag = text('t');
  const device = text('f');
  const machine = text('d');
  const reason = text('reason');
  if (tag === undefined) throw new WrongUsage(`-${letter} needs -t tag`);
  const needsInterface = kind === 'add' || kind === 'remove';
  if (needsInterface && device === undefined) throw new WrongUsage(`-${letter} needs -f interface`);
  if (!needsInterface && device !== undefined) throw new WrongUsage(`-f does not go with -${letter}`);
  if (values.has('force') && kind !== 'add')
    throw new WrongUsage(`--force goes with -a, not with -${letter}`);
  if (reason !== undefined && kind === 'show') throw new WrongUsage('--reason does not go with -s');
  const about = {
    tag: tagOf(tag),
    machine: machine === undefined ? undefined : serverOf(machine),
    reason: reason === undefined ? undefined : textOf('--reason', reason),
  };
  if (kind === 'show' || kind === 'move') return { kind, ...about };
  const checked = { ...about, interface: interfaceOf(device ?? '') };
  return kind === 'remove' ? { kind, ...checked } : { kind, ...checked, force: values.has('force') };
}
