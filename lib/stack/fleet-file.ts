/** Reads the fleet file: YAML 1.2, then its shape (fleet-schema.ts), then its meaning (fleet-meaning.ts). */
import * as v from 'valibot';
import { type Document, LineCounter, parseDocument } from 'yaml';
import { Fault } from '../recovery/fault.ts';
import type { FleetDefinition } from '../recovery/fleet.ts';
import { findTooLong } from './document-limits.ts';
import { definitionOf } from './fleet-definition.ts';
import { findContradictions } from './fleet-meaning.ts';
import type { File } from './fleet-parts.ts';
import { type FleetText, type Path, type Problem, printProblems } from './fleet-problems.ts';
import { type FleetFileShape, fleetFileSchema } from './fleet-schema.ts';

interface Agent {
  readonly install: boolean;
  /** `lkipbu` on the instances. */
  readonly commands: boolean;
  /** Names of the instances' roles. */
  readonly roles: readonly string[];
}

interface Deployment {
  readonly region?: string;
  readonly account?: string;
  /** E-mail addresses that are paged. */
  readonly notify: readonly string[];
  readonly reservedConcurrency: { readonly recover?: number; readonly failover?: number };
}

export interface FleetFile {
  readonly definition: FleetDefinition;
  readonly agent: Agent;
  /** IAM principals, one of whom has to agree before a runbook moves an address. */
  readonly approvers: readonly string[];
  readonly deployment: Deployment;
}

/**
 * @param file how the messages call the file
 * @throws Fault `invalid-fleet` with every problem of the file, one line each: file, line, path, value, what is allowed
 */
export function parseFleetFile(text: string, file: string): FleetFile {
  const parsed = readYaml(text, file);
  const result = v.safeParse(fleetFileSchema, parsed.values);
  const issues = result.issues ?? [];
  const problems = [
    ...forbiddenKeys(parsed.values),
    ...issues.map(problemOf),
    ...findContradictions(withoutRefused(result.output, issues)),
  ];
  if (!result.success || problems.length > 0)
    throw new Fault('invalid-fleet', printProblems(parsed, problems), 'never');
  const definition = definitionOf(result.output);
  const tooLong = findTooLong(definition);
  if (tooLong.length > 0) throw new Fault('invalid-fleet', printProblems(parsed, tooLong), 'never');
  const { install, commands, roles } = result.output.agent;
  return {
    definition,
    agent: { install, commands, roles },
    approvers: result.output.runbooks.approvers,
    deployment: deploymentOf(result.output.deployment),
  };
}

function readYaml(text: string, file: string): FleetText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const errors = [...document.errors, ...document.warnings].map(
    ({ pos, message }) =>
      `${file}:${lines.linePos(pos[0]).line}: ${message}; allowed: YAML 1.2, one document`,
  );
  if (errors.length > 0) throw new Fault('invalid-fleet', [...new Set(errors)].join('\n'), 'never');
  return { file, document, lines, values: plainValues(document, file) };
}

/** @throws Fault for an alias without its anchor, which only shows here */
function plainValues(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('invalid-fleet', `${file}: ${message}; allowed: YAML 1.2, one document`, 'never', {
      cause,
    });
  }
}

/** Names that JavaScript's objects keep to themselves: the schema would drop them without a word. */
function forbiddenKeys(value: unknown, path: Path = []): readonly Problem[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const inside = [...path, Array.isArray(value) ? Number(key) : key];
    return ['__proto__', 'prototype', 'constructor'].includes(key)
      ? [{ path: inside, wrong: 'cannot be a name', allowed: 'any other name', atKey: true }]
      : forbiddenKeys(inner, inside);
  });
}

type Issue = v.InferIssue<typeof fleetFileSchema>;

function problemOf(issue: Issue): Problem {
  const path = pathOf(issue);
  const allowed = issue.message;
  const atName = issue.path?.at(-1)?.origin === 'key';
  // objectWithRest has `never` behind every key it does not know
  if (issue.type === 'never') return { path, wrong: 'is not a key here', allowed, atKey: true };
  if (issue.received === 'undefined') return { path, wrong: 'is missing', allowed };
  if (issue.received === 'null') return { path, wrong: 'has no value', allowed };
  return { path, wrong: 'is not valid', allowed, atKey: atName };
}

function pathOf(issue: Issue): Path {
  return (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
}

/** What valibot made of the file, with holes where it refused a value. */
function withoutRefused(output: unknown, issues: readonly Issue[]): File {
  const refused = new Set(
    issues
      .filter((issue) => issue.path?.at(-1)?.origin !== 'key')
      .map((issue) => JSON.stringify(pathOf(issue))),
  );
  const copy = (value: unknown, path: Path): unknown => {
    if (refused.has(JSON.stringify(path))) return undefined;
    if (Array.isArray(value)) return value.map((inner, index) => copy(inner, [...path, index]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, copy(inner, [...path, key])]),
    );
  };
  return (copy(output, []) ?? {}) as File;
}

function deploymentOf(deployment: FleetFileShape['deployment']): Deployment {
  const { region, account, notify } = deployment;
  const { recover, failover } = deployment.reservedConcurrency;
  return {
    notify,
    reservedConcurrency: {
      ...(recover === undefined ? {} : { recover }),
      ...(failover === undefined ? {} : { failover }),
    },
    ...(region === undefined ? {} : { region }),
    ...(account === undefined ? {} : { account }),
  };
}
