/**
 * The SSM Command document that starts, stops and looks at the declared dependents of protected addresses on an
 * instance. Units and argument lists are written into it when the fleet is deployed; a command brings the name of a
 * dependent, the action and an order, each in single quotes behind a pattern that lets no quote through (document.ts).
 */
import { compact } from './compact.ts';
import { dependentScript } from './dependent-script.ts';
import { quoted } from './quoted.ts';

export interface HostDependent {
  /** Of the resource that it belongs to. */
  readonly tag: string;
  /** Of the dependent, unique within the resource. */
  readonly name: string;
  /** Of one start, stop or check, in whole seconds. */
  readonly timeoutS: number;
  readonly run:
    | { readonly kind: 'systemd'; readonly unit: string }
    | {
        readonly kind: 'command';
        /** A program and its arguments; no shell reads them. */
        readonly start: readonly string[];
        readonly stop: readonly string[];
        /** Exits with 0 for in service, 3 for out of service. */
        readonly check: readonly string[] | null;
      };
}

export type DependentParameter = 'Tag' | 'Name' | 'Action' | 'Order';

const word = '^[a-z0-9][a-z0-9-]{0,62}$';
export const dependentPatterns: Readonly<Record<DependentParameter, string>> = {
  Tag: word,
  Name: word,
  Action: '^(start|stop|check)$',
  Order: '^[0-9]{1,15}$',
};

/** https://docs.aws.amazon.com/general/latest/gr/ssm.html */
const documentBytes = 64 * 1024;
/** Twelve hours; what SSM lets a script run is four times that. */
const longestTimeoutS = 43_200;
const shortestRunS = 30;
/** No glob: systemctl would take it for a pattern. https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html */
const unitPattern = /^[A-Za-z0-9:_.\\@-]{1,255}$/;

/**
 * The content of the document, schema version 2.2.
 * @throws Error when a declaration cannot be run as it stands, or the document is over SSM's limit
 */
export function dependentDocument(dependents: readonly HostDependent[]): object {
  for (const each of dependents) check(each, dependents);
  const content = {
    schemaVersion: '2.2',
    description: 'Holdfast: starts, stops or looks at a declared dependent of a protected IP address',
    parameters: {
      Tag: parameter('Tag', '(Required) The tag of the resource, such as ip-db'),
      Name: parameter('Name', '(Required) The name of its dependent, such as postgresql'),
      Action: {
        ...parameter('Action', '(Required) What to do: start, stop or check'),
        allowedValues: ['start', 'stop', 'check'],
      },
      Order: {
        ...parameter(
          'Order',
          '(Optional) A number that rises: a start or stop older than the last that ran is refused; 0 for none',
        ),
        default: '0',
      },
    },
    mainSteps: [
      {
        action: 'aws:runShellScript',
        name: 'dependent',
        precondition: { StringEquals: ['platformType', 'Linux'] },
        inputs: {
          timeoutSeconds: String(Math.max(shortestRunS, ...dependents.map(longestRunS))),
          runCommand: [...preamble, ...declarations(dependents), ...scriptLines(), 'main'],
        },
      },
    ],
  };
  const bytes = new TextEncoder().encode(JSON.stringify(content)).length;
  if (bytes > documentBytes)
    throw new Error(
      `the SSM document of ${dependents.length} dependents is ${bytes} bytes; at most ${documentBytes} are allowed: shorten their commands, or put them into files on the servers`,
    );
  return content;
}

/** Seconds after which an answer is there, whatever hangs: how dependent.sh adds up its bounds (test/host). */
export function longestRunS({ timeoutS, run }: Pick<HostDependent, 'timeoutS' | 'run'>): number {
  const bounded = (seconds: number) => seconds + killAfterS;
  if (run.kind === 'systemd') return bounded(timeoutS) + looksAtUnit * bounded(lookS) + slackS;
  return (run.check === null ? 1 : 3) * bounded(timeoutS) + slackS;
}

const killAfterS = 5;
const lookS = 10;
/** Before, reset-failed, after, and once more. */
const looksAtUnit = 4;
/** The lock, the pauses, and a shell that is slow. */
const slackS = 15;

function check(dependent: HostDependent, all: readonly HostDependent[]): void {
  const { tag, name, timeoutS, run } = dependent;
  const refuse = (what: string) => new Error(`dependent ${tag}/${name}: ${what}`);
  for (const each of [tag, name])
    if (!new RegExp(word).test(each)) throw refuse(`${JSON.stringify(each)} does not match ${word}`);
  if (all.some((each) => each !== dependent && each.tag === tag && each.name === name))
    throw refuse('is declared twice');
  if (!Number.isInteger(timeoutS) || timeoutS < 1 || timeoutS > longestTimeoutS)
    throw refuse(`a timeout of ${timeoutS} s; allowed: whole seconds from 1 to ${longestTimeoutS}`);
  if (run.kind === 'systemd') {
    if (!unitPattern.test(run.unit)) throw refuse(`${JSON.stringify(run.unit)} is not the name of a unit`);
    return;
  }
  for (const argv of [run.start, run.stop, run.check])
    if (argv !== null && !argv[0]) throw refuse('a command without a program');
}

/** A function that knows what is declared, and runs it. Its lines are not compacted: an argument may have several. */
function declarations(dependents: readonly HostDependent[]): readonly string[] {
  const lines = [
    `DECLARED=${quoted(dependents.map(({ tag, name }) => `${tag}/${name}`).join(' '))}`,
    'declared() {',
    'case "$tag/$name $1" in',
    ...dependents.flatMap(({ tag, name, timeoutS, run }) => {
      const when = (what: string, then: string) => `${quoted(`${tag}/${name} ${what}`)}) ${then} ;;`;
      if (run.kind === 'systemd')
        return [when('kind', `kind=systemd limit=${timeoutS} unit=${quoted(run.unit)}`)];
      const runs = (argv: readonly string[]) => ['bounded', '"$limit"', ...argv.map(quoted)].join(' ');
      return [
        when('kind', `kind=command limit=${timeoutS} checkable=${run.check !== null}`),
        when('start', runs(run.start)),
        when('stop', runs(run.stop)),
        ...(run.check === null ? [] : [when('check', runs(run.check))]),
      ];
    }),
    '*) return 1 ;;',
    'esac',
    '}',
  ];
  return lines.join('\n').split('\n');
}

function scriptLines(): readonly string[] {
  return compact(dependentScript()).trimEnd().split('\n');
}

function parameter(name: DependentParameter, description: string) {
  return { type: 'String', description, allowedPattern: dependentPatterns[name] };
}

const preamble = [
  '#!/bin/sh',
  "HOLDFAST_TAG='{{ Tag }}'",
  "HOLDFAST_NAME='{{ Name }}'",
  "HOLDFAST_ACTION='{{ Action }}'",
  "HOLDFAST_ORDER='{{ Order }}'",
] as const;
