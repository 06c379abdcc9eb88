import { expect, it } from 'vitest';
import { filterOf, rowsOf } from './export-form.ts';

it('reads the filters of a list from its query, and leaves out rows without a value', () => {
  const rows = rowsOf('status=failed&event_type=order.*&created_after=2026-11-01T00%3A00%3A00.000Z');
  expect(rows).toContainEqual({ name: 'created_after', value: '2026-11-01T00:00:00.000Z' });
  expect(filterOf([...rows, { name: 'reason', value: ' ' }, { name: '', value: 'x' }])).toEqual({
    status: 'failed',
    event_type: 'order.*',
    created_after: '2026-11-01T00:00:00.000Z',
  });
  expect(rowsOf('')).toEqual([]);
});
