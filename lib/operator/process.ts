/** The process as the programs see it: its terminal, Ctrl-C, and an end that loses no output. */
import type { WriteStream } from 'node:tty';
import type { Terminal } from './command.ts';
import type { Environment } from './settings.ts';

const defaultColumns = 100;
const sigint = 'SIGINT';

export function processTerminal(environment: Environment): Terminal {
  const { stdout, stderr } = process;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    live: stderr.isTTY === true && environment['TERM'] !== 'dumb',
    colour: stdout.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb',
    columns: widthOf(stderr) ?? widthOf(stdout) ?? defaultColumns,
  };
}

/** Aborted by the first Ctrl-C; the second ends the process at once, as without us. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  process.once(sigint, () => controller.abort());
  return controller.signal;
}

/** A reader that has gone away (`| head`) is no error. */
export function tolerateClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit();
    });
}

/** Ends once everything is written, whatever a library still holds open. */
export function end(exitCode: number): void {
  process.exitCode = exitCode;
  process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));
}

function widthOf({ isTTY, columns }: Pick<WriteStream, 'isTTY' | 'columns'>): number | undefined {
  return isTTY && columns > 0 ? columns : undefined;
}
