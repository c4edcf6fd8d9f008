/** Words that stand in no source but the ones named here, and how long a file may be. */
import type { Source } from './sources.ts';

interface Ban {
  readonly name: string;
  readonly pattern: RegExp;
  readonly instead: string;
  /** Where it may stand, and why: a file, or a directory that ends in a slash. */
  readonly except: { readonly [path: string]: string };
}

const tidyItself = {
  'test/unit/tidy.test.ts': 'the bad examples that the rules must catch',
  'test/unit/tidy/': 'the rules',
};

const bans: readonly Ban[] = [
  {
    name: "the machine's clock",
    pattern: /\bDate\.now\b|\bperformance\.now\(|\bnew Date\(\)|\bhrtime\b/,
    instead: 'take the time as an argument, or a Clock',
    except: {
      ...tidyItself,
      'lib/aws/clock.ts': 'the clock that the functions run on',
      'lib/emulator/clock.ts': 'the clock that the embedded AWS runs on',
      'lib/emulator/lambda/worker-main.ts': 'makes the Date of a sandbox follow the emulated clock',
      'lib/story/start.ts': 'says how long the start took, before there is an emulated clock',
      'test/bench/': 'measures',
      'test/contract/emulator-lambda-worker.test.ts': 'the bundle in it shows what Date a sandbox sees',
    },
  },
  {
    name: 'unseeded randomness',
    pattern: /\bMath\.random\b/,
    instead: 'take the chance as an argument, or a seed',
    except: { ...tidyItself, 'lib/aws/clock.ts': 'the one source of chance' },
  },
  {
    name: "the process's environment",
    pattern: /\bprocess\.env\b/,
    instead: 'take settings as an argument; bin and lambdas read them',
    except: {
      ...tidyItself,
      'bin/': 'an entry point',
      'lambdas/': 'an entry point',
      'test/contract/aws-cli-cloudwatch.test.ts': 'starts the AWS CLI, found on the PATH',
      'test/contract/emulator-lambda-worker.test.ts':
        'the bundle in it shows what environment a sandbox sees',
      'test/stack/synth.test.ts': 'starts cdk, which finds node on the PATH',
      'test/story/programs.ts': 'starts the programs of bin as a shell would',
      'test/story/serve.test.ts': 'starts the AWS CLI, found on the PATH',
    },
  },
  {
    name: 'a mocked module',
    pattern: /\bvi\.(mock|doMock)\(/,
    instead: 'use a fake that passes the contract, or the embedded AWS',
    except: tidyItself,
  },
  {
    name: 'a cast to any',
    pattern: / as any\b(?! (?!as\b)[a-z])/,
    instead: 'use unknown, and parse it',
    except: tidyItself,
  },
  {
    name: 'work left for later',
    pattern: /\b(TODO|FIXME)\b/,
    instead: 'do it, or open an issue',
    except: tidyItself,
  },
  {
    name: 'a focused test',
    pattern: /\.only\(/,
    instead: 'run them all',
    except: tidyItself,
  },
  {
    name: 'a default export',
    pattern: /^export default\b|^export \{[^}]*\bas default\b/,
    instead: 'export it by its name',
    except: { ...tidyItself, 'vitest.config.ts': 'vitest asks for it' },
  },
  {
    name: 'a barrel',
    pattern: /^export \*/,
    instead: 'import from the file that has it',
    except: tidyItself,
  },
];

export const longestLines = 350;
/** Each is one thing that would be harder to read in two. */
const longFiles: { readonly [path: string]: string } = {
  'test/host/cases.ts': 'one list of what the script does, true on a kernel and on the model',
  'test/host/transcripts.ts': 'recorded output of real commands',
};

export function tokenProblems({ path, text }: Source): readonly string[] {
  const lines = text.split('\n');
  return bans
    .filter(({ except }) => !Object.keys(except).some((place) => covers(place, path)))
    .flatMap(({ name, pattern, instead }) =>
      lines.flatMap((line, index) =>
        pattern.test(line) ? [`${path}:${index + 1}: ${name} ("${line.trim()}"): ${instead}`] : [],
      ),
    );
}

/** Exceptions that no source needs any more. */
export function exceptionProblems(sources: readonly Source[]): readonly string[] {
  const idleBans = bans.flatMap(({ name, pattern, except }) =>
    Object.keys(except)
      .filter((place) => !Object.hasOwn(tidyItself, place))
      .filter((place) => !sources.some(({ path, text }) => covers(place, path) && hasLine(text, pattern)))
      .map((place) => `${place}: has ${name} no more: take it off the list`),
  );
  const idleLengths = Object.keys(longFiles)
    .filter((place) => !sources.some(({ path, text }) => path === place && lineCount(text) > longestLines))
    .map((place) => `${place}: is long no more: take it off the list`);
  return [...idleBans, ...idleLengths];
}

export function lengthProblems({ path, text }: Source): readonly string[] {
  const lines = lineCount(text);
  return lines > longestLines && !Object.hasOwn(longFiles, path)
    ? [`${path}: ${lines} lines, and a file of ${longestLines} is asking to be two`]
    : [];
}

function covers(place: string, path: string): boolean {
  return place.endsWith('/') ? path.startsWith(place) : path === place;
}

function hasLine(text: string, pattern: RegExp): boolean {
  return text.split('\n').some((line) => pattern.test(line));
}

function lineCount(text: string): number {
  return text.split('\n').length - 1;
}
