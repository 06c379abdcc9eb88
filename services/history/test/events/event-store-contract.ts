import { randomUUID } from 'node:crypto';
import { consumerId, newEventId, workspaceId } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { erasedEvent, type StoredEvent } from '../../src/events/domain/event.ts';
import { listEvents } from '../../src/events/list-events.ts';
import type { EventFilters, EventPosition, EventStore } from '../../src/events/ports.ts';
import { readAtOnce } from '../../src/list-in-steps.ts';
import { SearchTurns } from '../../src/search-turns.ts';

const acme = consumerId('acme');
const globex = consumerId('globex');

const turns = new SearchTurns({ monotonicMs: () => 0 });

/** Returns a new workspace, so that several tests can share one store. */
const aWorkspace = () => {
  const workspace = workspaceId(`ws_${randomUUID()}`);
  const scope: EventFilters = { workspaceId: workspace, ownerId: null };
  const event = (over: Partial<StoredEvent> = {}): StoredEvent => ({
    id: newEventId(Date.now()),
    workspaceId: workspace,
    consumerId: null,
    type: 'order.paid',
    source: '/orders',
    time: '2026-11-22T10:00:00.5+02:00',
    acceptedAtMs: 1_790_000_000_000,
    orderingKey: null,
    callerId: null,
    traceId: null,
    sizeBytes: 17,
    position: { partition: 3, offset: 1_234 },
    ...over,
  });
  return { workspace, scope, event };
};

/** Tests the contract of an event store; `open` is called in each test. */
export const describeEventStore = (name: string, open: () => EventStore): void => {
  describe(`an event store: ${name}`, () => {
    it('stores every field, and keeps the first of several with one id', async () => {
      const store = open();
      const { scope, event } = aWorkspace();
      const bare = event();
      const full = event({
        consumerId: acme,
        orderingKey: 'ord_7',
        callerId: 'mine',
        traceId: '0af7651916cd43dd8448eb211c80319c',
        position: { partition: 11, offset: 2 ** 40 },
      });
      const repeat = (of: StoredEvent) => ({ ...of, position: { partition: 0, offset: 0 } });
      expect(await store.insert([bare, repeat(bare)])).toBe(1);
      expect(await store.insert([repeat(bare), full])).toBe(1);
      expect(await store.insert([])).toBe(0);
      expect(await store.find(bare.id, scope)).toEqual(bare);
      expect(await store.find(full.id, scope)).toEqual(full);
    });

    it('erases what may name a person, and keeps that when the event is repeated', async () => {
      const store = open();
      const { scope, event } = aWorkspace();
      const full = event({
        consumerId: acme,
        orderingKey: 'alice',
        callerId: 'alice-1',
        traceId: 'a'.repeat(32),
      });
      const other = event({ orderingKey: 'alice' });
      await store.insert([full, other]);
      await store.erase([full.id, newEventId(1)]);
      expect(await store.erase([])).toBe(0);
      expect(await store.insert([full])).toBe(0);
      expect(await store.find(full.id, scope)).toEqual(erasedEvent(full));
      expect(await store.list({ ...scope, orderingKey: 'alice' }, { limit: 9, after: null })).toEqual([
        other,
      ]);
    });

    it('hides other workspaces and consumers, and operational events of the workspace', async () => {
      const store = open();
      const { workspace, scope, event } = aWorkspace();
      const broadcast = event();
      const ofAcme = event({ consumerId: acme, type: 'tidings.subscription.failing' });
      const ofWorkspace = event({ type: 'tidings.subscription.failing' });
      await store.insert([broadcast, ofAcme, ofWorkspace]);
      const seen = async (filters: EventFilters) =>
        (await store.list(filters, { limit: 10, after: null })).map(({ id }) => id).sort();
      const ids = (...events: StoredEvent[]) => events.map(({ id }) => id).sort();
      const as = (ownerId: typeof acme) => ({ workspaceId: workspace, ownerId });
      expect(await seen(scope)).toEqual(ids(broadcast, ofAcme, ofWorkspace));
      expect(await seen(as(acme))).toEqual(ids(broadcast, ofAcme));
      expect(await seen(as(globex))).toEqual(ids(broadcast));
      expect(await seen(aWorkspace().scope)).toEqual([]);
      expect(await seen({ ...scope, consumerId: acme })).toEqual(ids(ofAcme));
      expect(await seen({ ...as(acme), consumerId: acme })).toEqual(ids(ofAcme));
      expect(await seen({ ...as(globex), consumerId: acme })).toEqual([]);
      expect(await store.find(ofAcme.id, as(acme))).toEqual(ofAcme);
      expect(await store.find(ofAcme.id, as(globex))).toBeNull();
      expect(await store.find(ofWorkspace.id, as(acme))).toBeNull();
      expect(await store.find(broadcast.id, aWorkspace().scope)).toBeNull();
      const all = [broadcast, ofAcme, ofWorkspace].map(({ id }) => id);
      expect([...(await store.findAll(all, as(acme))).keys()].toSorted()).toEqual(ids(broadcast, ofAcme));
      expect((await store.findAll([ofAcme.id, newEventId(1)], scope)).get(ofAcme.id)).toEqual(ofAcme);
      expect((await store.findAll(all, aWorkspace().scope)).size).toBe(0);
      expect((await store.findAll([], scope)).size).toBe(0);
    });

    it('lists by each filter', async () => {
      const store = open();
      const { scope, event } = aWorkspace();
      const paid = event({ orderingKey: 'ord_7', callerId: 'mine' });
      const sent = event({ type: 'order.sent', source: '/shop', acceptedAtMs: paid.acceptedAtMs + 10 });
      const other = event({ type: 'orders', acceptedAtMs: paid.acceptedAtMs - 10 });
      await store.insert([paid, sent, other]);
      const seen = async (filters: Partial<EventFilters>) =>
        (await store.list({ ...scope, ...filters }, { limit: 10, after: null })).map(({ type }) => type);
      expect(await seen({})).toEqual(['order.sent', 'order.paid', 'orders']);
      expect(await seen({ type: 'order.*' })).toEqual(['order.sent', 'order.paid']);
      expect(await seen({ type: '*' })).toHaveLength(3);
      expect(await seen({ type: 'orders' })).toEqual(['orders']);
      expect(await seen({ source: '/shop' })).toEqual(['order.sent']);
      expect(await seen({ orderingKey: 'ord_7' })).toEqual(['order.paid']);
      expect(await seen({ callerId: 'mine' })).toEqual(['order.paid']);
      expect(await seen({ acceptedAfterMs: paid.acceptedAtMs })).toEqual(['order.sent']);
      expect(await seen({ acceptedBeforeMs: paid.acceptedAtMs })).toEqual(['orders']);
      expect(await seen({ type: 'order.*', acceptedBeforeMs: sent.acceptedAtMs })).toEqual(['order.paid']);
    });

    it('reads a bounded number of events for filters that no index serves, and says how far it came', async () => {
      const store = open();
      const { scope, event } = aWorkspace();
      const rare = { source: '/rare', orderingKey: 'ord_7', callerId: 'mine' };
      const events = Array.from({ length: 2.5 * readAtOnce }, (_, n) =>
        event({
          acceptedAtMs: 1_790_000_000_000 + Math.floor(n / 3),
          ...(n === 0 || n === readAtOnce + 3 ? rare : {}),
        }),
      );
      await store.insert(events);
      const matching = [events[readAtOnce + 3]?.id, events[0]?.id];
      const filters: Partial<EventFilters>[] = [
        { source: '/rare' },
        { orderingKey: 'ord_7' },
        { orderingKey: 'ord_7', type: 'order.paid' },
      ];
      for (const one of filters) {
        const seen: string[] = [];
        const steps: number[] = [];
        let after: EventPosition | null = null;
        do {
          const step: Awaited<ReturnType<EventStore['step']>> = await store.step(
            { ...scope, ...one },
            { limit: 10, after },
          );
          seen.push(...step.found.map(({ id }) => id));
          steps.push(step.found.length);
          after = step.reached;
        } while (after !== null);
        expect([seen, steps]).toEqual([matching, [0, 1, 1]]);
      }
      const full = await store.step({ ...scope, source: '/rare' }, { limit: 1, after: null });
      expect(full.found).toEqual([]);
      expect(full.reached).not.toBeNull();
      const one = await store.step({ ...scope, source: '/rare' }, { limit: 1, after: full.reached });
      expect(one.reached).toEqual({ acceptedAtMs: one.found[0]?.acceptedAtMs, id: matching[0] });
      // Indexes serve these: one step is a page.
      const mine = await store.step(
        { ...scope, callerId: 'mine', source: '/rare' },
        { limit: 10, after: null },
      );
      expect([mine.found.map(({ id }) => id), mine.reached]).toEqual([matching, null]);
    });

    it('pages through all of them, newest first, without duplicates or gaps while more arrive', async () => {
      const store = open();
      const { scope, event } = aWorkspace();
      // Three in each millisecond: the id determines their order.
      const events = Array.from({ length: 23 }, (_, n) =>
        event({ acceptedAtMs: 1_790_000_000_000 + Math.floor(n / 3) }),
      );
      await store.insert(events);
      const seen: string[] = [];
      let after: EventPosition | null = null;
      do {
        const page: Awaited<ReturnType<typeof listEvents>> = await listEvents({ store, turns }, scope, {
          limit: 5,
          after,
        });
        seen.push(...page.events.map(({ id }) => id));
        after = page.next;
        await store.insert([event({ acceptedAtMs: 1_790_000_900_000 + seen.length })]);
      } while (after !== null);
      const expected = events.toSorted((a, b) => b.acceptedAtMs - a.acceptedAtMs || (a.id < b.id ? 1 : -1));
      expect(seen).toEqual(expected.map(({ id }) => id));
    });

    it('removes what is older than a time, up to a limit', async () => {
      const store = open();
      const { scope, event } = aWorkspace();
      const ages = Array.from({ length: 6 }, (_, n) => event({ acceptedAtMs: 1_000 + n }));
      const other = aWorkspace().event({ acceptedAtMs: 1_000 });
      await store.insert([...ages, other]);
      expect(await store.workspaces()).toContain(scope.workspaceId);
      expect(await store.purge(scope.workspaceId, 1_005, 2)).toBe(2);
      expect(await store.purge(scope.workspaceId, 1_005, 100)).toBe(3);
      expect(await store.purge(scope.workspaceId, 1_005, 100)).toBe(0);
      const left = await store.list(scope, { limit: 10, after: null });
      expect(left.map(({ id }) => id)).toEqual([ages[5]?.id]);
    });
  });
};
