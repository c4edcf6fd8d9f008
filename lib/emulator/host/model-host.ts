/**
 * The host driver `model`: one Linux guest in memory, whose scripts run in a shell in memory. It configures itself as
 * Amazon Linux 2023 does: main default routes by device index, own table and rule for every interface but the first
 * (https://github.com/amazonlinux/amazon-ec2-net-utils). Secondary addresses it leaves alone, which is the worst case:
 * Ubuntu and RHEL never configure one that has moved, and Amazon Linux takes up to 65 s.
 */
import { Bash, type CommandName, defineCommand, InMemoryFs } from 'just-bash';
import type { Clock } from '../clock.ts';
import { type Execution, HostDown, type HostDriver, type Nic, type Program } from './driver.ts';
import type { Egress, Endpoint, Fabric } from './fabric.ts';
import { type Output, runIp } from './ip.ts';
import { blockOf, formatAddress, parseAddress } from './ipv4.ts';
import { Kernel, mainTable, type Route } from './kernel.ts';
import { type Pinger, runPing } from './ping.ts';

export interface StaticAddress {
  readonly device: string;
  readonly address: string;
  readonly prefixLength: number;
}

export interface ModelHostOptions {
  readonly id: string;
  readonly clock: Clock;
  readonly fabric: Fabric;
  /** In the guest's own configuration files: comes back at every boot, whoever owns the address by then. */
  readonly staticAddresses?: readonly StaticAddress[];
  /** `networkd` restores an interface's own routes and rule whenever its link comes up; `none` configures at boot only. */
  readonly networkManager?: 'networkd' | 'none';
}

type Ending = 'killed' | 'halted';

interface Run {
  readonly abort: AbortController;
  readonly end: (ending: Ending) => void;
}

const firstMetric = 512;
const firstPolicyTable = 10_000;
const killedExitCode = 137;
/** just-bash 3.4 takes `!` in a bracket expression for a character like others: better no answer than the opposite. */
const invertedByShell = /\[!/;
const invertedMessage = 'the model shell inverts "[" followed by "!": write the pattern without it\n';
/** What a minimal guest has, less what would read the machine's own clock or wait on it. */
const shellCommands: readonly CommandName[] = [
  ...(['echo', 'printf', 'true', 'false', 'env', 'pwd', 'basename', 'dirname', 'seq'] as const),
  ...(['cat', 'ls', 'mkdir', 'rm', 'mv', 'cp', 'touch', 'chmod', 'tee'] as const),
  ...(['head', 'tail', 'grep', 'sed', 'awk', 'tr', 'cut', 'sort', 'wc', 'bash', 'sh'] as const),
];

export class ModelHost implements HostDriver, Endpoint {
  readonly id: string;
  readonly #clock: Clock;
  readonly #fabric: Fabric;
  readonly #staticAddresses: readonly StaticAddress[];
  readonly #networkManager: 'networkd' | 'none';
  /** Outlives a reboot, as a root volume does. */
  readonly #disk = new InMemoryFs();
  readonly #programs = new Map<string, { readonly run: Program; running: { stop(): void } | undefined }>();
  readonly #runs = new Set<Run>();
  readonly #brokenLinks = new Set<string>();
  #nics: readonly Nic[] = [];
  /** `undefined` while the guest is down. */
  #kernel: Kernel | undefined;

  constructor(options: ModelHostOptions) {
    this.id = options.id;
    this.#clock = options.clock;
    this.#fabric = options.fabric;
    this.#staticAddresses = options.staticAddresses ?? [];
    this.#networkManager = options.networkManager ?? 'networkd';
    this.#fabric.register(this);
  }

  // ---- Power

  boot(): void {
    if (this.#kernel !== undefined) return;
    this.#kernel = new Kernel((device) => this.#linkCameUp(device));
    for (const nic of this.#nics) this.#plugIn(this.#kernel, nic);
    for (const program of this.#programs.values()) program.running = program.run(this);
  }

  halt(): void {
    if (this.#kernel === undefined) return;
    this.#kernel = undefined;
    for (const run of this.#runs) run.end('halted');
    for (const program of this.#programs.values()) {
      program.running?.stop();
      program.running = undefined;
    }
  }

  isUp(): boolean {
    return this.#kernel !== undefined;
  }

  // ---- Interfaces

  attach(nic: Nic): void {
    const taken = this.#nics.find((each) => each.mac === nic.mac || each.device === nic.device);
    if (taken !== undefined)
      throw new Error(`host ${this.id}: ${nic.device} ${nic.mac} clashes with ${taken.device} ${taken.mac}`);
    this.#nics = [...this.#nics, nic].toSorted((a, b) => a.deviceIndex - b.deviceIndex);
    if (this.#kernel !== undefined) this.#plugIn(this.#kernel, nic);
  }

  detach(mac: string): void {
    const nic = this.#nics.find((each) => each.mac === mac);
    if (nic === undefined) return;
    this.#nics = this.#nics.filter((each) => each !== nic);
    this.#brokenLinks.delete(nic.device);
    this.#kernel?.removeDevice(nic.device);
  }

  #plugIn(kernel: Kernel, nic: Nic): void {
    kernel.addDevice({
      name: nic.device,
      mac: nic.mac,
      loopback: false,
      carrier: !this.#brokenLinks.has(nic.device),
    });
    kernel.addAddress({
      device: nic.device,
      address: numberOf(nic.primaryAddress),
      length: nic.prefixLength,
      metric: firstMetric + nic.deviceIndex,
      broadcast: true,
    });
    for (const { device, address, prefixLength } of this.#staticAddresses)
      if (device === nic.device)
        kernel.addAddress({
          device,
          address: numberOf(address),
          length: prefixLength,
          metric: 0,
          broadcast: false,
        });
    kernel.setAdmin(nic.device, true);
    if (this.#networkManager === 'none') configureRoutes(kernel, nic);
  }

  #linkCameUp(device: string): void {
    const nic = this.#nics.find((each) => each.device === device);
    if (nic !== undefined && this.#kernel !== undefined && this.#networkManager === 'networkd')
      configureRoutes(this.#kernel, nic);
  }

  // ---- Scripts and programs

  async exec(script: string, options: { readonly timeoutMs: number }): Promise<Execution> {
    const kernel = this.#running();
    if (invertedByShell.test(script))
      return { exitCode: 2, stdout: '', stderr: invertedMessage, timedOut: false };
    return this.#clock.work(async () => {
      const ended = Promise.withResolvers<Ending>();
      const abort = new AbortController();
      const run: Run = {
        abort,
        end: (ending) => {
          abort.abort();
          ended.resolve(ending);
        },
      };
      this.#runs.add(run);
      const timer = this.#clock.after(options.timeoutMs, () => run.end('killed'));
      try {
        const shell = this.#shell(kernel, abort.signal);
        const result = await Promise.race([
          shell.exec(script, { rawScript: true, signal: abort.signal }),
          ended.promise,
        ]);
        if (result === 'halted') throw new HostDown(this.id);
        if (result === 'killed') return { exitCode: killedExitCode, stdout: '', stderr: '', timedOut: true };
        return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr, timedOut: false };
      } finally {
        timer.cancel();
        this.#runs.delete(run);
      }
    });
  }

  startProgram(name: string, run: Program): void {
    if (this.#programs.has(name)) throw new Error(`host ${this.id}: program ${name} is installed already`);
    this.#programs.set(name, { run, running: this.isUp() ? run(this) : undefined });
  }

  stopProgram(name: string): void {
    this.#programs.get(name)?.running?.stop();
    this.#programs.delete(name);
  }

  /** One shell per script: nothing but the disk and the kernel is shared between two. */
  #shell(kernel: Kernel, signal: AbortSignal): Bash {
    const pinger: Pinger = {
      clock: this.#clock,
      ask: (source, target) => this.#fabric.pingFrom(this.id, source ?? sourceFor(kernel, target), target),
      isOwn: (address) => kernel.isOwn(numberOf(address)),
    };
    /** A killed script has no further effect, even when its shell is a moment late to notice. */
    const command = (name: string, run: (args: string[]) => Promise<Output> | Output) =>
      defineCommand(name, async (args) => {
        signal.throwIfAborted();
        return run(args);
      });
    return new Bash({
      fs: this.#disk,
      commands: [...shellCommands],
      defenseInDepth: false, // it patches this process's globals; the scripts are our own
      customCommands: [
        command('ip', (args) => runIp(kernel, args)),
        command('ping', (args) => runPing(pinger, args)),
        command('sleep', (args) => this.#sleep(args)),
      ],
    });
  }

  async #sleep(args: readonly string[]): Promise<Output> {
    const [seconds = '', ...rest] = args;
    if (rest.length > 0 || !/^[0-9]+(\.[0-9]+)?$/.test(seconds))
      return { stdout: '', stderr: `sleep: invalid time interval '${args.join(' ')}'\n`, exitCode: 1 };
    await this.#clock.sleep(Math.round(Number(seconds) * 1000));
    return { stdout: '', stderr: '', exitCode: 0 };
  }

  // ---- Faults

  setLink(device: string, state: 'up' | 'down'): void {
    if (state === 'down') this.#brokenLinks.add(device);
    else this.#brokenLinks.delete(device);
    if (this.#nics.some((each) => each.device === device)) this.#kernel?.setCarrier(device, state === 'up');
  }

  deleteAddress(device: string, address: string): void {
    const kernel = this.#running();
    const wanted = numberOf(address);
    for (const each of kernel.addresses.filter((a) => a.device === device && a.address === wanted))
      kernel.deleteAddress(each);
  }

  addAddress(device: string, address: string, prefixLength: number): void {
    const added = { device, address: numberOf(address), length: prefixLength, metric: 0, broadcast: false };
    this.#running().addAddress(added);
  }

  // ---- As the fabric sees it

  carries(mac: string): boolean {
    return this.#kernel?.devices.some((each) => each.mac === mac && each.admin && each.carrier) ?? false;
  }

  hasAddress(address: string): boolean {
    return this.#kernel?.isOwn(numberOf(address)) ?? false;
  }

  egress(source: string, target: string): Egress {
    const decision = this.#kernel?.decide(numberOf(source), numberOf(target)) ?? { kind: 'unreachable' };
    return decision.kind === 'forward' ? { kind: 'wire', mac: decision.device.mac } : { kind: decision.kind };
  }

  #running(): Kernel {
    if (this.#kernel === undefined) throw new HostDown(this.id);
    return this.#kernel;
  }
}

/** What the network manager holds for an interface: a main default route, and for all but the first a table and a rule. */
function configureRoutes(kernel: Kernel, nic: Nic): void {
  const { device, deviceIndex } = nic;
  const primary = numberOf(nic.primaryAddress);
  const toAll = { to: { base: 0, length: 0 }, via: numberOf(nic.gateway), device };
  const toSubnet: Route['to'] = { base: blockOf(primary, nic.prefixLength), length: nic.prefixLength };
  kernel.addRoute(
    { ...toAll, table: mainTable, src: primary, metric: firstMetric + deviceIndex, proto: 'dhcp' },
    'replace',
  );
  if (deviceIndex === 0) return;
  const table = firstPolicyTable + deviceIndex;
  const own = { table, src: undefined, metric: 0, proto: 'static', device } as const;
  kernel.addRoute({ ...own, to: toSubnet, via: undefined }, 'replace');
  kernel.addRoute({ ...own, ...toAll }, 'replace');
  const rule = { priority: table, from: { base: primary, length: 32 }, table };
  if (!kernel.rules.some((each) => each.priority === table && each.from?.base === primary))
    kernel.addRule(rule);
}

/** The source that the kernel would choose; an address that nobody has when there is no route. */
function sourceFor(kernel: Kernel, target: string): string {
  const decision = kernel.decide(undefined, numberOf(target));
  if (decision.kind === 'local') return target;
  return decision.kind === 'forward' ? formatAddress(decision.src) : '0.0.0.0';
}

function numberOf(text: string): number {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is not an IPv4 address`);
  return address;
}
