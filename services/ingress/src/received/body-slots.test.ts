import { expect, it } from 'vitest';
import { BodySlots } from './body-slots.ts';

const limits = { source: { requests: 2, bytes: 100 }, all: { requests: 3, bytes: 150 } };

it('holds at most so many bodies and bytes of one source', () => {
  const slots = new BodySlots(limits);
  const first = slots.take('a', 60);
  expect(slots.take('a', 41)).toBeNull();
  expect(slots.take('a', 40)).not.toBeNull();
  expect(slots.take('a', 0)).toBeNull();
  first?.();
  expect(slots.take('a', 60)).not.toBeNull();
});

it('holds at most so many bodies and bytes in all, and leaves room for other sources', () => {
  const slots = new BodySlots(limits);
  const given = [slots.take('a', 100), slots.take('b', 50)];
  expect(slots.take('c', 1)).toBeNull();
  expect(slots.take('c', 0)).not.toBeNull();
  expect(slots.take('d', 0)).toBeNull();
  // Giving back twice is once.
  for (const release of [...given, ...given]) release?.();
  expect([slots.take('d', 100), slots.take('d', 1)]).toEqual([expect.any(Function), null]);
});
