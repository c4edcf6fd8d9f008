import { expect, test } from 'vitest';
import { compact } from '../../lib/host/compact.ts';

test.each([
  ['  # a comment', ''],
  ['LIMIT=5 # seconds', 'LIMIT=5\n'],
  ['    look() { # what; `how`', 'look() {\n'],
  ['  *) ;; # it is "quoted", and more', '*) ;;\n'],
  [`last=$\{base##*.} count=$#`, `last=$\{base##*.} count=$#\n`],
  ["case $1 in '' | '#'*) ;; esac", "case $1 in '' | '#'*) ;; esac\n"],
  [`printf '%s # %s\\n' "a # b"`, `printf '%s # %s\\n' "a # b"\n`],
  [`text='it begins # here`, `text='it begins # here\n`],
  [`say \\"x # gone`, `say \\"x\n`],
  [`say "a \\" # kept"`, `say "a \\" # kept"\n`],
  [`newline='\n'`, `newline='\n'\n`],
])('%j is written as %j', (line, written) => {
  expect(compact(line)).toBe(written);
});
