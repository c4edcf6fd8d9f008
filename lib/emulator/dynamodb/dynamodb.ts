/**
 * DynamoDB over dynalite, in memory and without a socket, with what dynalite lacks and a template needs kept beside it:
 * point-in-time recovery, deletion protection, time to live. Known deviations: dynalite has no transactions, ignores
 * `ReturnValuesOnConditionCheckFailure` (read back instead) and never deletes an expired item.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import dynalite from 'dynalite';
import inject from 'light-my-request';
import type { Account } from '../account.ts';
import { AwsError } from '../errors.ts';
import type { WireRequest, WireResponse } from '../service.ts';

/** What the account knows of a table besides its items. */
export interface TableFeatures {
  readonly deletionProtection: boolean;
  readonly pointInTimeRecovery: boolean;
  readonly recoveryPeriodInDays: number;
  /** Attribute that holds the expiry, when time to live is on. */
  readonly timeToLiveAttribute: string | undefined;
  readonly sinceMs: number;
}

const noDelay = { createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 };

/** dynalite's own idea of an account: `arn:aws:dynamodb:<region>:<digits>:table/`. */
const foreignTableArn = /arn:aws:dynamodb:[^:"]*:\d*:table\//g;

export class DynamoDb {
  readonly account: Account;
  readonly #listener: (request: IncomingMessage, response: ServerResponse) => void;
  readonly #features = new Map<string, TableFeatures>();

  constructor(account: Account) {
    this.account = account;
    const [listener] = dynalite(noDelay).listeners('request');
    if (listener === undefined) throw new Error('dynalite offers no request listener');
    this.#listener = listener as (request: IncomingMessage, response: ServerResponse) => void;
  }

  tableArn(tableName: string): string {
    return this.account.arn('dynamodb', `table/${tableName}`);
  }

  features(tableName: string): TableFeatures | undefined {
    return this.#features.get(tableName);
  }

  setFeatures(tableName: string, features: TableFeatures | undefined): void {
    if (features === undefined) this.#features.delete(tableName);
    else this.#features.set(tableName, features);
  }

  async forward(request: WireRequest, requestId: string): Promise<WireResponse> {
    const response = await inject(this.#listener, {
      method: 'POST',
      url: '/',
      headers: { ...request.headers, host: `dynamodb.${this.account.region}.amazonaws.com` },
      payload: request.body,
    });
    const ours = this.account.arn('dynamodb', 'table/');
    const body = response.body.replaceAll(foreignTableArn, ours);
    // dynalite's checksum is of its own body, so it stays behind.
    return {
      status: response.statusCode,
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': requestId },
      body: Buffer.from(body),
    };
  }

  /** One operation of the account's own, past IAM: for CloudFormation. @throws AwsError */
  async call(operation: string, input: object): Promise<Record<string, unknown>> {
    const response = await this.forward(
      {
        method: 'POST',
        path: '/',
        query: '',
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': `DynamoDB_20120810.${operation}`,
          'x-amz-date': '20260101T000000Z',
          authorization: 'AWS4-HMAC-SHA256 Credential=embedded, SignedHeaders=host, Signature=embedded',
        },
        body: Buffer.from(JSON.stringify(input)),
      },
      'embedded',
    );
    const reply = JSON.parse(response.body.toString('utf8')) as Record<string, unknown>;
    if (response.status === 200) return reply;
    throw new AwsError(
      String(reply['__type']).split('#').at(-1) ?? 'InternalServerError',
      String(reply['message'] ?? reply['Message'] ?? operation),
      response.status,
    );
  }
}
