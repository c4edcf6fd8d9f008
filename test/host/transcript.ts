import type { Guest } from './labs.ts';

/** Each command with what it says and its exit code; what differs from machine to machine is left out. */
export async function transcript(guest: Guest, commands: readonly string[]): Promise<string> {
  const { stdout } = await guest.run(
    commands.map((command) => `echo '$ ${command}'\n${command} 2>&1\necho "= $?"`).join('\n'),
  );
  return `\n${stdout}`
    .replaceAll(/@if\d+/g, '')
    .replaceAll(/ link-netns(id)? \S+/g, '')
    .replaceAll(/mtu \d+ qdisc \S+/g, 'mtu M qdisc Q')
    .replaceAll(/time=\S+ ms/g, 'time=T ms')
    .replaceAll(/time \d+ms/g, 'time Tms')
    .replaceAll(/mdev = \S+ ms/g, 'mdev = T ms')
    .replaceAll(/[ \t]+\n/g, '\n');
}
