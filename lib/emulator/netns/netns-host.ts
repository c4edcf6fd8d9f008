/**
 * The host driver `netns`: a guest that is a network namespace of this machine, with the real `ip`, real packets and
 * real time. It configures itself as Amazon Linux 2023 does, like `ModelHost`: main default routes by device index, own
 * table and rule for every interface but the first, secondary addresses left alone
 * (https://github.com/amazonlinux/amazon-ec2-net-utils). Needs root on Linux.
 *
 * The namespace lives from boot to halt: rules, settings and whatever else was not on disk is forgotten with it.
 * No systemd runs in it, and that of the machine does not answer there: programs run, units cannot be looked at.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock } from '../clock.ts';
import { type Execution, HostDown, type HostDriver, type Nic, type Program } from '../host/driver.ts';
import { blockOf, formatAddress, parseAddress } from '../host/ipv4.ts';
import { addNamespace, ip, within } from './commands.ts';
import { Guest } from './guest.ts';
import { removeNamespace } from './lab-id.ts';
import { type NetnsVpc, withoutIpv6 } from './vpc.ts';

export interface NetnsHostOptions {
  readonly id: string;
  /** Follows real time at real speed while anything runs. */
  readonly clock: Clock;
  readonly vpc: NetnsVpc;
}

type Ending = 'killed' | 'halted';

interface Running {
  readonly namespace: string;
  readonly guest: Guest;
}

const firstMetric = 512;
const firstPolicyTable = 10_000;
const killedExitCode = 137;
const signalledExitCode = 128;

export class NetnsHost implements HostDriver {
  readonly id: string;
  readonly #clock: Clock;
  readonly #vpc: NetnsVpc;
  /** Of the guest: its disk and its network configuration. */
  readonly #directory: string;
  readonly #programs = new Map<string, { readonly run: Program; running: { stop(): void } | undefined }>();
  /** Of the commands among them, by name: the last process. */
  readonly #processes = new Map<string, ChildProcess>();
  readonly #runs = new Set<(ending: Ending) => void>();
  readonly #brokenLinks = new Set<string>();
  #nics: readonly Nic[] = [];
  /** `undefined` while the guest is down. */
  #running: Running | undefined;
  #lastEnd: Promise<void> = Promise.resolve();

  constructor({ id, clock, vpc }: NetnsHostOptions) {
    this.id = id;
    this.#clock = clock;
    this.#vpc = vpc;
    this.#directory = join(vpc.lab.directory, id);
    mkdirSync(this.#directory, { recursive: true });
    vpc.admit({ halt: () => this.halt(), ended: () => this.#lastEnd });
  }

  // ---- Power

  boot(): void {
    if (this.#running !== undefined) return;
    const namespace = `${this.#vpc.lab.name}-${this.id}`;
    addNamespace(namespace);
    within(namespace, guestSettings);
    for (const nic of this.#nics) this.#plugIn(namespace, nic);
    const guest = new Guest({
      namespace,
      hostname: this.id,
      diskDirectory: join(this.#directory, 'disk'),
      routesFile: this.#routesFile(),
    });
    this.#lastEnd = Promise.all([this.#lastEnd, guest.ended]).then(() => undefined);
    this.#running = { namespace, guest };
    for (const program of this.#programs.values()) program.running = program.run(this);
  }

  halt(): void {
    if (this.#running === undefined) return;
    const { namespace, guest } = this.#running;
    this.#running = undefined;
    for (const { mac } of this.#nics) this.#vpc.unplug(mac);
    guest.kill();
    removeNamespace(namespace);
    for (const end of this.#runs) end('halted');
    for (const program of this.#programs.values()) {
      program.running?.stop();
      program.running = undefined;
    }
  }

  isUp(): boolean {
    return this.#running !== undefined;
  }

  // ---- Interfaces

  attach(nic: Nic): void {
    const taken = this.#nics.find((each) => each.mac === nic.mac || each.device === nic.device);
    if (taken !== undefined)
      throw new Error(`host ${this.id}: ${nic.device} ${nic.mac} clashes with ${taken.device} ${taken.mac}`);
    this.#nics = [...this.#nics, nic].toSorted((a, b) => a.deviceIndex - b.deviceIndex);
    this.#writeRoutes();
    if (this.#running !== undefined) this.#plugIn(this.#running.namespace, nic);
  }

  detach(mac: string): void {
    const nic = this.#nics.find((each) => each.mac === mac);
    if (nic === undefined) return;
    this.#nics = this.#nics.filter((each) => each !== nic);
    this.#brokenLinks.delete(nic.device);
    this.#writeRoutes();
    this.#vpc.unplug(mac);
  }

  #plugIn(namespace: string, nic: Nic): void {
    this.#vpc.plug(nic, namespace);
    const metric = firstMetric + nic.deviceIndex;
    const { device, deviceIndex, primaryAddress, prefixLength } = nic;
    const table = firstPolicyTable + deviceIndex;
    ip(namespace, [
      `addr add ${primaryAddress}/${prefixLength} brd + metric ${metric} dev ${device}`,
      `link set ${device} up`,
      ...routesOf(nic),
      ...(deviceIndex === 0 ? [] : [`rule add from ${primaryAddress} lookup ${table} priority ${table}`]),
    ]);
    if (this.#brokenLinks.has(device)) this.#vpc.setWire(nic.mac, 'down');
  }

  /** For the guest's network manager, which puts them back whenever a link comes up. */
  #writeRoutes(): void {
    writeFileSync(this.#routesFile(), this.#nics.flatMap((nic) => [...routesOf(nic), '']).join('\n'));
  }

  #routesFile(): string {
    return join(this.#directory, 'routes');
  }

  // ---- Scripts and programs

  async exec(script: string, options: { readonly timeoutMs: number }): Promise<Execution> {
    const { guest } = this.#up();
    return this.#clock.work(async () => {
      const ended = Promise.withResolvers<Ending>();
      this.#runs.add(ended.resolve);
      const timer = this.#clock.after(options.timeoutMs, () => ended.resolve('killed'));
      const child = Promise.withResolvers<ChildProcess>();
      const finished = guest.ready.then(() => {
        if (this.#running?.guest !== guest) throw new HostDown(this.id);
        const started = guest.spawn(['/bin/sh', '-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
        child.resolve(started);
        return outcomeOf(started);
      });
      finished.catch(() => undefined);
      try {
        const result = await Promise.race([finished, ended.promise]);
        if (result === 'halted' || this.#running?.guest !== guest) throw new HostDown(this.id);
        if (result !== 'killed') return result;
        killGroup(await child.promise);
        return { exitCode: killedExitCode, stdout: '', stderr: '', timedOut: true };
      } finally {
        timer.cancel();
        this.#runs.delete(ended.resolve);
      }
    });
  }

  startProgram(name: string, run: Program): void {
    if (this.#programs.has(name)) throw new Error(`host ${this.id}: program ${name} is installed already`);
    this.#programs.set(name, { run, running: this.isUp() ? run(this) : undefined });
  }

  /** Installs a command as a program: a real process in the guest, told line by line what it says. */
  startCommand(name: string, command: readonly string[], onLine: (line: string) => void): void {
    this.startProgram(name, () => {
      const guest = this.#running?.guest;
      let stopped = false;
      let child: ChildProcess | undefined;
      guest?.ready
        .then(() => {
          if (stopped) return;
          child = guest.spawn(command, { stdio: ['ignore', 'pipe', 'pipe'] });
          this.#processes.set(name, child);
          for (const stream of [child.stdout, child.stderr])
            if (stream !== null) createInterface(stream).on('line', onLine);
        })
        .catch((error: unknown) => console.error(`host ${this.id}, ${name}:`, error));
      return {
        stop: () => {
          stopped = true;
          if (child !== undefined) killGroup(child);
          this.#processes.delete(name);
        },
      };
    });
  }

  stopProgram(name: string): void {
    this.#programs.get(name)?.running?.stop();
    this.#programs.delete(name);
  }

  // ---- Faults

  setLink(device: string, state: 'up' | 'down'): void {
    if (state === 'down') this.#brokenLinks.add(device);
    else this.#brokenLinks.delete(device);
    const nic = this.#nics.find((each) => each.device === device);
    if (nic !== undefined) this.#vpc.setWire(nic.mac, state);
  }

  /** Fault: the link stays up, every packet is lost in both directions. */
  cutPath(device: string): void {
    const nic = this.#nics.find((each) => each.device === device);
    if (nic !== undefined) this.#vpc.cut(nic.mac);
  }

  mendPath(device: string): void {
    const nic = this.#nics.find((each) => each.device === device);
    if (nic !== undefined) this.#vpc.mend(nic.mac);
  }

  /** Fault: the device driver is gone until the next boot; EC2 does not know. */
  loseDriver(device: string): void {
    const nic = this.#nics.find((each) => each.device === device);
    if (nic !== undefined) this.#vpc.unplug(nic.mac);
  }

  deleteAddress(device: string, address: string): void {
    within(this.#up().namespace, [
      `ip -o -4 addr show dev ${device} | while read -r _ _ _ each _; do`,
      `  case $each in ${address}/*) ip addr del "$each" dev ${device} ;; esac`,
      'done',
    ]);
  }

  addAddress(device: string, address: string, prefixLength: number): void {
    ip(this.#up().namespace, [`addr add ${address}/${prefixLength} dev ${device}`]);
  }

  /** Fault: somebody adds a rule by which packets from the address leave by that device; the lowest priority counts. */
  addRule(address: string, device: string, priority: number): void {
    this.#changeRule('add', address, device, priority);
  }

  deleteRule(address: string, device: string, priority: number): void {
    this.#changeRule('del', address, device, priority);
  }

  #changeRule(change: 'add' | 'del', address: string, device: string, priority: number): void {
    const index = this.#nics.find((each) => each.device === device)?.deviceIndex ?? 0;
    const table = index === 0 ? 'main' : firstPolicyTable + index;
    ip(this.#up().namespace, [`rule ${change} from ${address} lookup ${table} priority ${priority}`]);
  }

  /** Fault: a command and all that it has started stop where they are. Nothing happens when it does not run. */
  freeze(command: string): void {
    this.#signal(command, 'SIGSTOP');
  }

  /** They go on. */
  thaw(command: string): void {
    this.#signal(command, 'SIGCONT');
  }

  #signal(command: string, signal: 'SIGSTOP' | 'SIGCONT'): void {
    const child = this.#processes.get(command);
    if (child !== undefined) signalGroup(child, signal);
  }

  #up(): Running {
    if (this.#running === undefined) throw new HostDown(this.id);
    return this.#running;
  }
}

/** What systemd of Amazon Linux 2023 sets: https://github.com/systemd/systemd/blob/main/sysctl.d/50-default.conf */
const guestSettings = [
  'echo 1 >/proc/sys/net/ipv4/conf/all/promote_secondaries',
  'echo 1 >/proc/sys/net/ipv4/conf/default/promote_secondaries',
  'echo 2 >/proc/sys/net/ipv4/conf/default/rp_filter',
  withoutIpv6,
  'ip link set lo up',
];

/** What the network manager holds for an interface: a main default route, and for all but the first a table. */
function routesOf({ device, deviceIndex, gateway, primaryAddress, prefixLength }: Nic): readonly string[] {
  const metric = firstMetric + deviceIndex;
  const main = `route replace default via ${gateway} dev ${device} proto dhcp src ${primaryAddress} metric ${metric}`;
  if (deviceIndex === 0) return [main];
  const table = firstPolicyTable + deviceIndex;
  const base = formatAddress(blockOf(parseAddress(primaryAddress) ?? 0, prefixLength));
  return [
    main,
    `route replace ${base}/${prefixLength} dev ${device} proto static table ${table}`,
    `route replace default via ${gateway} dev ${device} proto static table ${table}`,
  ];
}

function outcomeOf(child: ChildProcess): Promise<Execution> {
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve({
        exitCode: code ?? (signal === 'SIGKILL' ? killedExitCode : signalledExitCode),
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8'),
        timedOut: false,
      }),
    );
  });
}

/** The script and what it has started, less what has left its process group on purpose. */
function killGroup(child: ChildProcess): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
  signalGroup(child, 'SIGKILL');
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It was faster.
  }
}
