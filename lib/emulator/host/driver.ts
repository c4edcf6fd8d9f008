/**
 * What the embedded EC2 and SSM need from a guest, whatever it is made of: `ModelHost` is one in memory.
 * EC2 plugs interfaces in and presses the power button; SSM runs scripts; tests and fault plans break things.
 */

/** One interface as EC2 plugs it in. The MAC is the only name that EC2 and the guest share. */
export interface Nic {
  /** Lower case. */
  readonly mac: string;
  readonly deviceIndex: number;
  /** The name that the guest gives it, such as `eth0`. */
  readonly device: string;
  readonly primaryAddress: string;
  /** Of the subnet, such as 24. */
  readonly prefixLength: number;
  /** The VPC router in that subnet: its base plus one. */
  readonly gateway: string;
}

export interface Execution {
  /** 137 (killed) when `timedOut`. */
  readonly exitCode: number;
  /** Empty when `timedOut`: what a killed script had said by then is lost. */
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

/** The guest is not up, or went down while the script ran: there is no answer, and no effect after that moment. */
export class HostDown extends Error {
  constructor(hostId: string) {
    super(`host ${hostId} is down`);
    this.name = 'HostDown';
  }
}

/** Something that runs on the guest, such as an agent: `run` is called at each boot, `stop` at each halt. */
export type Program = (host: HostDriver) => { stop(): void };

export interface HostDriver {
  /** The instance id. */
  readonly id: string;

  /** Powers on: interfaces are configured as the guest's own network manager does it, then programs start. */
  boot(): void;
  /** Powers off at once: running scripts end without an answer, programs stop, what was not on disk is forgotten. */
  halt(): void;
  isUp(): boolean;

  /** Plugs an interface in; a running guest configures it at once. @throws when the MAC or the device name is taken */
  attach(nic: Nic): void;
  /** Pulls it out; its addresses and routes go with it, rules stay. Nothing happens when it is not there. */
  detach(mac: string): void;

  /**
   * Runs a shell script as root. After `timeoutMs` it is killed and has no further effect.
   * @throws HostDown when the guest is not up, or goes down before the script has ended
   */
  exec(script: string, options: { readonly timeoutMs: number }): Promise<Execution>;

  /** Installs a program: started now when the guest is up, and at every boot. @throws when the name is taken */
  startProgram(name: string, run: Program): void;
  /** Stops and uninstalls it. Nothing happens when it is not there. */
  stopProgram(name: string): void;

  /** Fault: breaks or mends the link itself. `ip link set up` does not heal it, a reboot does not either. */
  setLink(device: string, state: 'up' | 'down'): void;
  /** Fault: somebody removes the address from the device, in the running guest only. */
  deleteAddress(device: string, address: string): void;
  /** Fault: somebody adds the address to the device, in the running guest only. */
  addAddress(device: string, address: string, prefixLength: number): void;
}
