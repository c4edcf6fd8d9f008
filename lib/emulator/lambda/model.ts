/** What Lambda keeps: functions, published versions, aliases, who may invoke them and what async events may cost. */
import type { DurableConfig } from './durable-model.ts';

export interface FunctionConfiguration {
  readonly functionName: string;
  readonly description: string;
  readonly runtime: 'nodejs24.x';
  readonly handler: string;
  /** Directory of the unpacked code; named by its content in a cloud assembly, so it never changes. */
  readonly codeDirectory: string;
  readonly environment: { readonly [name: string]: string };
  readonly timeoutMs: number;
  /** MB. */
  readonly memorySize: number;
  readonly ephemeralStorageMb: number;
  readonly roleName: string;
  readonly architecture: 'arm64' | 'x86_64';
  readonly logGroupName: string;
  readonly logFormat: 'Text' | 'JSON';
  readonly tracing: 'Active' | 'PassThrough';
  readonly tags: { readonly [key: string]: string };
  /** Its invocations are durable executions. */
  readonly durable?: DurableConfig;
  /** Of a durable function: the topic that gets the event of an execution that did not succeed. */
  readonly deadLetterArn?: string;
}

/** `$LATEST` or an immutable published version. */
export interface FunctionVersion {
  readonly version: string;
  readonly arn: string;
  readonly configuration: FunctionConfiguration;
  /** Changes with every change of code or configuration. */
  readonly revisionId: string;
  readonly lastModifiedMs: number;
}

export interface Alias {
  readonly name: string;
  readonly arn: string;
  readonly version: string;
  readonly description: string;
  readonly revisionId: string;
}

/** One statement of a resource policy, as AddPermission makes it. */
export interface Permission {
  readonly statementId: string;
  /** A service principal such as `events.amazonaws.com`. */
  readonly principal: string;
  readonly action: string;
  /** `*` and `?` are wildcards. */
  readonly sourceArn?: string;
  readonly sourceAccount?: string;
}

export interface EventInvokeConfig {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeS: number;
  readonly onSuccess?: string;
  readonly onFailure?: string;
  readonly lastModifiedMs: number;
}

/** What a qualifier stands for when it is invoked. */
export interface InvocationTarget {
  readonly functionName: string;
  /** As invoked: unqualified, version or alias. */
  readonly arn: string;
  readonly version: FunctionVersion;
  /** Absent: bounded by the account only; 0: switched off. */
  readonly reservedConcurrency: number | undefined;
}
