import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { parseFleet } from '../../lib/recovery/fleet.ts';
import { environmentOf } from '../../lib/recovery/settings.ts';
import { bundleFunction } from '../../lib/stack/bundle.ts';
import { parseFleetFile } from '../../lib/stack/fleet-file.ts';
import { nameMembers } from '../../lib/stack/lean-schemas.ts';
import { exampleFleet } from './template.ts';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-bundle-'));
/** A child that starts on a busy machine. */
const patienceMs = 60_000;
const { definition } = parseFleetFile(exampleFleet, 'fleet.yaml');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('makes one module that Node loads, and the definition beside it as the functions read it', async () => {
  writeFileSync(
    join(directory, 'recover.ts'),
    `import { readFileSync } from 'node:fs';
    interface Event { readonly times: number }
    export const handler = ({ times }: Event) => times * JSON.parse(readFileSync(new URL('fleet.json', import.meta.url), 'utf8')).version;`,
  );
  const made = await bundle('first');
  expect(readdirSync(made).toSorted()).toEqual(['fleet.json', 'index.mjs']);
  const { handler } = await import(pathToFileURL(join(made, 'index.mjs')).href);
  expect(handler({ times: 3 })).toBe(3);
  expect(parseFleet(JSON.parse(readFileSync(join(made, 'fleet.json'), 'utf8')))).toEqual(definition);
});

it('makes the same bytes of the same source wherever it puts them', async () => {
  writeFileSync(join(directory, 'recover.ts'), 'export const handler = (word: string) => word.length;');
  expect(digest(await bundle('one'))).toBe(digest(await bundle('other')));
});

it('leaves nothing of an earlier bundle behind', async () => {
  writeFileSync(join(directory, 'recover.ts'), 'export const handler = () => 1;');
  writeFileSync(join(await bundle('again'), 'left-over.mjs'), '');
  expect(readdirSync(await bundle('again')).toSorted()).toEqual(['fleet.json', 'index.mjs']);
});

it('keeps of an SDK client what a function calls, and lets the rest fall away', async () => {
  // Inside the project, where the SDK is found.
  const inside = mkdtempSync(fileURLToPath(new URL('../../build-lean-', import.meta.url)));
  try {
    writeFileSync(
      join(inside, 'recover.ts'),
      `import { AssignPrivateIpAddressesCommand, EC2Client } from '@aws-sdk/client-ec2';
      export const handler = () => [new EC2Client({}), AssignPrivateIpAddressesCommand];`,
    );
    const made = await bundleFunction('recover', definition, {
      sourceDirectory: inside,
      outDirectory: inside,
    });
    const code = readFileSync(join(made, 'index.mjs'), 'utf8');
    expect(code).toContain('AllowReassignment');
    expect(code).not.toContain('CreateTransitGateway');
  } finally {
    rmSync(inside, { recursive: true, force: true });
  }
});

it('puts text in place of a key only where the constant stands in the same file', () => {
  const source = 'const _a = "Name";\nconst b = 1;\nexport const X = { [_a]: 1, [_c]: 2, [b]: 3 };\n';
  expect(nameMembers(source)).toContain('{ "Name": 1, [_c]: 2, [b]: 3 }');
});

it('takes a kept bundle while nothing that it was made of has changed', async () => {
  const keepIn = join(directory, 'kept');
  const made = (outDirectory: string) =>
    bundleFunction('recover', definition, { sourceDirectory: directory, outDirectory, keepIn });
  const codeOf = (at: string) => readFileSync(join(at, 'index.mjs'), 'utf8');
  writeFileSync(join(directory, 'word.ts'), "export const word = 'first';");
  writeFileSync(join(directory, 'recover.ts'), "export { word as handler } from './word.ts';");
  const first = await made(join(directory, 'made'));
  const [file = ''] = readdirSync(keepIn);
  const kept = readFileSync(join(keepIn, file), 'utf8');
  writeFileSync(join(keepIn, file), kept.replace('first', 'taken'));
  const taken = await made(join(directory, 'taken'));
  expect([codeOf(first).includes('first'), codeOf(taken).includes('taken')]).toEqual([true, true]);

  writeFileSync(join(directory, 'word.ts'), "export const word = 'second';");
  expect(codeOf(await made(join(directory, 'changed')))).toContain('second');
  writeFileSync(join(keepIn, file), '{');
  expect(codeOf(await made(join(directory, 'unreadable')))).toContain('second');
});

it('stops at a source that does not resolve, and names it', async () => {
  writeFileSync(join(directory, 'recover.ts'), "import './absent.ts';");
  await expect(bundle('broken')).rejects.toThrow('Could not resolve "./absent.ts"');
});

it.each(['recover', 'failover', 'operate'] as const)(
  'makes of lambdas/%s.ts a module that starts with the environment its construct gives it',
  async (name) => {
    const made = await bundleFunction(name, definition, { outDirectory: join(directory, 'real') });
    const settings = {
      table: 'table',
      document: 'document',
      dependentDocument: 'none',
      failoverFunction: 'failover',
      recoverFunction: 'recover',
      pageTopic: 'topic',
    };
    const module = pathToFileURL(join(made, 'index.mjs')).href;
    const script = `const { handler } = await import(${JSON.stringify(module)}); console.log(typeof handler);`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      env: { AWS_REGION: 'eu-central-1', ...environmentOf(name, settings) },
      encoding: 'utf8',
    });
    expect({ stdout, stderr }).toEqual({ stdout: 'function\n', stderr: '' });
  },
  patienceMs,
);

function bundle(name: string): Promise<string> {
  return bundleFunction('recover', definition, {
    sourceDirectory: directory,
    outDirectory: join(directory, name),
  });
}

function digest(made: string): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(made).toSorted()) hash.update(file).update(readFileSync(join(made, file)));
  return hash.digest('hex');
}
