import { Linter } from 'eslint';
import { expect, test } from 'vitest';

import { docCommentOpening } from './doc-comment-opening.mjs';

const linter = new Linter();
const wordsFound = (code: string): readonly string[] =>
  linter
    .verify(code, {
      plugins: { tidings: { rules: { 'doc-comment-opening': docCommentOpening } } },
      rules: { 'tidings/doc-comment-opening': 'error' },
    })
    .map(({ message }) => /instead of '(\w+)'/.exec(message)?.[1] ?? message);

test.each(['What', 'Whatever', 'Where', 'Whether', 'Who', 'Whoever', 'Whose', 'How'])(
  'refuses a doc comment that begins with %s, on one line and on several',
  (word) => {
    expect(wordsFound(`/** ${word} it is. */\nexport const a = 1;\n`)).toEqual([word]);
    expect(wordsFound(`/**\n * ${word} it is.\n * Whole.\n */\nexport const a = 1;\n`)).toEqual([word]);
  },
);

test.each([
  '/** Returns what it is. */',
  '/** A route. How it is called is in its path. */',
  '/** However often it is called. */',
  '/* What a comment inside a function may say. */',
  '// Where others wait.',
])('accepts %s', (comment) => {
  expect(wordsFound(`${comment}\nexport const a = 1;\n`)).toEqual([]);
});
