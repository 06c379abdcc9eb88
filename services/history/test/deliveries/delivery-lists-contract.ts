import { consumerId, newSubscriptionId } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { deliveryOf, documentKey } from '../../src/deliveries/domain/delivery.ts';
import { mergeDeliveries } from '../../src/deliveries/domain/merge-deliveries.ts';
import { listDeliveries } from '../../src/deliveries/list-deliveries.ts';
import type { DeliveryFilters, DeliveryStore, ListPosition } from '../../src/deliveries/ports.ts';
import { readAtOnce } from '../../src/list-in-steps.ts';
import { SearchTurns } from '../../src/search-turns.ts';
import { aFailure, outcomes } from '../builders.ts';
import { aWorkspace } from './delivery-workspace.ts';

const turns = new SearchTurns({ monotonicMs: () => 0 });

/** Tests the lists of a delivery store; `open` is called in each test. */
export const describeDeliveryLists = (name: string, open: () => DeliveryStore): void => {
  describe(`the lists of a delivery store: ${name}`, () => {
    it('hides other workspaces and consumers', async () => {
      const store = open();
      const { attempt, scope, workspace } = aWorkspace();
      const delivery = deliveryOf(attempt({ consumerId: consumerId('acme') }));
      await store.insert([delivery]);
      const as = (owner: string) => ({ workspaceId: workspace, ownerId: consumerId(owner) });
      expect(await store.find(delivery.id, as('acme'))).toEqual(delivery);
      expect(await store.find(delivery.id, as('globex'))).toBeNull();
      expect(await store.find(delivery.id, aWorkspace().scope)).toBeNull();
      const lists = [scope, as('acme'), as('globex'), aWorkspace().scope].map(async (filters) =>
        store.list(filters, { limit: 10, after: null }),
      );
      expect((await Promise.all(lists)).map(({ length }) => length)).toEqual([1, 1, 0, 0]);
      const crossed = { ...as('globex'), consumerId: consumerId('acme') };
      expect(await store.list(crossed, { limit: 10, after: null })).toEqual([]);
    });

    it('lists by each filter, with the derived status', async () => {
      const store = open();
      const { attempt, scope } = aWorkspace();
      const failure = aFailure(1, 1, {
        ...attempt(),
        outcome: outcomes.failed,
        consumerId: consumerId('acme'),
      });
      const failed = deliveryOf({ ...failure, next: { kind: 'dead-letter', reason: 'exhausted' } });
      const other = deliveryOf(attempt({ subscriptionId: newSubscriptionId(1), eventType: 'user.left' }));
      await store.insert([failed, other]);
      const idsBy = async (filters: Partial<DeliveryFilters>) =>
        (await store.list({ ...scope, ...filters }, { limit: 10, after: null })).map(({ id }) => id);
      expect(await idsBy({ eventId: failed.eventId })).toEqual([failed.id]);
      expect(await idsBy({ subscriptionId: other.subscriptionId })).toEqual([other.id]);
      expect(await idsBy({ eventType: 'user.left' })).toEqual([other.id]);
      expect(await idsBy({ status: 'dead_lettered' })).toEqual([failed.id]);
      expect(await idsBy({ consumerId: consumerId('acme') })).toEqual([failed.id]);
      expect(await idsBy({ status: 'dead_lettered', eventType: 'user.left' })).toEqual([]);
      const { createdAtMs } = failed;
      expect(other.createdAtMs).toBe(createdAtMs);
      expect(await idsBy({ createdAfterMs: createdAtMs })).toEqual([]);
      expect(await idsBy({ createdBeforeMs: createdAtMs })).toEqual([]);
      expect(await idsBy({ createdAfterMs: createdAtMs - 1, createdBeforeMs: createdAtMs + 1 })).toHaveLength(
        2,
      );
      const [summary] = await store.list({ ...scope, status: 'dead_lettered' }, { limit: 1, after: null });
      const { attemptEvents: _, ...figures } = failed;
      expect(summary).toEqual({
        ...figures,
        attemptCount: 1,
        lastStatusCode: 500,
        lastReason: 'http-status',
        lastAttemptAtMs: failed.updatedAtMs,
      });
    });

    it('lists by type pattern, last response, reason, ordering key and trigger', async () => {
      const store = open();
      const { attempt, scope } = aWorkspace();
      const dead = deliveryOf({
        ...attempt({ eventType: 'order.paid', orderingKey: 'ord_7' }),
        outcome: { kind: 'failed', reason: 'timeout', statusCode: null, responseExcerpt: null },
        next: { kind: 'dead-letter', reason: 'exhausted' },
      });
      const refusedBase = attempt({ eventType: 'order.sent', chain: 1, trigger: 'manual' });
      const refused = deliveryOf({
        ...refusedBase,
        outcome: { ...outcomes.failed, statusCode: 404 },
        next: { kind: 'retry', atMs: 1_790_000_005_000 },
      });
      const fine = deliveryOf(attempt({ eventType: 'orders' }));
      const waiting = deliveryOf(attempt({ eventType: 'order', outcome: outcomes.deferred }));
      await store.insert([dead, refused, fine, waiting]);
      const idsBy = async (filters: Partial<DeliveryFilters>) =>
        (await store.list({ ...scope, ...filters }, { limit: 10, after: null })).map(({ id }) => id).sort();
      const ids = (...deliveries: { id: string }[]) => deliveries.map(({ id }) => id).sort();
      expect(await idsBy({ eventType: 'order.*' })).toEqual(ids(dead, refused));
      expect(await idsBy({ eventType: 'order' })).toEqual(ids(waiting));
      expect(await idsBy({ eventType: '*' })).toEqual(ids(dead, refused, fine, waiting));
      expect(await idsBy({ statusClass: '4xx' })).toEqual(ids(refused));
      expect(await idsBy({ statusClass: '2xx' })).toEqual(ids(fine));
      expect(await idsBy({ statusClass: 'none' })).toEqual(ids(dead, waiting));
      expect(await idsBy({ reason: 'timeout' })).toEqual(ids(dead));
      expect(await idsBy({ reason: 'exhausted' })).toEqual(ids(dead));
      expect(await idsBy({ reason: 'breaker-open' })).toEqual(ids(waiting));
      expect(await idsBy({ orderingKey: 'ord_7' })).toEqual(ids(dead));
      expect(await idsBy({ trigger: 'manual' })).toEqual(ids(refused));
      expect(await idsBy({ reason: 'http-status', eventType: 'order.*', statusClass: '4xx' })).toEqual(
        ids(refused),
      );
      const after = { createdAtMs: refused.createdAtMs + 1, key: '' };
      const page = await store.list({ ...scope, reason: 'http-status' }, { limit: 10, after });
      expect(page.map(({ id }) => id)).toEqual(ids(refused));
      // A success ends the reason of the last failure.
      const succeeded = deliveryOf({ ...refusedBase, attempt: 2, outcome: outcomes.delivered });
      await store.replace([{ delivery: mergeDeliveries(refused, succeeded), rev: 1 }]);
      expect(await idsBy({ reason: 'http-status' })).toEqual([]);
      expect(await idsBy({ status: 'delivered', trigger: 'manual', statusClass: '2xx' })).toEqual(
        ids(refused),
      );
    });

    it('reads a bounded number of deliveries for filters that no index serves, and says how far it came', async () => {
      const store = open();
      const { attempt, scope } = aWorkspace();
      const at = (n: number) => 1_790_000_000_000 + Math.floor(n / 3);
      const rare = { outcome: outcomes.failed, orderingKey: 'ord_7', trigger: 'manual', chain: 1 } as const;
      // The two that match are the oldest and one in the middle, whichever ids come first within a millisecond.
      const deliveries = Array.from({ length: 2.5 * readAtOnce }, (_, n) =>
        deliveryOf(attempt({ acceptedAtMs: at(n), ...(n === 0 || n === readAtOnce + 6 ? rare : {}) })),
      );
      await store.insert(deliveries);
      const matching = [deliveries[readAtOnce + 6]?.id, deliveries[0]?.id];
      const filters: Partial<DeliveryFilters>[] = [
        { statusClass: '5xx' },
        { reason: 'http-status' },
        { orderingKey: 'ord_7' },
        { trigger: 'manual' },
        { trigger: 'manual', statusClass: '5xx', eventType: 'order.*' },
      ];
      for (const one of filters) {
        const seen: string[] = [];
        const steps: number[] = [];
        let after: ListPosition | null = null;
        do {
          const step: Awaited<ReturnType<DeliveryStore['step']>> = await store.step(
            { ...scope, ...one },
            { limit: 10, after },
          );
          seen.push(...step.found.map(({ id }) => id));
          steps.push(step.found.length);
          after = step.reached;
        } while (after !== null);
        expect([seen, steps]).toEqual([matching, [0, 1, 1]]);
      }
      const byKey = { ...scope, orderingKey: 'ord_7' };
      // A full page ends at its last row, not where the step came to.
      const full = await store.step(byKey, { limit: 1, after: null, isOldestFirst: true });
      expect(full.found.map(({ id }) => id)).toEqual([matching[1]]);
      const rest = await store.step(byKey, { limit: 9, after: full.reached, isOldestFirst: true });
      expect(rest.found).toEqual([]);
      const next = await store.step(byKey, { limit: 9, after: rest.reached, isOldestFirst: true });
      expect(next.found.map(({ id }) => id)).toEqual([matching[0]]);
      // An index serves the others: one step is a page.
      const { found, reached } = await store.step(
        { ...scope, status: 'delivered' },
        { limit: 2_000, after: null },
      );
      expect([found.length, reached]).toEqual([2_000, expect.anything()]);
    });

    it('pages through all of them, newest first, without duplicates or gaps while more arrive', async () => {
      const store = open();
      const { attempt, scope } = aWorkspace();
      // Three in each millisecond: the id determines their order.
      const deliveries = Array.from({ length: 23 }, (_, n) =>
        deliveryOf(attempt({ acceptedAtMs: 1_790_000_000_000 + Math.floor(n / 3) })),
      );
      await store.insert(deliveries);
      const seen: { createdAtMs: number; id: string }[] = [];
      let after: Awaited<ReturnType<typeof listDeliveries>>['next'] = null;
      do {
        const page: Awaited<ReturnType<typeof listDeliveries>> = await listDeliveries(
          { store, turns },
          scope,
          {
            limit: 5,
            after,
          },
        );
        seen.push(...page.deliveries);
        after = page.next;
        await store.insert([deliveryOf(attempt({ acceptedAtMs: 1_790_000_900_000 + seen.length }))]);
      } while (after !== null);
      const expected = deliveries.toSorted(
        (a, b) => b.createdAtMs - a.createdAtMs || (documentKey(a) < documentKey(b) ? 1 : -1),
      );
      expect(seen.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
    });

    it('pages through all of them, oldest first, and counts them', async () => {
      const store = open();
      const { attempt, scope } = aWorkspace();
      const deliveries = Array.from({ length: 11 }, (_, n) =>
        deliveryOf(attempt({ acceptedAtMs: 1_790_000_000_000 + Math.floor(n / 3) })),
      );
      const other = deliveryOf(attempt({ eventType: 'user.left', acceptedAtMs: 1_790_000_000_001 }));
      await store.insert([...deliveries, other]);
      const filters = { ...scope, eventType: 'order.*' };
      const seen: string[] = [];
      let after: ListPosition | null = null;
      do {
        const page = await store.list(filters, { limit: 4, after, isOldestFirst: true });
        seen.push(...page.map(({ id }) => id));
        const last = page.at(-1);
        after = last === undefined ? null : { createdAtMs: last.createdAtMs, key: documentKey(last) };
      } while (after !== null);
      const expected = deliveries.toSorted(
        (a, b) => a.createdAtMs - b.createdAtMs || (documentKey(a) < documentKey(b) ? -1 : 1),
      );
      expect(seen).toEqual(expected.map(({ id }) => id));
      expect(await store.count(filters)).toBe(11);
      expect(await store.count(scope)).toBe(12);
    });
  });
};
