/** Documents and their versions. Only Command documents: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateDocument.html */
import { parse as parseYaml } from 'yaml';
import type { Account } from '../account.ts';
import { AwsError, notModelled } from '../errors.ts';
import { type CommandDocument, readCommandDocument } from './command-document.ts';

export interface DocumentVersion {
  readonly number: number;
  readonly content: string;
  readonly format: 'JSON' | 'YAML';
  readonly createdAtMs: number;
  readonly command: CommandDocument;
}

export interface StoredDocument {
  readonly name: string;
  readonly targetType: string | undefined;
  readonly defaultVersion: number;
  readonly versions: readonly DocumentVersion[];
}

export interface DocumentPlan {
  readonly name: string;
  readonly content: string;
  readonly format: string | undefined;
  readonly type: string | undefined;
  readonly targetType: string | undefined;
}

/** https://docs.aws.amazon.com/general/latest/gr/ssm.html: size of a document, versions of one. */
const largestContent = 65_536;
const mostVersions = 1000;

export class Documents {
  readonly #account: Account;
  readonly #documents = new Map<string, StoredDocument>();

  constructor(account: Account) {
    this.#account = account;
  }

  /** @throws AwsError DocumentAlreadyExists, InvalidDocumentContent, InvalidDocumentSchemaVersion, MaxDocumentSizeExceeded */
  create({ name, content, format, type, targetType }: DocumentPlan): StoredDocument {
    if (!/^[a-zA-Z0-9_\-.]{3,128}$/.test(name))
      throw new AwsError('ValidationException', `'${name}' is not a document name`);
    // Whoever leaves the type out gets a Command document.
    if (type !== undefined && type !== 'Command')
      throw notModelled(`the document type ${type}`, 'InvalidDocumentType');
    if (this.#documents.has(name))
      throw new AwsError('DocumentAlreadyExists', `Document with name ${name} already exists.`);
    const document = { name, targetType, defaultVersion: 1, versions: [this.#version(1, content, format)] };
    this.#documents.set(name, document);
    return document;
  }

  /** Adds a version; the default stays. @throws AwsError InvalidDocument, DuplicateDocumentContent, ... */
  addVersion(name: string, content: string, format: string | undefined): DocumentVersion {
    const document = this.get(name);
    const latest = latestOf(document);
    if (latest.content === content)
      throw new AwsError(
        'DuplicateDocumentContent',
        'The content of the association document matches another document.',
      );
    if (document.versions.length >= mostVersions)
      throw new AwsError('DocumentVersionLimitExceeded', `${name} has ${mostVersions} versions.`);
    const version = this.#version(latest.number + 1, content, format);
    this.#documents.set(name, { ...document, versions: [...document.versions, version] });
    return version;
  }

  setDefault(name: string, version: string): StoredDocument {
    const document = { ...this.get(name), defaultVersion: this.version(name, version).number };
    this.#documents.set(name, document);
    return document;
  }

  remove(name: string): void {
    this.get(name);
    this.#documents.delete(name);
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

  /** `$DEFAULT` when absent, `$LATEST`, or a number. @throws AwsError InvalidDocument, InvalidDocumentVersion */
  version(name: string, version: string | undefined): DocumentVersion {
    const document = this.get(name);
    if (version === '$LATEST') return latestOf(document);
    const number =
      version === undefined || version === '$DEFAULT' ? document.defaultVersion : Number(version);
    const found = document.versions.find((each) => each.number === number);
    if (found === undefined)
      throw new AwsError('InvalidDocumentVersion', `Document ${name} has no version ${version}.`);
    return found;
  }

  #version(number: number, content: string, format = 'JSON'): DocumentVersion {
    if (format !== 'JSON' && format !== 'YAML')
      throw notModelled(`the document format ${format}`, 'ValidationException');
    if (Buffer.byteLength(content) > largestContent)
      throw new AwsError('MaxDocumentSizeExceeded', `A document has at most ${largestContent} bytes.`);
    const command = readCommandDocument(parseContent(content, format));
    return { number, content, format, createdAtMs: this.#account.clock.now(), command };
  }
}

export function latestOf({ versions }: StoredDocument): DocumentVersion {
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
