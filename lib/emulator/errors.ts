/** An error as AWS reports it: the code is AWS's own, the message AWS's wording where it is known. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.status = status;
  }

  /** AWS's word for whose fault it is: decides `Type` in query errors. */
  get type(): 'Sender' | 'Receiver' {
    return this.status >= 500 ? 'Receiver' : 'Sender';
  }
}

/** The connection broke before a response arrived: the caller cannot know whether the call took effect. */
export class ConnectionLost extends Error {
  constructor() {
    super('the connection was lost before a response arrived');
    this.name = 'ConnectionLost';
  }
}

/** What the embedded AWS says of anything it does not model: silence would be a lie. */
export function notModelled(what: string, code = 'InvalidParameterValue'): AwsError {
  return new AwsError(code, `The embedded AWS does not model ${what}; it refuses rather than ignores.`);
}
