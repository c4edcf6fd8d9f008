/**
 * The host driver `model`: one Linux guest in memory, whose scripts run in a shell in memory. It configures itself as
 * Amazon Linux 2023 does: main default routes by device index, own table and rule for every interface but the first
 * (https://github.com/amazonlinux/amazon-ec2-net-utils). Secondary addresses it leaves alone, which is the worst case:
 * Ubuntu and RHEL never configure one that has moved, and Amazon Linux takes up to 65 s.
 */
import type { Clock } from '../clock.ts';
import { type Execution, HostDown, type HostDriver, type Nic, type Program } from './driver.ts';
import type { Egress, Endpoint, Fabric } from './fabric.ts';
import { addressIn, familyOf } from './family.ts';
import { GuestFiles } from './guest-files.ts';
import { configureRoutes, firstMetric, learnRouter } from './guest-network.ts';
import { Kernel } from './kernel.ts';
import type { Pinger } from './ping.ts';
import { type GuestParts, guestShell } from './shell.ts';
import { Units } from './units.ts';

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

const killedExitCode = 137;
/** just-bash 3.4 takes `!` in a bracket expression for a character like others: better no answer than the opposite. */
const invertedByShell = /\[!/;
const invertedMessage = 'the model shell inverts "[" followed by "!": write the pattern without it\n';

export class ModelHost implements HostDriver, Endpoint {
  readonly id: string;
  readonly #clock: Clock;
  readonly #fabric: Fabric;
  readonly #staticAddresses: readonly StaticAddress[];
  readonly #networkManager: 'networkd' | 'none';
  /** What its systemd manages: installed, broken and looked at by whoever builds the guest. */
  readonly units: Units;
  /** Outlives a reboot, as a root volume does. */
  readonly #files: GuestFiles;
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
    this.units = new Units(options.clock);
    this.#files = new GuestFiles(options.clock);
    this.#staticAddresses = options.staticAddresses ?? [];
    this.#networkManager = options.networkManager ?? 'networkd';
    this.#fabric.register(this);
  }

  // ---- Power

  boot(): void {
    if (this.#kernel !== undefined) return;
    this.#kernel = new Kernel((device) => this.#linkCameUp(device));
    this.#files.boot();
    for (const nic of this.#nics) this.#plugIn(this.#kernel, nic);
    this.units.boot();
    for (const program of this.#programs.values()) program.running = program.run(this);
  }

  halt(): void {
    if (this.#kernel === undefined) return;
    this.#kernel = undefined;
    this.units.halt();
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
    kernel.ipv4.addAddress({
      device: nic.device,
      address: addressIn(nic.primaryAddress),
      length: nic.prefixLength,
      metric: firstMetric + nic.deviceIndex,
      broadcast: true,
    });
    for (const { device, address, prefixLength } of this.#staticAddresses)
      if (device === nic.device)
        kernel
          .stack(familyOf(address))
          .addAddress({ device, address: addressIn(address), length: prefixLength });
    kernel.setAdmin(nic.device, true);
    if (this.#networkManager === 'none') configureRoutes(kernel, nic);
  }

  #linkCameUp(device: string): void {
    const nic = this.#nics.find((each) => each.device === device);
    if (nic === undefined || this.#kernel === undefined) return;
    learnRouter(this.#kernel, nic);
    if (this.#networkManager === 'networkd') configureRoutes(this.#kernel, nic);
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
        const running = this.#files.inProcess((pid) =>
          guestShell(this.#parts(kernel), pid, abort.signal).exec(script, {
            rawScript: true,
            signal: abort.signal,
          }),
        );
        const result = await Promise.race([running, ended.promise]);
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

  /** A command as a script of the guest's own shell, such as /usr/local/bin/app. It stays on the disk. */
  writeProgram(path: string, text: string): void {
    this.#files.writeProgram(path, text);
  }

  #parts(kernel: Kernel): GuestParts {
    const pinger: Pinger = {
      clock: this.#clock,
      ask: (source, target) => this.#fabric.pingFrom(this.id, source ?? sourceFor(kernel, target), target),
      isOwn: (address) => kernel.stack(familyOf(address)).isOwn(addressIn(address)),
    };
    return { clock: this.#clock, kernel, files: this.#files, units: this.units, pinger };
  }

  // ---- Faults

  setLink(device: string, state: 'up' | 'down'): void {
    if (state === 'down') this.#brokenLinks.add(device);
    else this.#brokenLinks.delete(device);
    if (this.#nics.some((each) => each.device === device)) this.#kernel?.setCarrier(device, state === 'up');
  }

  deleteAddress(device: string, address: string): void {
    const stack = this.#running().stack(familyOf(address));
    const wanted = addressIn(address);
    for (const each of stack.addresses.filter((a) => a.device === device && a.address === wanted))
      stack.deleteAddress(each);
  }

  addAddress(device: string, address: string, prefixLength: number): void {
    this.#running()
      .stack(familyOf(address))
      .addAddress({ device, address: addressIn(address), length: prefixLength });
  }

  // ---- As the fabric sees it

  carries(mac: string): boolean {
    return this.#kernel?.devices.some((each) => each.mac === mac && each.admin && each.carrier) ?? false;
  }

  hasAddress(address: string): boolean {
    return this.#kernel?.stack(familyOf(address)).isOwn(addressIn(address)) ?? false;
  }

  egress(source: string, target: string): Egress {
    if (familyOf(source) !== familyOf(target)) return { kind: 'unreachable' };
    const stack = this.#kernel?.stack(familyOf(source));
    const decision = stack?.decide(addressIn(source), addressIn(target)) ?? { kind: 'unreachable' };
    return decision.kind === 'forward' ? { kind: 'wire', mac: decision.device.mac } : { kind: decision.kind };
  }

  #running(): Kernel {
    if (this.#kernel === undefined) throw new HostDown(this.id);
    return this.#kernel;
  }
}

/** The source that the kernel would choose; an address that nobody has when there is no route. */
function sourceFor(kernel: Kernel, target: string): string {
  const family = familyOf(target);
  const decision = kernel.stack(family).decide(undefined, addressIn(target));
  if (decision.kind === 'local') return target;
  return family.format(decision.kind === 'forward' ? decision.src : 0n);
}
