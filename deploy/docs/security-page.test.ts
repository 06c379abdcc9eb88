import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { root } from './documents.ts';

const page = readFileSync(`${root}docs/security.md`, 'utf8');

/** The rows of the tables of threats: each with its boundary. */
const threats = page.split(/^## /m).flatMap((section) => {
  const [boundary = ''] = section.split('\n');
  return section.includes('| threat |')
    ? [...section.matchAll(/^\| (?!threat|---)(.+) \|$/gm)].map(([, row = '']) => [boundary, row] as const)
    : [];
});

test('the page has the threats of every boundary', () => {
  expect(new Set(threats.map(([boundary]) => boundary)).size).toBe(10);
  expect(threats.length).toBeGreaterThan(30);
});

test.each(threats.map(([boundary, row]) => [boundary, row.split(' | ')[0], row] as const))(
  '%s: a test that exists proves what prevents "%s"',
  (_boundary, _threat, row) => {
    const files = [...row.matchAll(/`([\w./-]+\.test\.ts)`/g)].map(([, file = '']) => file);
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !existsSync(root + file))).toEqual([]);
  },
);
