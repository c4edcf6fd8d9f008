/** The file system of a model guest: a disk that outlives a boot, and of /proc what scripts ask for. /run is empty at every boot. */
import { InMemoryFs } from 'just-bash';
import type { Clock } from '../clock.ts';

const uptimeFile = '/proc/uptime';
const ticksPerSecond = 100;

export class GuestFiles extends InMemoryFs {
  readonly #clock: Clock;
  #bootedAtMs = 0;
  #lastPid = 1_000;
  /** Resolves when /run is empty. */
  #emptied: Promise<void> = Promise.resolve();

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  boot(): void {
    this.#bootedAtMs = this.#clock.now();
    this.#emptied = this.rm('/run', { recursive: true, force: true });
  }

  /** A program with its content, which a shell reads. */
  writeProgram(path: string, text: string): void {
    this.writeFileSync(path, text, {}, { mode: 0o755 });
  }

  /** A process that is there as long as `run` takes. */
  async inProcess<T>(run: (pid: number) => Promise<T>): Promise<T> {
    await this.#emptied;
    const pid = ++this.#lastPid;
    const directory = `/proc/${pid}`;
    this.writeFileSync(`${directory}/stat`, this.#statOf(pid));
    try {
      return await run(pid);
    } finally {
      await this.rm(directory, { recursive: true, force: true });
    }
  }

  /** 1001 (sh) S 1 ...: the 22nd field is when it began. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
  #statOf(pid: number): string {
    const began = Math.floor((this.#upMs() * ticksPerSecond) / 1000);
    return `${pid} (sh) S 1 ${pid} ${pid} ${'0 '.repeat(15)}${began} 0\n`;
  }

  override readFileBuffer(path: string): Promise<Uint8Array> {
    this.#refresh(path);
    return super.readFileBuffer(path);
  }

  override readFile(path: string, options?: Parameters<InMemoryFs['readFile']>[1]): Promise<string> {
    this.#refresh(path);
    return super.readFile(path, options);
  }

  override readFileBytes(path: string) {
    this.#refresh(path);
    return super.readFileBytes(path);
  }

  #refresh(path: string): void {
    if (path === uptimeFile) this.writeFileSync(uptimeFile, `${(this.#upMs() / 1000).toFixed(2)} 0.00\n`);
  }

  /** Some seconds have gone by before anything of the guest can be asked. */
  #upMs(): number {
    return this.#clock.now() - this.#bootedAtMs + 5_000;
  }
}
