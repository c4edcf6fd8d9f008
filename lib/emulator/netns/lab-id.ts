/**
 * The name of one lab, `hf-<pid>-<n>`: every namespace of it begins so, and so does its directory. A lab whose process
 * is gone has crashed, and what it left is removed by the next one.
 *
 * The directory is in shared memory where there is one: it holds the guests' disks, and a file system in memory takes
 * overlays on every machine, a container's own does not.
 */
import { existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deleteNamespace } from './commands.ts';

export interface LabId {
  /** Such as `hf-4711-1`. */
  readonly name: string;
  readonly directory: string;
}

const namespaces = '/run/netns';
const sharedMemory = '/dev/shm';
const ownName = /^hf-([0-9]+)-/;

let opened = 0;

/** Removes what crashed labs have left, then makes a directory for this one. */
export function openLabId(): LabId {
  removeLeftovers();
  opened += 1;
  const name = `hf-${process.pid}-${opened}`;
  const directory = join(baseDirectory(), name);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return { name, directory };
}

/** Removes its directory. A guest that is just dying may hold its disk; then another call later does it. */
export function forgetLab({ directory }: LabId): void {
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOTEMPTY')) throw error;
  }
}

/** Names of the namespaces that belong to this lab. */
export function namespacesOf(lab: string): readonly string[] {
  return listOf(namespaces).filter((name) => name.startsWith(`${lab}-`));
}

/** Kills whoever is left in the namespace and gives its name back. Its devices go with it. */
export function removeNamespace(name: string): void {
  for (const pid of processesIn(name)) end(pid);
  deleteNamespace(name);
}

function removeLeftovers(): void {
  for (const name of listOf(namespaces)) if (isLeftover(name)) removeNamespace(name);
  for (const name of listOf(baseDirectory()))
    if (isLeftover(name)) rmSync(join(baseDirectory(), name), { recursive: true, force: true });
}

function isLeftover(name: string): boolean {
  const pid = ownName.exec(name)?.[1];
  return pid !== undefined && !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

function processesIn(namespace: string): readonly number[] {
  const file = join(namespaces, namespace);
  if (!existsSync(file)) return [];
  const link = `net:[${statSync(file).ino}]`;
  return listOf('/proc')
    .filter((name) => /^[0-9]+$/.test(name) && networkOf(name) === link)
    .map(Number);
}

/** Undefined for a process that has just ended. */
function networkOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was faster.
  }
}

function listOf(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

function baseDirectory(): string {
  return existsSync(sharedMemory) ? sharedMemory : tmpdir();
}
