import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleFleet } from './template.ts';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-synth-'));
const wrongFile = join(directory, 'wrong.yaml');
const assembly = join(directory, 'assembly');
/** A child that loads aws-cdk-lib on a busy machine. */
const patienceMs = 60_000;

beforeAll(() =>
  writeFileSync(
    wrongFile,
    exampleFleet.replace('backup: eth1 }', 'backup: eth0 }').replace('10.0.1.50', '10.0.1.2'),
  ),
);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('a fleet file that is wrong', { timeout: patienceMs }, () => {
  it('stops the app with exit code 78 and its problems alone on stderr', () => {
    const { status, stdout, stderr } = runApp({ HOLDFAST_FLEET_FILE: wrongFile });
    expect(stderr.split('\n')).toEqual([
      `${wrongFile}:${lineOf('10.0.1.50')}: resources.ip-db.address: "10.0.1.2" is reserved by AWS in 10.0.1.0/24; allowed: an address of 10.0.1.0/24 other than its first four and its last, which AWS keeps`,
      `${wrongFile}:${lineOf('backup: eth1 }')}: resources.ip-db.servers[0].backup: "eth0" is the primary interface itself; allowed: one of eth1, none`,
      '',
    ]);
    expect({ status, stdout }).toEqual({ status: 78, stdout: '' });
  });

  it('leaves no assembly that could be deployed', () => {
    runApp({ HOLDFAST_FLEET_FILE: wrongFile });
    expect(existsSync(join(assembly, 'manifest.json'))).toBe(false);
  });

  it('is found by the context key before the environment variable', () => {
    const { status, stderr } = runApp({
      CDK_CONTEXT_JSON: JSON.stringify({ fleet: join(directory, 'absent.yaml') }),
      HOLDFAST_FLEET_FILE: wrongFile,
    });
    expect(stderr).toBe(
      `${join(directory, 'absent.yaml')}: cannot be read (ENOENT); allowed: a fleet file, named by "cdk -c fleet=<file>", HOLDFAST_FLEET_FILE or fleet.yaml here\n`,
    );
    expect(status).toBe(78);
  });
});

/** As the cdk command line runs it: told by the environment where the assembly goes. */
function runApp(environment: { readonly [name: string]: string }) {
  return spawnSync(process.execPath, ['bin/app.ts'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { PATH: process.env['PATH'], CDK_OUTDIR: assembly, ...environment },
    encoding: 'utf8',
  });
}

function lineOf(text: string): number {
  return exampleFleet.slice(0, exampleFleet.indexOf(text)).split('\n').length;
}
