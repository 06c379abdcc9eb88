import { expect, it } from 'vitest';
import { canBePattern, covers, eventOptions } from './event-options.ts';

const types = [
  { name: 'order.paid', description: 'An order has been paid.' },
  { name: 'order.item.added', description: null },
  { name: 'user.created', description: null },
];

it('offers families of two types or more, and the types, by name', () => {
  expect(eventOptions(types, '').map(({ pattern }) => pattern)).toEqual([
    'order.*',
    'order.item.added',
    'order.paid',
    'user.created',
  ]);
  expect(eventOptions(types, '')[0]).toMatchObject({ count: 2 });
});

it('searches names and descriptions', () => {
  expect(eventOptions(types, 'PAID').map(({ pattern }) => pattern)).toEqual(['order.paid']);
  expect(eventOptions(types, 'has been').map(({ pattern }) => pattern)).toEqual(['order.paid']);
  expect(eventOptions(types, 'nothing')).toEqual([]);
});

it.each([
  ['*', 'order.paid', true],
  ['*', 'tidings.subscription.failing', false],
  ['*', 'webhook.test', false],
  ['order.*', 'order.item.added', true],
  ['order.*', 'order.item.*', true],
  ['order.*', 'orders.paid', false],
  ['order.*', 'order.*', false],
  ['order.paid', 'order.paid.x', false],
])('%s covers %s: %s', (pattern, other, expected) => {
  expect(covers(pattern, other)).toBe(expected);
});

it.each([
  ['*', true],
  ['order.*', true],
  ['order.paid', true],
  ['order.', false],
  ['*.paid', false],
  ['order paid', false],
])('%s can be a pattern: %s', (text, expected) => {
  expect(canBePattern(text)).toBe(expected);
});
