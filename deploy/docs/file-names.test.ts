import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Returns the Markdown files of a folder, without those of folders below it. */
const documentsIn = (folder: string): readonly string[] =>
  readdirSync(root + folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => folder + name);

const membersOf = (folder: string): readonly string[] =>
  readdirSync(root + folder).map((name) => `${folder}${name}/`);

/** Matches a file of the repository in code quotes, such as `packages/kafka/src/bus.ts`. */
const fileName = /`((?:bench|deploy|docs|e2e|examples|packages|patches|services)\/[\w./@-]+\.\w+)`/g;

test('every file that a document names exists', () => {
  const folders = ['', 'docs/', 'docs/adr/', 'bench/', ...membersOf('packages/'), ...membersOf('services/')];
  const missing = folders.flatMap(documentsIn).flatMap((document) =>
    [...readFileSync(root + document, 'utf8').matchAll(fileName)]
      .map(([, name = '']) => name)
      .filter((name) => !existsSync(root + name))
      .map((name) => `${document}: ${name}`),
  );
  expect(missing).toEqual([]);
});
