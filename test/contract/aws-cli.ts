/** The AWS CLI, version 1 or 2, whichever the machine has: a client that nobody here wrote, over a real socket. */
import { execFile, execFileSync } from 'node:child_process';

/** A Python interpreter starts for every call. */
export const cliTimeoutMs = 60_000;

export const isCliInstalled = (() => {
  try {
    return execFileSync('aws', ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).startsWith('aws-cli');
  } catch {
    return false;
  }
})();

export const cliTitle = isCliInstalled
  ? 'the AWS CLI'
  : 'the AWS CLI (skipped: no program `aws` on the PATH)';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param home where it looks for its own settings, and finds none */
export function awsCli(endpoint: string, home: string, words: readonly string[]): Promise<Ran> {
  const options = ['--endpoint-url', endpoint, '--region', 'us-east-1', '--output', 'json'];
  const settings = [
    `HOME=${home}`,
    'AWS_ACCESS_KEY_ID=test',
    'AWS_SECRET_ACCESS_KEY=test',
    'AWS_EC2_METADATA_DISABLED=true',
    'AWS_MAX_ATTEMPTS=1',
    'AWS_PAGER=',
    'NO_PROXY=127.0.0.1',
    'no_proxy=127.0.0.1',
  ];
  // What this process has in its environment goes along, but no profile.
  const program = ['-u', 'AWS_PROFILE', ...settings, 'aws', ...words, ...options];
  return new Promise((resolve) => {
    execFile('env', program, { timeout: cliTimeoutMs }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
  });
}

/** What it prints, read. @throws Error with what it says when it fails */
export async function awsCliJson(endpoint: string, home: string, words: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await awsCli(endpoint, home, words);
  if (code !== 0) throw new Error(stderr);
  return stdout.trim() === '' ? {} : JSON.parse(stdout);
}
