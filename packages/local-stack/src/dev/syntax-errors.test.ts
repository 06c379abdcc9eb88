import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

import { syntaxErrors } from './syntax-errors.ts';

function aFile(name: string, text: string): Readonly<{ root: string; file: string }> {
  const root = mkdtempSync(join(tmpdir(), 'tidings-syntax-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const file = join(root, name);
  writeFileSync(file, text);
  return { root, file };
}

test('a file that does not parse is reported with line, column and reason', () => {
  const { root, file } = aFile('broken.ts', 'const a = 1;\nexport const b = (;\n');
  expect(syntaxErrors(root, [file])).toEqual([
    expect.stringMatching(/^broken\.ts\(2,19\): error: Unexpected ";"$/),
  ]);
});

test.each([
  ['types that do not fit, which are for the compiler to find', 'export const a: number = "one";\n'],
  ['whatever can be parsed', 'export type A = Readonly<{ a: 1 }>;\nexport const a: A = { a: 1 };\n'],
])('%s are no errors here', (_, text) => {
  const { root, file } = aFile('fine.ts', text);
  expect(syntaxErrors(root, [file])).toEqual([]);
});

test('a removed file has no syntax errors', () => {
  expect(syntaxErrors('/nowhere', ['/nowhere/gone.ts'])).toEqual([]);
});
