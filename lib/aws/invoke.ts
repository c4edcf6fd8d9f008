/**
 * One synchronous invocation of a function, tried once: whether to try again is the caller's, who knows what a second
 * time would do. Goes without the SDK where it can: loading its Lambda client takes longer than starting Node, and
 * `lkipbu -s` does nothing else (`npm run bench`). Everything that needs more than a key and an address goes to the SDK.
 */
import { faultOf } from './errors.ts';
import { invokePlainly } from './plain-invoke.ts';
import { plainSettings } from './plain-settings.ts';

export interface Invoked {
  readonly payload: string;
  /** What Lambda calls the error, when the function failed. */
  readonly functionError: string | undefined;
}

/** @throws Fault, with the code of what AWS said */
export type Invoke = (functionName: string, qualifier: string, payload: string) => Promise<Invoked>;

export interface Environment {
  readonly [name: string]: string | undefined;
}

/** @param environment as the process has it: what the SDK would read */
export function invoker(environment: Environment, nowMs: () => number): Invoke {
  return async (functionName, qualifier, payload) => {
    const settings = plainSettings(environment);
    try {
      if (settings === null) {
        const { invokeWithSdk } = await import('./sdk-invoke.ts');
        return await invokeWithSdk(functionName, qualifier, payload);
      }
      return await invokePlainly(settings, functionName, qualifier, payload, nowMs());
    } catch (error) {
      throw faultOf(error, `lambda:Invoke ${functionName}`);
    }
  };
}
