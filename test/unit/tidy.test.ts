/** The house rules that neither the compiler nor the linter knows, held over every source file. */
import { describe, expect, it } from 'vitest';
import { actReasons, holdReasons, skipReasons } from '../../lib/recovery/reasons.ts';
import { cataloguePath, catalogueProblems } from './tidy/catalogue.ts';
import { citationProblems } from './tidy/citations.ts';
import { importProblems, importsOf, nameProblems } from './tidy/imports.ts';
import { allSources, textOf } from './tidy/sources.ts';
import { exceptionProblems, lengthProblems, longestLines, tokenProblems } from './tidy/tokens.ts';

const sources = allSources();
const reasonCodes = Object.keys({ ...holdReasons, ...actReasons, ...skipReasons });

describe('every source file', () => {
  it('is read', () => {
    const imports = sources.flatMap(({ text }) => importsOf(text));
    console.log(`tidy: read ${sources.length} source files with ${imports.length} imports`);
    expect(sources.length).toBeGreaterThan(100);
    expect(imports.length).toBeGreaterThan(sources.length);
  });

  it('imports what the import table lets its room import', () => {
    expect(sources.flatMap(importProblems)).toEqual([]);
  });

  it('has a name that says what is in it', () => {
    expect(sources.flatMap(nameProblems)).toEqual([]);
  });

  it('is free of banned words', () => {
    expect(sources.flatMap(tokenProblems)).toEqual([]);
  });

  it('is short, or has a reason to be long', () => {
    expect(sources.flatMap(lengthProblems)).toEqual([]);
  });

  it('needs the exceptions that it is given', () => {
    expect(exceptionProblems(sources)).toEqual([]);
  });
});

it('has an entry in the failure catalogue for each reason code, and no entry for anything else', () => {
  expect(catalogueProblems(textOf(cataloguePath), reasonCodes)).toEqual([]);
});

it("cites AWS's own page in each service of the emulator", () => {
  expect(citationProblems(sources)).toEqual([]);
});

describe('a planted bad example is caught:', () => {
  it.each([
    ['the problem itself asks AWS', 'lib/recovery/x.ts', "import { EC2Client } from '@aws-sdk/client-ec2';"],
    ['the problem itself asks Node', 'lib/recovery/x.ts', "import 'node:fs';"],
    ['the problem itself imports an adapter', 'lib/recovery/x.ts', "import { a } from '../aws/clock.ts';"],
    [
      'the emulator knows the project',
      'lib/emulator/ec2/x.ts',
      "import { a } from '../../recovery/names.ts';",
    ],
    ['the emulator knows its types', 'lib/emulator/x.ts', "import type { A } from '../recovery/names.ts';"],
    ['over several lines', 'lib/emulator/x.ts', "import {\n  a,\n  type B,\n} from '../recovery/names.ts';"],
    ['passed on', 'lib/emulator/x.ts', "export { a } from '../aws/clock.ts';"],
    ['a type passed on', 'lib/emulator/x.ts', "export type { A } from '../aws/clock.ts';"],
    ['later', 'lib/emulator/x.ts', "const { a } = await import('../aws/clock.ts');"],
    ['as a type in place', 'lib/emulator/x.ts', "let a: import('../aws/clock.ts').A;"],
    ['by a computed path', 'lib/aws/x.ts', 'const module = await import(path);'],
    ['the stack imports a function', 'lib/stack/x.ts', "import { handler } from '../../lambdas/recover.ts';"],
    ['the stack decides', 'lib/stack/x.ts', "import { decide } from '../recovery/decide.ts';"],
    [
      'the console runs what it shows',
      'lib/console/x.ts',
      "import { wordsOf } from '../recovery/reasons.ts';",
    ],
    ['a function knows the emulator', 'lambdas/x.ts', "import { A } from '../lib/emulator/account.ts';"],
    ['an adapter imports a test', 'lib/aws/x.ts', "import { A } from '../../test/fakes/clock.ts';"],
    ['an adapter imports an entry point', 'lib/aws/x.ts', "import '../../bin/app.ts';"],
    ['a package like an allowed one', 'lib/stack/x.ts', "import a from 'constructs-extra';"],
    ['a room that is not in the table', 'lib/novelty/x.ts', ''],
    ['a file outside the rooms', 'lib/x.ts', ''],
    ['a room that may not be imported', 'lib/aws/x.ts', "import { a } from '../utils/a.ts';"],
  ])('import: %s', (_, path, text) => {
    expect(importProblems({ path, text })).toHaveLength(1);
  });

  it.each([
    'lib/utils/x.ts',
    'lib/aws/helpers/x.ts',
    'lib/recovery/common.ts',
    'test/core/x.ts',
    'lib/managers/x.ts',
  ])('name: %s', (path) => {
    expect(nameProblems({ path, text: '' })).toHaveLength(1);
  });

  it.each([
    ['lib/recovery/x.ts', 'const now = Date.now();'],
    ['lib/recovery/x.ts', 'const now = new Date();'],
    ['lib/story/x.ts', 'const since = performance.now();'],
    ['lib/aws/retry.ts', 'const chance = Math.random();'],
    ['lib/emulator/clock.ts', 'const chance = Math.random();'],
    ['lib/aws/x.ts', "const table = process.env['TABLE'];"],
    ['test/unit/x.test.ts', "vi.mock('../../lib/aws/clock.ts');"],
    ['test/unit/x.test.ts', 'const world = {} as any;'],
    ['lib/host/x.sh', '# TODO: the other case'],
    ['test/unit/x.test.ts', "it.only('is alone', () => {});"],
    ['test/unit/x.test.ts', "describe.only('is alone', () => {});"],
    ['lib/aws/x.ts', 'export default function a() {}'],
    ['lib/aws/x.ts', 'export { a as default };'],
    ['lib/aws/x.ts', "export * from './clock.ts';"],
  ])('token: in %s, %s', (path, text) => {
    expect(tokenProblems({ path, text })).toHaveLength(1);
  });

  it('length: a file of one line too many', () => {
    expect(lengthProblems({ path: 'lib/aws/x.ts', text: 'a;\n'.repeat(longestLines + 1) })).toHaveLength(1);
  });

  it('exception: a file on a list that no longer needs it', () => {
    const problems = exceptionProblems([{ path: 'lib/aws/clock.ts', text: '' }]);
    expect(problems).toContain("lib/aws/clock.ts: has the machine's clock no more: take it off the list");
    expect(problems).toContain('test/host/cases.ts: is long no more: take it off the list');
  });

  it.each([
    ['a code without an entry', '| `claim-lost` | someone else was faster |'],
    ['an entry in a table without a code', '| `claim-held` | |\n| `claim-lost` | |\n| `claim-forgotten` | |'],
    ['an entry under a heading without a code', '`claim-held` `claim-lost`\n### `claim-forgotten`'],
    ['an entry in a list without a code', '`claim-held` `claim-lost`\n- `claim-forgotten`: forgotten'],
  ])('catalogue: %s', (_, markdown) => {
    expect(catalogueProblems(markdown, ['claim-held', 'claim-lost'])).toHaveLength(1);
  });

  it('catalogue: it is not there', () => {
    expect(catalogueProblems(undefined, ['claim-held'])).toHaveLength(1);
  });

  it('citation: a service that names only an endpoint of AWS', () => {
    const service = {
      path: 'lib/emulator/sqs/service.ts',
      text: "const xmlns = 'https://sqs.amazonaws.com/doc';",
    };
    expect(citationProblems([service])).toHaveLength(1);
  });
});

describe('what is allowed passes:', () => {
  it.each([
    ['lib/recovery/x.ts', "import * as v from 'valibot';\nimport { a } from './fault.ts';"],
    ['lib/console/x.ts', "import type { State } from '../recovery/states.ts';"],
    ['lib/stack/x.ts', "import { alarmPrefix } from '../recovery/names.ts';"],
    ['lib/aws/x.ts', "const { SNSClient } = await import('@aws-sdk/client-sns');"],
    ['lib/recovery/x.ts', '/** import { EC2Client } from "@aws-sdk/client-ec2"; */'],
    ['bin/x.ts', "import { a } from '../lib/emulator/account.ts';"],
    ['test/unit/x.ts', "import { a } from '../../lambdas/handlers.ts';"],
  ])('in %s, %s', (path, text) => {
    expect(importProblems({ path, text })).toEqual([]);
  });

  it('a catalogue that quotes other words in its text and in later cells', () => {
    const markdown =
      '# Failures\n| `claim-held` | waits; see `ip-db` | `lkipbu -s` |\n| code | `move-back` |';
    expect(catalogueProblems(markdown, ['claim-held'])).toEqual([]);
  });
});
