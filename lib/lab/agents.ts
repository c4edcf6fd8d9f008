/**
 * The agent on a server of the lab: a real process in the guest, which systemd would run there. No systemd is in a guest,
 * so its part is played by a loop: starts the agent once its unit is installed, again when it has ended, and anew when
 * one of its files has changed. The watchdog is left out: a frozen agent stays frozen.
 *
 * The agent's configuration is the installed one with the lab's endpoints behind it.
 */
import { awsAddress } from '../emulator/netns/doors.ts';
import type { NetnsHost } from '../emulator/netns/netns-host.ts';
import type { Ssm } from '../emulator/ssm/model.ts';

export interface Agent {
  /** Resolves when it has said its first word. */
  readonly started: Promise<void>;
  /** What it has said, newest last. */
  readonly log: () => readonly string[];
  /** Fault: all its processes stop where they are. */
  readonly freeze: () => void;
  readonly thaw: () => void;
}

const command = 'holdfast-agent';
const keptLines = 1_000;
const installLimitMs = 30_000;

/** $1 = URL of the endpoints. A restart comes after a second, as the unit says. */
const loop = `set -u
unit=/etc/systemd/system/holdfast-agent.service
program=/opt/holdfast/holdfast-agent installed=/etc/holdfast/agent.conf
given=/run/lab-agent.conf
while :; do
  until [ -e "$unit" ]; do sleep 0.2; done
  { cat "$installed"; printf 'cloudwatch %s\\nevents %s\\n' "$1" "$1"; } >"$given"
  "$program" "$given" </dev/null &
  while :; do
    sleep 0.5
    { read -r _ _ state _ <"/proc/$!/stat"; } 2>/dev/null || state=gone
    case $state in Z | gone) break ;; esac
    for file in "$unit" "$program" "$installed"; do
      if [ -e "$file" ] && ! [ "$file" -nt "$given" ]; then continue; fi
      kill "$!" 2>/dev/null
      break
    done
  done
  wait "$!"
  echo "the agent has ended: $?"
  sleep 1
done`;

/** It runs from the moment it is installed, in this boot of the guest and in every later one. */
export function runAgent(host: NetnsHost): Agent {
  const lines: string[] = [];
  const started = Promise.withResolvers<void>();
  host.startCommand(command, ['sh', '-c', loop, 'systemd', `http://${awsAddress}`], (line) => {
    started.resolve();
    lines.push(line);
    if (lines.length > keptLines) lines.shift();
  });
  return {
    started: started.promise,
    log: () => lines,
    freeze: () => host.freeze(command),
    thaw: () => host.thaw(command),
  };
}

/** @throws Error with what State Manager says, when an agent has not started in the time that installing one may take */
export async function allStarted(agents: Iterable<Agent>, ssm: Ssm): Promise<void> {
  const limit = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => limit.resolve('late'), installLimitMs);
  const started = Promise.all([...agents].map((agent) => agent.started));
  const first = await Promise.race([started, limit.promise]);
  clearTimeout(timer);
  if (first !== 'late') return;
  const { associations } = ssm;
  const said = associations
    .all()
    .flatMap(({ id }) => associations.statuses(id))
    .map(({ instanceId, detailedStatus, stderr }) => `${instanceId}: ${detailedStatus} ${stderr}`.trim());
  throw new Error([`the agent does not run everywhere after ${installLimitMs / 1000} s`, ...said].join('\n'));
}
