/** The manual pages: they render, and say no more and no less than --help. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { exitMeanings } from '../../lib/operator/help.ts';
import { everyCommand } from '../../lib/operator/holdfast.ts';
import { lkipbuExit } from '../../lib/operator/lkipbu.ts';
import { lkipbuUsage } from '../../lib/operator/lkipbu-arguments.ts';
import { everyOption, orderOptions, waitOptions } from '../../lib/operator/options.ts';

const pages = { lkipbu: 'docs/man/lkipbu.8', holdfast: 'docs/man/holdfast.1' } as const;
const groff = spawnSync('groff', ['--version']).status === 0;
const because = groff ? '' : ' (skipped: groff is not installed)';

describe.skipIf(!groff)(`groff${because}`, () => {
  test.each(Object.values(pages))('renders %s without a warning', (page) => {
    const { status, stdout, stderr } = spawnSync('groff', ['-man', '-ww', '-Tutf8', page], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.length).toBeGreaterThan(2_000);
  });
});

describe('holdfast(1)', () => {
  const sections = subsections(readFileSync(pages.holdfast, 'utf8'));
  const groups = {
    'Of every command': everyOption,
    'Of every order': orderOptions,
    'Of every order that moves an address': waitOptions,
  };

  test.each(Object.entries(groups))('%s: the same options as in --help', (title, options) => {
    expect(optionsIn(sections.get(title) ?? '')).toEqual(options.flatMap(spellings).sort());
  });

  test('has a section for each command, with the options that it has for itself', async () => {
    const shared = new Set(Object.values(groups).flat());
    const told = [...sections].filter(([title]) => !(title in groups));
    const commands = await everyCommand();
    expect(told.map(([title, text]) => [title, optionsIn(text)])).toEqual(
      commands.map(({ name, takes, options }) => [
        [name, ...takes.map((each) => (each.optional ? `[${each.name}]` : each.name))].join(' '),
        options
          .filter((option) => !shared.has(option))
          .flatMap(spellings)
          .sort(),
      ]),
    );
  });

  test('tells every exit code', () => {
    expect(exitCodesIn(pages.holdfast)).toEqual(exitMeanings.map(([code]) => code));
  });
});

describe('lkipbu(8)', () => {
  test('tells the options that the usage tells', () => {
    const inUsage = [...lkipbuUsage.matchAll(/^ {2}(-\w|--[a-z]+)(?:, (--[a-z]+))?[ ]/gm)].flatMap(
      ([, one, other]) => [one, other].filter((each) => each !== undefined),
    );
    expect(inUsage).toHaveLength(11);
    const [, options = ''] = /^\.SH OPTIONS\n([\s\S]*?)^\.SH/m.exec(readFileSync(pages.lkipbu, 'utf8')) ?? [];
    expect(optionsIn(options)).toEqual(inUsage.sort());
  });

  test('tells every exit code, and so does the usage', () => {
    expect(exitCodesIn(pages.lkipbu)).toEqual([...Object.values(lkipbuExit), 130]);
    const [, usage = ''] = /^Exit codes: (.*)$/m.exec(lkipbuUsage) ?? [];
    expect([...usage.matchAll(/\d+/g)].map(Number)).toEqual(Object.values(lkipbuExit));
  });
});

function subsections(roff: string): ReadonlyMap<string, string> {
  return new Map(
    [...roff.matchAll(/^\.SS "?(.*?)"?\n([\s\S]*?)(?=^\.S[SH])/gm)].map(([, title = '', text = '']) => [
      title,
      text,
    ]),
  );
}

/** What the paragraphs that begin with `.TP` are about. */
function optionsIn(roff: string): readonly string[] {
  return [...roff.matchAll(/^\.TP\n(.*)$/gm)]
    .flatMap(([, line = '']) => [...line.replaceAll('\\-', '-').matchAll(/(?<![\w-])--?[a-z][a-z-]*/g)])
    .map(([option]) => option)
    .sort();
}

function exitCodesIn(page: string): readonly number[] {
  const [, text = ''] = /^\.SH EXIT STATUS\n([\s\S]*?)^\.SH/m.exec(readFileSync(page, 'utf8')) ?? [];
  return [...text.matchAll(/^\.TP\n\.B (\d+)$/gm)].map(([, code]) => Number(code));
}

function spellings({ name, short }: { readonly name: string; readonly short?: string }): readonly string[] {
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
}
