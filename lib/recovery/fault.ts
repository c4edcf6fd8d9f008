/**
 * A fault is thrown, an outcome is returned. Faults are told apart by code, never by message; `retry` says whether
 * trying again later can help. Exit codes are sysexits, shared by the CLI, the host scripts and SSM.
 */
export type FaultCode =
  | 'invalid-address'
  | 'invalid-netmask'
  | 'invalid-info'
  | 'invalid-fleet'
  | 'invalid-record'
  | 'invalid-settings'
  | 'invalid-answer'
  | 'illegal-transition'
  | 'throttled'
  | 'service-unavailable'
  | 'no-answer'
  | 'access-denied'
  | 'refused'
  | 'not-found'
  | 'unknown-tag'
  | 'unknown-server'
  | 'usage';

export class Fault extends Error {
  readonly code: FaultCode;
  readonly retry: 'later' | 'never';

  constructor(
    code: FaultCode,
    message: string,
    retry: 'later' | 'never',
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = 'Fault';
    this.code = code;
    this.retry = retry;
  }
}

/** https://man.freebsd.org/cgi/man.cgi?sysexits, plus 3: asked, understood, and held. */
export const exitCodes = {
  done: 0,
  held: 3,
  usage: 64,
  unavailable: 69,
  bug: 70,
  tryLater: 75,
  configuration: 78,
} as const;
