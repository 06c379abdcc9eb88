import tseslint from 'typescript-eslint';

import { docCommentOpening } from './deploy/lint/doc-comment-opening.mjs';

// Biome formats and lints style; here run only the rules that need types: a lost promise in a handler is a lost event.
export default tseslint.config(
  { ignores: ['**/dist/**', '**/*.mjs', '**/*.cjs', '**/*.js', '**/node_modules/**'] },
  {
    files: ['{packages,services}/**/*.{ts,tsx}', '{e2e,bench,deploy}/**/*.ts'],
    extends: [tseslint.configs.base],
    plugins: { tidings: { rules: { 'doc-comment-opening': docCommentOpening } } },
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/return-await': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'error',
      '@typescript-eslint/no-unsafe-argument': 'error',
      'tidings/doc-comment-opening': 'error',
      'max-params': ['error', 3],
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'List what is exported.' },
      ],
    },
  },
  {
    // Markup takes lines without taking thought.
    files: ['**/*.tsx'],
    rules: { 'max-lines-per-function': ['error', { max: 100, skipBlankLines: true, skipComments: true }] },
  },
  {
    files: ['**/*.test.ts', '**/test/**', '**/contract/**', 'e2e/**'],
    rules: { 'max-lines-per-function': 'off' },
  },
);
