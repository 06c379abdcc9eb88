import { expect, it } from 'vitest';
import { listConditions } from './list-conditions.ts';

it('lists the conditions of a filter, each with its pointer', () => {
  const filter = {
    'a.b': 1,
    c: { $gt: 1, $not: { $in: [5] } },
    $or: [{ 'd/e': { f: 1 } }, { $not: { g: null } }],
  };
  expect(listConditions(filter)).toEqual([
    { pointer: '/a.b', path: 'a.b', operator: '$eq', operand: 1 },
    { pointer: '/c/$gt', path: 'c', operator: '$gt', operand: 1 },
    { pointer: '/c/$not/$in', path: 'c', operator: '$in', operand: [5] },
    { pointer: '/$or/0/d~1e', path: 'd/e', operator: '$eq', operand: { f: 1 } },
    { pointer: '/$or/1/$not/g', path: 'g', operator: '$eq', operand: null },
  ]);
});
