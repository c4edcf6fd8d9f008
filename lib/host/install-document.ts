/**
 * An SSM Command document that installs something on an instance, updates it and takes it off. Everything that it
 * installs is in it: an instance needs no other source than SSM. The limit of a document is 64 KB.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-schemas-features.html
 */
import { readFileSync } from 'node:fs';

interface Installation {
  /** Names the step. */
  readonly name: string;
  /** As the description says it: "the agent". */
  readonly what: string;
  /** Of everything that is installed. */
  readonly version: string;
  /** Texts that are installed, each by the shell function that prints it. */
  readonly texts: Readonly<Record<string, string>>;
  readonly installer: Installer;
}

type Installer = 'install-agent.sh' | 'install-commands.sh';

const actions = ['install', 'remove', 'status'] as const;

/** The content of the document, schema version 2.2. */
export function installDocument({ name, what, version, texts, installer }: Installation): object {
  return {
    schemaVersion: '2.2',
    description: `Holdfast: installs ${what} (version ${version}), takes it off, or says what is there`,
    parameters: {
      Action: {
        type: 'String',
        description: '(Optional) What to do: install (also updates), remove or status',
        default: 'install',
        allowedValues: actions,
        allowedPattern: `^(${actions.join('|')})$`,
      },
      Version: {
        type: 'String',
        description: '(Optional) The version that is to be installed: no other one is; or any',
        default: 'any',
        allowedPattern: '^([0-9a-f]{16}|any)$',
      },
    },
    mainSteps: [
      {
        action: 'aws:runShellScript',
        name,
        precondition: { StringEquals: ['platformType', 'Linux'] },
        inputs: {
          timeoutSeconds: '60',
          runCommand: [
            '#!/bin/sh',
            "HOLDFAST_ACTION='{{ Action }}'",
            "HOLDFAST_VERSION='{{ Version }}'",
            `CARRIED_VERSION=${version}`,
            ...Object.entries(texts).flatMap(([printer, text]) => carried(printer, text)),
            ...installerText(installer).trimEnd().split('\n'),
            'main',
          ],
        },
      },
    ],
  };
}

/** The script that installs: another one is another version of what it installs. */
export function installerText(installer: Installer): string {
  return ['install.sh', installer].map(read).join('');
}

/** A function that prints the text. Nothing in it is expanded, and no line of it can end it. */
function carried(name: string, text: string): readonly string[] {
  const lines = text.trimEnd().split('\n');
  let end = 'HOLDFAST_END';
  while (lines.includes(end)) end += '_';
  return [`${name}() {`, `cat <<'${end}'`, ...lines, end, '}'];
}

function read(file: string): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8');
}
