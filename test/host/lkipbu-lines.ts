/** Command lines of lkipbu, right and wrong, each with what the engine is like when it is given. */
import { type FakeEngine, recoveryName } from '../fakes/engine.ts';

export type Given = (engine: FakeEngine) => void;

const long = 'x'.repeat(10_240);

const free: Given = (engine) => {
  engine.backup = null;
};
const failed: Given = (engine) => {
  engine.ends = { outcome: 'failed', afterMs: 500 };
};
const held: Given = (engine) => {
  engine.ends = { outcome: 'held', afterMs: 2_500 };
};
const claimed: Given = (engine) => {
  engine.claim = { holder: recoveryName, expiresAtMs: Date.UTC(2026, 0, 5, 10, 0, 41), doing: null };
};

export const lines: readonly (readonly [argv: readonly string[], given?: Given])[] = [
  [['-s', '-t', 'ip-db']],
  [['-s', '-t', 'ip-db'], free],
  [['-sdServerB', '-tip-db']],
  [['-t', 'ip-db', '-d', 'ServerB', '-s']],
  [['-a', '-t', 'ip-db', '-f', 'eth2', '--reason', 'new card'], free],
  [['-a', '-t', 'ip-db', '-f', 'eth2', '--force', '--reason=new'], free],
  [['-a', '-t', 'ip-db', '-f', 'eth2']],
  [['-a', '-t', 'ip-db', '-f', 'ens6'], free],
  [['-d', 'ServerA', '-r', '-t', 'ip-db', '-f', 'eth1']],
  [['-r', '-t', 'ip-db', '-f', 'eth2']],
  [['-m', '-t', 'ip-db']],
  [['-m', '-t', 'ip-db', '-d', 'ServerA'], failed],
  [['-m', '-t', 'ip-db'], held],
  [['-m', '-t', 'ip-db'], claimed],
  [['-m', '-t', 'ip-db'], free],
  [['-s', '-t', 'ip-dc']],
  [['-d', 'ServerC', '-s', '-t', 'ip-db']],
  [['-h']],
  [['-s', '--help']],
  [[]],
  [['-t', 'ip-db']],
  [['-s', '-m', '-t', 'ip-db']],
  [['-arms', '-t', 'ip-db', '-f', 'eth1']],
  [['-s']],
  [['-s', '-t', '']],
  [['-s', '-t', '  ']],
  [['-s', '-t', '-d']],
  [['-s', '-t', '-']],
  [['-s', '-t-d']],
  [['-s', '-t=ip-db']],
  [['-s', '-t', 'ip-db', '-f', 'eth1']],
  [['-m', '-t', 'ip-db', '-f', 'eth1']],
  [['-a', '-t', 'ip-db']],
  [['-r', '-t', 'ip-db']],
  [['-r', '-t', 'ip-db', '-f', '']],
  [['-s', '-t', 'ip-db', '-d', '']],
  [['-s', '-t', 'ip-db', '-x']],
  [['-s', '-xfoo']],
  [['-s=', '-t', 'ip-db']],
  [['-é']],
  [['-', '-s']],
  [['---']],
  [['--t', 'ip-db']],
  [['-s', '--t=ip-db']],
  [['--foo=bar']],
  [["--'x"]],
  [['--=x']],
  [['--no-force']],
  [['-s', '-t', 'ip-db', 'ip-web']],
  [['-s', '-t', 'ip-db', '', 'ip-web']],
  [['-s', '--', '-t', 'ip-db']],
  [['-s', '-t', 'ip-db', '-t', 'ip-web']],
  [['-m', '-m', '-t', 'ip-db']],
  [['-h', '--help']],
  [['-s', '-t', 'ip-db', '-t', 'ip-web', '-x']],
  [['-m', '-t', 'ip-db', '--force']],
  [['-s', '-t', 'ip-db', '--reason', 'because']],
  [['-m', '-t', 'ip-db', '--force=yes']],
  [['-m', '-t', 'ip-db', '--reason']],
  [['-m', '-t', 'ip-db', '--reason', '-x']],
  [['-m', '-t', 'ip-db', '--reason=']],
  [['-s', '-t', 'IP DB']],
  [['-s', '-t', 'fleet']],
  [['-s', '-t', 'ip-db;reboot']],
  [['-s', '-t', '$(reboot)']],
  [['-s', '-t', '`reboot`"\'\\']],
  [['-s', '-t', 'ip-db\n']],
  [['-s', '-t', 'ip\t\r\n\b\f\u0001db']],
  [['-s', '-t', 'ip-dß']],
  [['-s', '-t', '日本😀\u007f\u0085\u200b\u2028\u2029\u202e\u2066\ufeff\u00a0x']],
  [['-s', '-t', '\x1b[31mip']],
  [['-s', '-t', 'ß'.repeat(61)]],
  [['-s', '-t', '😀'.repeat(60)]],
  [['-s', '-t', 'a'.repeat(64)]],
  [['-s', '-t', long]],
  [['-s', '-t', 'ip-db', '-d', 'Server A']],
  [['-s', '-t', 'ip-db', '-d', '*']],
  [['-s', '-t', 'ip-db', '-d', long]],
  [['-a', '-t', 'ip-db', '-f', 'eth1/2']],
  [['-a', '-t', 'ip-db', '-f', 'none']],
  [['-a', '-t', 'ip-db', '-f', 'a-device-of-sixteen']],
  [['-m', '-t', 'ip-db', '--reason', long]],
  [['-m', '-t', 'ip-db', '--reason', `${'😀'.repeat(128)}x`]],
];
