import { expect, it } from 'vitest';
import { rowsInView } from './row-window.ts';

const view = { count: 100_000, rowHeight: 40, viewHeight: 800 };

it.each([
  ['at the top', 200, { first: 0, last: 28 }],
  ['scrolled on', -4_000, { first: 88, last: 136 }],
  ['at the end', -(100_000 * 40 - 800), { first: 99_968, last: 99_999 }],
  ['still below the view', 5_000, { first: 0, last: 0 }],
])('shows the rows in view and some beyond, %s', (_where, top, rows) => {
  expect(rowsInView({ ...view, top })).toEqual(rows);
});

it('has no row before the first or behind the last', () => {
  expect(rowsInView({ ...view, count: 3, top: 100 })).toEqual({ first: 0, last: 2 });
  expect(rowsInView({ ...view, count: 0, top: 100 })).toEqual({ first: 0, last: 0 });
});
