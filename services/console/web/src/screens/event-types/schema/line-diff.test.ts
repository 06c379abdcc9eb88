import { expect, it } from 'vitest';
import { type DiffLine, diffLines, withoutEqual } from './line-diff.ts';

const marks = { same: ' ', removed: '-', added: '+' } as const;
const shown = (lines: readonly DiffLine[]) => lines.map(({ kind, text }) => `${marks[kind]}${text}`);
const lines = (...all: string[]) => all.join('\n');

it('shows a replaced line as removed and added, between equal ones with both numbers', () => {
  const diff = diffLines(lines('a', 'b', 'c'), lines('a', 'x', 'c'));
  expect(shown(diff)).toEqual([' a', '-b', '+x', ' c']);
  expect(diff.at(-1)).toEqual({ kind: 'same', text: 'c', older: 3, newer: 3 });
});

it('finds the longest common lines, also where lines repeat', () => {
  expect(shown(diffLines(lines('{', 'a', '}', '{', 'b', '}'), lines('{', 'b', '}')))).toEqual([
    ...[' {', '-a', '-}', '-{', ' b', ' }'],
  ]);
  expect(shown(diffLines(lines('a', 'b', 'c'), lines('c', 'a', 'b')))).toEqual(['+c', ' a', ' b', '-c']);
});

it('shows all lines of both texts in their order, whatever they are', () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed % 4;
  };
  for (let round = 0; round < 50; round += 1) {
    const [a, b] = [8, 9].map((size) => lines(...Array.from({ length: size }, () => 'abcd'[random()] ?? '')));
    const diff = diffLines(a ?? '', b ?? '');
    expect(lines(...diff.filter(({ older }) => older !== null).map(({ text }) => text))).toBe(a);
    expect(lines(...diff.filter(({ newer }) => newer !== null).map(({ text }) => text))).toBe(b);
  }
});

it('does not take long for texts that share nothing', () => {
  const many = (name: string) => lines(...Array.from({ length: 5_000 }, (_, at) => `${name}${at}`));
  expect(diffLines(many('a'), many('b'))).toHaveLength(10_000);
});

it('leaves out equal lines that are far from a difference', () => {
  const all = Array.from({ length: 20 }, (_, at) => `${at}`);
  const parts = withoutEqual(diffLines(lines(...all), lines(...all.with(10, 'x'))));
  expect(parts.map((part) => ('leftOut' in part ? part.leftOut : shown(part.lines)))).toEqual([
    7,
    [' 7', ' 8', ' 9', '-10', '+x', ' 11', ' 12', ' 13'],
    6,
  ]);
  expect(withoutEqual(diffLines('a\nb', 'a\nb'))).toEqual([{ leftOut: 2 }]);
});
