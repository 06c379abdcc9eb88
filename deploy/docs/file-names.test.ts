import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, test } from 'vitest';
import { documents, root } from './documents.ts';

/** Matches a file of the repository in code quotes, such as `packages/kafka/src/bus.ts`. */
const fileName = /`((?:bench|deploy|docs|e2e|examples|packages|patches|services)\/[\w./@-]+\.\w+)`/g;

test('every file that a document names exists', () => {
  const missing = documents().flatMap(({ path, text }) =>
    [...text.matchAll(fileName)]
      .map(([, name = '']) => name)
      .filter((name) => !existsSync(root + name))
      .map((name) => `${path}: ${name}`),
  );
  expect(missing).toEqual([]);
});

/** Returns the anchors of a document, as GitHub derives them from its headings. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...withoutBlocks(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

const withoutBlocks = (text: string): string => text.replace(/^( *)```[\s\S]*?^\1```/gm, '');

test('every link of a document leads to a file, and to a heading of it', () => {
  const all = documents();
  const anchors = new Map(all.map(({ path, text }) => [path, anchorsOf(text)]));
  const broken = all.flatMap(({ path, folder, text }) =>
    [...withoutBlocks(text).matchAll(/\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]*))?\)/g)]
      .filter(([, file = '', anchor]) => {
        const target = file === '' ? path : posix.normalize(folder + file);
        if (!existsSync(root + target)) return true;
        return anchor !== undefined && anchors.get(target)?.has(anchor) !== true;
      })
      .map(([link]) => `${path}: ${link}`),
  );
  expect(broken).toEqual([]);
});

test('the README leads to every page of docs/', () => {
  const all = documents();
  const readme = all.find(({ path }) => path === 'README.md')?.text ?? '';
  const pages = all.filter(({ folder }) => folder === 'docs/').map(({ path }) => path);
  expect(pages.filter((page) => !readme.includes(`](${page})`))).toEqual([]);
});
