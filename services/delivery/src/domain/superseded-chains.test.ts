import { expect, it } from 'vitest';
import { aState } from '../../test/builders.ts';
import { SupersededChains } from './superseded-chains.ts';

const dayMs = 86_400_000;
const chain = (number: number) => aState({ chain: number });
const another = aState({ deliveryId: aState().deliveryId.replace(/.$/, 'f') as never });

it('covers the chains before the retry, and neither it, nor later ones, nor other deliveries and partitions', () => {
  const superseded = new SupersededChains(dayMs);
  superseded.add(3, chain(2), 0);
  expect([0, 1, 2, 3].map((number) => superseded.covers(3, chain(number)))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(superseded.covers(4, chain(0))).toBe(false);
  expect(superseded.covers(3, another)).toBe(false);
});

it('keeps the highest chain, in whatever order they are read', () => {
  const superseded = new SupersededChains(dayMs);
  superseded.add(0, chain(3), 0);
  superseded.add(0, chain(2), 1);
  expect(superseded.covers(0, chain(2))).toBe(true);
  expect([superseded.has(0, chain(3)), superseded.has(0, chain(4))]).toEqual([true, false]);
  expect(superseded.size).toBe(1);
});

it('forgets what has expired when something is added, and a partition that is lost', () => {
  const superseded = new SupersededChains(dayMs);
  superseded.add(0, chain(1), 0);
  superseded.add(0, another, dayMs - 1);
  expect(superseded.size).toBe(2);
  superseded.add(0, { ...another, chain: 1 }, dayMs);
  expect(superseded.size).toBe(1);
  superseded.dropPartition(0);
  expect(superseded.size).toBe(0);
});
