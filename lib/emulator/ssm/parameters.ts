/** Parameter Store, plain strings only: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html */
import type { Account } from '../account.ts';
import { AwsError, notModelled } from '../errors.ts';

export interface StoredParameter {
  readonly name: string;
  readonly type: string;
  readonly value: string;
  readonly version: number;
  readonly modifiedAtMs: number;
}

/** Characters of a standard parameter. */
const longestValue = 4096;

export class Parameters {
  readonly #account: Account;
  readonly #parameters = new Map<string, StoredParameter>();

  constructor(account: Account) {
    this.#account = account;
  }

  /** @throws AwsError ParameterAlreadyExists unless `overwrite`, ValidationException */
  put(plan: {
    readonly name: string;
    readonly type: string | undefined;
    readonly value: string;
    readonly overwrite: boolean;
  }): StoredParameter {
    const before = this.#parameters.get(plan.name);
    if (before !== undefined && !plan.overwrite)
      throw new AwsError(
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
      );
    const type = plan.type ?? before?.type;
    if (type !== 'String' && type !== 'StringList')
      throw notModelled(`the parameter type ${type}`, 'UnsupportedParameterType');
    if (plan.value === '' || plan.value.length > longestValue)
      throw new AwsError('ValidationException', `A value has between 1 and ${longestValue} characters.`);
    const parameter: StoredParameter = {
      name: plan.name,
      type,
      value: plan.value,
      version: (before?.version ?? 0) + 1,
      modifiedAtMs: this.#account.clock.now(),
    };
    this.#parameters.set(plan.name, parameter);
    return parameter;
  }

  find(name: string): StoredParameter | undefined {
    return this.#parameters.get(name);
  }

  /** Of a hierarchy; one level deep unless `recursive`. @throws AwsError ValidationException */
  below(path: string, recursive: boolean): readonly StoredParameter[] {
    if (!path.startsWith('/'))
      throw new AwsError(
        'ValidationException',
        "The parameter doesn't meet the parameter name requirements.",
      );
    const prefix = path.endsWith('/') ? path : `${path}/`;
    return [...this.#parameters.values()].filter(
      ({ name }) => name.startsWith(prefix) && (recursive || !name.slice(prefix.length).includes('/')),
    );
  }

  /** @throws AwsError ParameterNotFound */
  get(name: string): StoredParameter {
    const parameter = this.#parameters.get(name);
    if (parameter === undefined) throw new AwsError('ParameterNotFound', `Parameter ${name} not found.`);
    return parameter;
  }

  remove(name: string): void {
    this.get(name);
    this.#parameters.delete(name);
  }
}
