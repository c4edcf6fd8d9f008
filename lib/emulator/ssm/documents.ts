/** Documents and their versions, of type Command or Automation: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateDocument.html */
import { parse as parseYaml } from 'yaml';
import type { Account } from '../account.ts';
import { AwsError, notModelled } from '../errors.ts';
import { type Runbook, readRunbook } from './automation-document.ts';
import { type CommandDocument, readCommandDocument } from './command-document.ts';

interface Version {
  readonly number: number;
  readonly content: string;
  readonly format: 'JSON' | 'YAML';
  readonly createdAtMs: number;
}

/** Of a Command document. */
export interface DocumentVersion extends Version {
  readonly command: CommandDocument;
}

/** Of an Automation document. */
export interface RunbookVersion extends Version {
  readonly runbook: Runbook;
}

type AnyVersion = DocumentVersion | RunbookVersion;
type DocumentType = 'Command' | 'Automation';

export interface StoredDocument {
  readonly name: string;
  readonly type: DocumentType;
  readonly targetType: string | undefined;
  readonly defaultVersion: number;
  readonly versions: readonly AnyVersion[];
}

export interface DocumentPlan {
  readonly name: string;
  readonly content: string;
  readonly format: string | undefined;
  readonly type: string | undefined;
  readonly targetType: string | undefined;
}

/** What whoever refers to a document by `$DEFAULT` or `$LATEST` now gets is another one, or the document is gone. */
type DocumentChange = '$DEFAULT' | '$LATEST' | 'deleted';

/** https://docs.aws.amazon.com/general/latest/gr/ssm.html: size of a document, versions of one. */
const largestContent = 65_536;
const mostVersions = 1000;

export class Documents {
  readonly #account: Account;
  readonly #documents = new Map<string, StoredDocument>();
  readonly #listeners: ((name: string, change: DocumentChange) => void)[] = [];

  constructor(account: Account) {
    this.#account = account;
  }

  onChange(listener: (name: string, change: DocumentChange) => void): void {
    this.#listeners.push(listener);
  }

  /** @throws AwsError DocumentAlreadyExists, InvalidDocumentContent, InvalidDocumentSchemaVersion, MaxDocumentSizeExceeded */
  create({ name, content, format, type = 'Command', targetType }: DocumentPlan): StoredDocument {
    if (!/^[a-zA-Z0-9_\-.]{3,128}$/.test(name))
      throw new AwsError('ValidationException', `'${name}' is not a document name`);
    // Whoever leaves the type out gets a Command document.
    if (type !== 'Command' && type !== 'Automation')
      throw notModelled(`the document type ${type}`, 'InvalidDocumentType');
    if (this.#documents.has(name))
      throw new AwsError('DocumentAlreadyExists', `Document with name ${name} already exists.`);
    const versions = [this.#version(type, 1, content, format)];
    const document: StoredDocument = { name, type, targetType, defaultVersion: 1, versions };
    this.#documents.set(name, document);
    return document;
  }

  /** Adds a version; the default stays. @throws AwsError InvalidDocument, DuplicateDocumentContent, ... */
  addVersion(name: string, content: string, format: string | undefined): AnyVersion {
    const document = this.get(name);
    const latest = latestOf(document);
    if (latest.content === content)
      throw new AwsError(
        'DuplicateDocumentContent',
        'The content of the association document matches another document.',
      );
    if (document.versions.length >= mostVersions)
      throw new AwsError('DocumentVersionLimitExceeded', `${name} has ${mostVersions} versions.`);
    const version = this.#version(document.type, latest.number + 1, content, format);
    this.#documents.set(name, { ...document, versions: [...document.versions, version] });
    this.#tell(name, '$LATEST');
    return version;
  }

  setDefault(name: string, version: string): StoredDocument {
    const before = this.get(name);
    const document = { ...before, defaultVersion: this.anyVersion(name, version).number };
    this.#documents.set(name, document);
    if (document.defaultVersion !== before.defaultVersion) this.#tell(name, '$DEFAULT');
    return document;
  }

  remove(name: string): void {
    this.get(name);
    this.#documents.delete(name);
    this.#tell(name, 'deleted');
  }

  find(name: string): StoredDocument | undefined {
    return this.#documents.get(name);
  }

  /** @throws AwsError InvalidDocument */
  get(name: string): StoredDocument {
    const document = this.#documents.get(name);
    if (document === undefined)
      throw new AwsError('InvalidDocument', `Document with name ${name} does not exist.`);
    return document;
  }

  /** Of a Command document. @throws AwsError InvalidDocument, InvalidDocumentVersion */
  version(name: string, version: string | undefined): DocumentVersion {
    const found = this.anyVersion(name, version);
    if ('command' in found) return found;
    throw new AwsError('InvalidDocument', `Document ${name} is of type Automation and runs no command.`);
  }

  /** Of an Automation document. @throws AwsError AutomationDefinitionNotFoundException, AutomationDefinitionVersionNotFoundException */
  runbook(name: string, version: string | undefined): RunbookVersion {
    if (this.find(name)?.type !== 'Automation')
      throw new AwsError(
        'AutomationDefinitionNotFoundException',
        `Automation definition with name ${name} was not found.`,
      );
    const found = this.#versionOf(this.get(name), version);
    if (found !== undefined && 'runbook' in found) return found;
    throw new AwsError(
      'AutomationDefinitionVersionNotFoundException',
      `Automation definition ${name} has no version ${version}.`,
    );
  }

  /** `$DEFAULT` when absent, `$LATEST`, or a number. @throws AwsError InvalidDocument, InvalidDocumentVersion */
  anyVersion(name: string, version: string | undefined): AnyVersion {
    const found = this.#versionOf(this.get(name), version);
    if (found === undefined)
      throw new AwsError('InvalidDocumentVersion', `Document ${name} has no version ${version}.`);
    return found;
  }

  #versionOf(document: StoredDocument, version: string | undefined): AnyVersion | undefined {
    if (version === '$LATEST') return latestOf(document);
    const number =
      version === undefined || version === '$DEFAULT' ? document.defaultVersion : Number(version);
    return document.versions.find((each) => each.number === number);
  }

  #tell(name: string, change: DocumentChange): void {
    for (const listener of this.#listeners) listener(name, change);
  }

  #version(type: DocumentType, number: number, content: string, format = 'JSON'): AnyVersion {
    if (format !== 'JSON' && format !== 'YAML')
      throw notModelled(`the document format ${format}`, 'ValidationException');
    if (Buffer.byteLength(content) > largestContent)
      throw new AwsError('MaxDocumentSizeExceeded', `A document has at most ${largestContent} bytes.`);
    const parsed = parseContent(content, format);
    const version: Version = { number, content, format, createdAtMs: this.#account.clock.now() };
    return type === 'Command'
      ? { ...version, command: readCommandDocument(parsed) }
      : { ...version, runbook: readRunbook(parsed) };
  }
}

export function latestOf({ versions }: StoredDocument): AnyVersion {
  const latest = versions.at(-1);
  if (latest === undefined) throw new Error('a document has at least one version');
  return latest;
}

function parseContent(content: string, format: 'JSON' | 'YAML'): unknown {
  try {
    return format === 'JSON' ? JSON.parse(content) : parseYaml(content);
  } catch (error) {
    throw new AwsError('InvalidDocumentContent', `${format} is not well-formed: ${String(error)}`);
  }
}
