import { newEventId, workspaceId } from '@tidings/contracts';
import { anAttemptRecord } from '@tidings/testing/messages';
import { expect, it } from 'vitest';
import { describeDeliveryStore } from '../../test/deliveries/delivery-store-contract.ts';
import { createMemoryDeliveryStore } from '../../test/deliveries/memory-delivery-store.ts';
import { readAtOnce } from '../list-in-steps.ts';
import { SearchTurns } from '../search-turns.ts';
import { deliveryOf, documentKey } from './domain/delivery.ts';
import { listDeliveries } from './list-deliveries.ts';
import type { ListPosition } from './ports.ts';

describeDeliveryStore('in memory', createMemoryDeliveryStore);

it('pages through 20,000 deliveries while 5,000 arrive: each that was there comes once', async () => {
  const store = createMemoryDeliveryStore();
  const oldestMs = 1_790_000_000_000;
  const arrive = async (count: number, acceptedAtMs: (n: number) => number) => {
    const deliveries = Array.from({ length: count }, (_, n) => {
      const atMs = acceptedAtMs(n);
      return deliveryOf(anAttemptRecord(1, { eventId: newEventId(atMs), acceptedAtMs: atMs }));
    });
    await store.insert(deliveries);
    return deliveries.map(documentKey);
  };
  // Seven in each millisecond, so that pages end between equal times.
  const present = await arrive(20_000, (n) => oldestMs + Math.floor(n / 7));
  const seen = new Set<string>();
  let shown = 0;
  let after: ListPosition | null = null;
  do {
    const page: Awaited<ReturnType<typeof listDeliveries>> = await listDeliveries(
      { store, turns: new SearchTurns({ monotonicMs: () => 0 }) },
      { workspaceId: workspaceId('ws_demo'), ownerId: null },
      { limit: 999, after },
    );
    for (const delivery of page.deliveries) seen.add(documentKey(delivery));
    shown += page.deliveries.length;
    after = page.next;
    // New ones, and others that were accepted before and are recorded late.
    if (store.all().length < 25_000) await arrive(250, (n) => oldestMs + (n % 2 === 0 ? 9_000 : 9 * n));
  } while (after !== null);
  expect(store.all()).toHaveLength(25_000);
  expect(shown).toBe(seen.size);
  expect(present.filter((key) => !seen.has(key))).toEqual([]);
}, 60_000);

it('ends a page that takes too long with the time that it came to, and the pages together have all', async () => {
  const store = createMemoryDeliveryStore();
  const oldestMs = 1_790_000_000_000;
  const deliveries = Array.from({ length: 3.5 * readAtOnce }, (_, n) =>
    deliveryOf(
      anAttemptRecord(n, {
        eventId: newEventId(oldestMs + n),
        acceptedAtMs: oldestMs + n,
        ...(n % 1_700 === 5 && { orderingKey: 'ord_7' }),
      }),
    ),
  );
  await store.insert(deliveries);
  // Each step takes a second: a page has three of them.
  let nowMs = 0;
  const turns = new SearchTurns({ monotonicMs: () => (nowMs += 1_000) });
  const pages: [number, number | null][] = [];
  let after: ListPosition | null = null;
  do {
    const page: Awaited<ReturnType<typeof listDeliveries>> = await listDeliveries(
      { store, turns },
      { workspaceId: workspaceId('ws_demo'), ownerId: null, orderingKey: 'ord_7' },
      { limit: 10, after },
    );
    pages.push([page.deliveries.length, page.scannedToMs === null ? null : page.scannedToMs - oldestMs]);
    after = page.next;
  } while (after !== null);
  expect(pages).toEqual([
    [2, 500],
    [1, null],
  ]);
});
