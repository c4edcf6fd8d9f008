/**
 * What a step of a failover says of a dependent, a fence or a question, in words; null of steps that speak for
 * themselves. The evidence comes from the audit trail, and an older engine may have written it.
 */
import type { StepName } from './audit.ts';
import { otherwiseWords } from './waiting-words.ts';

export function stepWords(step: StepName, evidence: unknown): string | null {
  const of = fieldsOf(evidence);
  const dependent = `${of('name')} (${of('kind')})`;
  switch (step) {
    case 'asked':
      return `until ${timeWords(evidence)}: ${of('question')}; without an answer ${otherwiseOf(evidence)}`;
    case 'answered':
      return answerWords(evidence);
    case 'dependent-stopped':
      return `${dependent} is out of service on ${of('server')}`;
    case 'dependent-not-stopped':
      return `${dependent} could not be stopped on ${of('server')}: ${of('detail')}`;
    case 'dependent-started':
      return `${dependent} is in service on ${of('server')}`;
    case 'dependent-not-started':
      return `${dependent} did not come into service on ${of('server')}: ${of('detail')}`;
    case 'fenced':
      return fencedWords(evidence);
    case 'not-fenced':
      return notFencedWords(evidence);
    default:
      return null;
  }
}

function answerWords(evidence: unknown): string {
  const of = fieldsOf(evidence);
  if (of('answer') === 'nobody') return `nobody has answered: ${otherwiseOf(evidence)}`;
  const why = partOf(evidence, 'reason');
  return `${of('arn')} has answered ${of('answer')}${typeof why === 'string' ? `: ${why}` : ''}`;
}

function fencedWords(evidence: unknown): string {
  const server = fieldsOf(evidence)('server');
  switch (fenceOf(evidence)) {
    case 'none':
      return `${server} is not fenced, as the fleet file says; ${namesOf(evidence)} may still run there`;
    case 'isolate':
      return `${server} is fenced: its interfaces have no security group but ${fieldsOf(partOf(evidence, 'fence'))('securityGroup')}`;
    default:
      return `${server} is fenced: EC2 says that its instance is stopped`;
  }
}

function notFencedWords(evidence: unknown): string {
  const server = fieldsOf(evidence)('server');
  const may = `${namesOf(evidence)} may still run there`;
  return fenceOf(evidence) === 'halt'
    ? `${server} is not fenced, as the fleet file says; ${may}, so nothing is moved`
    : `${server} could not be fenced; ${may}, so nothing is moved`;
}

/** Written as the rule of the fleet file, or as its kind alone. */
function fenceOf(evidence: unknown): unknown {
  const fence = partOf(evidence, 'fence');
  return typeof fence === 'string' ? fence : partOf(fence, 'kind');
}

function namesOf(evidence: unknown): string {
  const names = partOf(evidence, 'names');
  return Array.isArray(names) ? names.join(', ') : 'a dependent';
}

function otherwiseOf(evidence: unknown): string {
  return otherwiseWords(partOf(evidence, 'otherwise') === 'proceed' ? 'proceed' : 'hold');
}

function timeWords(evidence: unknown): string {
  const untilMs = partOf(evidence, 'untilMs');
  return typeof untilMs === 'number' ? new Date(untilMs).toISOString() : '-';
}

function fieldsOf(evidence: unknown): (name: string) => string {
  return (name) => {
    const value = partOf(evidence, name);
    return typeof value === 'string' ? value : '-';
  };
}

function partOf(evidence: unknown, name: string): unknown {
  return typeof evidence === 'object' && evidence !== null && name in evidence
    ? (evidence as { readonly [field: string]: unknown })[name]
    : undefined;
}
