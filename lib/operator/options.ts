/** Options that several commands share: one wording, in help, completion and manual. */
import type { Option } from './command.ts';

/** Of every command. */
export const everyOption: readonly Option[] = [
  { name: 'json', help: "print the engine's answer as JSON" },
  { name: 'fleet', value: 'NAME', help: 'the fleet (default: HOLDFAST_FLEET, else main)' },
  { name: 'stack', value: 'NAME', help: 'the fleet by the name of its stack, such as holdfast-main' },
  { name: 'profile', value: 'NAME', help: 'AWS profile' },
  { name: 'region', value: 'NAME', help: 'AWS Region' },
  { name: 'endpoint-url', value: 'URL', help: 'where AWS is, such as http://127.0.0.1:4610' },
  { name: 'help', short: 'h', help: 'print this and do nothing' },
];

/** Of every order. */
export const orderOptions: readonly Option[] = [
  { name: 'dry-run', help: 'print the plan, and why each place is in or out; change nothing' },
  { name: 'reason', value: 'TEXT', help: 'why, for the audit trail; at most 256 characters' },
];

/** Of every order that moves an address. */
export const waitOptions: readonly Option[] = [
  { name: 'wait', help: 'wait for the end and show every step (the default)' },
  { name: 'no-wait', help: 'print the name of the recovery and leave it running' },
  { name: 'timeout', value: 'TIME', help: 'wait at most so long (default 5m); the recovery keeps running' },
];
