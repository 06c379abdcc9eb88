import { expect, it } from 'vitest';
import { isMeant } from './is-meant.ts';

it.each([
  ['*', 'order.paid', true],
  ['order.paid', 'order.paid', true],
  ['order.paid', 'order.paid.twice', false],
  ['order.*', 'order.paid', true],
  ['order.*', 'order.item.added', true],
  ['order.*', 'order', false],
  ['order.*', 'orders.paid', false],
])('the pattern %s means %s: %s', (pattern, name, expected) => expect(isMeant(pattern, name)).toBe(expected));
