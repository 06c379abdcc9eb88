import { expect, it } from 'vitest';
import { mergeForm } from './merge-form.ts';

const base = { url: 'a', note: '', events: ['order.*', 'user.*'], timeout: '10' };

it('keeps the changes of both if they concern different fields', () => {
  const merged = mergeForm(base, { ...base, url: 'mine' }, { ...base, note: 'theirs' });
  expect(merged).toEqual({
    values: { ...base, url: 'mine', note: 'theirs' },
    taken: ['note'],
    conflicts: [],
  });
});

it('keeps the value of the form where both changed the same field, and names it', () => {
  const merged = mergeForm(base, { ...base, url: 'mine' }, { ...base, url: 'theirs' });
  expect(merged).toEqual({ values: { ...base, url: 'mine' }, taken: [], conflicts: ['url'] });
});

it('finds nothing where both made the same change', () => {
  const same = { ...base, timeout: '20' };
  expect(mergeForm(base, same, same)).toEqual({ values: same, taken: [], conflicts: [] });
});

it('joins lists element by element: added, removed and kept ones of both', () => {
  const mine = { ...base, events: ['order.*', 'user.*', 'invoice.sent'] };
  const theirs = { ...base, events: ['order.*', 'refund.*'] };
  expect(mergeForm(base, mine, theirs)).toMatchObject({
    values: { events: ['order.*', 'refund.*', 'invoice.sent'] },
    taken: ['events'],
    conflicts: [],
  });
});

it('joins rows by their names, unless both changed one row', () => {
  const rows = { headers: [{ name: 'a', value: '1' }] };
  const mine = { headers: [...rows.headers, { name: 'b', value: '2' }] };
  expect(mergeForm(rows, mine, { headers: [{ name: 'a', value: '9' }] })).toMatchObject({
    values: {
      headers: [
        { name: 'a', value: '9' },
        { name: 'b', value: '2' },
      ],
    },
  });
  const both = mergeForm(
    rows,
    { headers: [{ name: 'a', value: 'mine' }] },
    { headers: [{ name: 'a', value: 'theirs' }] },
  );
  expect(both).toMatchObject({ values: { headers: [{ value: 'mine' }] }, conflicts: ['headers'] });
});

it('does not join lists that have a name twice', () => {
  const twice = { headers: [{ name: 'a' }, { name: 'a' }] };
  expect(mergeForm({ headers: [{ name: 'a' }] }, twice, { headers: [{ name: 'b' }] }).conflicts).toEqual([
    'headers',
  ]);
});
