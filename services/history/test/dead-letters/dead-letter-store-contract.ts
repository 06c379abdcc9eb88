import { consumerId, deadLetterIdOf, newEventId, newSubscriptionId } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { type DeadLetter, deadLetterKey } from '../../src/dead-letters/domain/dead-letter.ts';
import type { DeadLetterFilters } from '../../src/dead-letters/domain/dead-letter-filters.ts';
import { erasedDeadLetter } from '../../src/dead-letters/domain/erase-dead-letter.ts';
import type { DeadLetterStore } from '../../src/dead-letters/ports.ts';
import { listDeadLetters } from '../../src/dead-letters/read-dead-letters.ts';
import { aDeadLetterSpace, aPoison, recorded, toStore } from './dead-letter-builders.ts';

const settlement = { by: 'key_1', reason: null, atMs: 1_790_000_100_000 } as const;
const ref = ({ deadLetter }: Readonly<{ deadLetter: DeadLetter }>) => deadLetter.ref;
const everywhere = { partition: 0, next: 0, end: Number.MAX_SAFE_INTEGER };

/** Tests the contract of a dead-letter store; `open` is called in each test. */
export const describeDeadLetterStore = (name: string, open: () => DeadLetterStore): void => {
  describe(`a store of dead letters: ${name}`, () => {
    it('stores every field and the record of a dead letter, and does not overwrite an existing one', async () => {
      const store = open();
      const { deadLetter, scope } = aDeadLetterSpace();
      const body = Buffer.from([0xff, 0, 1, 2]);
      const one = deadLetter({ consumerId: consumerId('acme'), orderingKey: 'k.$' }, { body });
      const [two, poison] = [
        deadLetter(),
        toStore(recorded(aPoison({ offset: String(Date.now()) }), everywhereElse)),
      ];
      expect(await store.insert([one, poison])).toEqual([one.deadLetter, poison.deadLetter]);
      const again = { ...one, deadLetter: { ...one.deadLetter, reason: 'disabled' } as const };
      expect(await store.insert([again, two])).toEqual([two.deadLetter]);
      expect(await store.find({ ...scope, id: one.deadLetter.id })).toEqual(one.deadLetter);
      expect(await store.read([poison, two].map(ref))).toEqual(
        expect.arrayContaining([poison.deadLetter, two.deadLetter]),
      );
      const contents = await store.readContents([one, poison].map(ref));
      expect(contents.get(deadLetterKey(one.deadLetter.ref))).toEqual(one.content);
      expect(contents.get(deadLetterKey(poison.deadLetter.ref))).toEqual(poison.content);
    });

    it('erases contents, in any state, and stores erased ones', async () => {
      const store = open();
      const { deadLetter, scope } = aDeadLetterSpace();
      const [one, two] = [deadLetter(), deadLetter()];
      const late = deadLetter();
      await store.insert([one, two]);
      await store.insert([{ deadLetter: erasedDeadLetter(late.deadLetter), content: { kind: 'erased' } }]);
      await store.erase([one.deadLetter.ref]);
      await store.erase([]);
      const contents = await store.readContents([one, two, late].map(ref));
      expect([one, two, late].map((some) => contents.get(deadLetterKey(some.deadLetter.ref)))).toEqual([
        { kind: 'erased' },
        two.content,
        { kind: 'erased' },
      ]);
      const find = async (some: typeof one) => store.find({ ...scope, id: some.deadLetter.id });
      expect(await find(one)).toEqual(erasedDeadLetter(one.deadLetter));
      expect(await find(two)).toEqual(two.deadLetter);
      expect(await find(late)).toEqual(erasedDeadLetter(late.deadLetter));
    });

    it('hides other workspaces and consumers, and shows poison records to permitted callers only', async () => {
      const store = open();
      const { deadLetter, scope, workspace } = aDeadLetterSpace();
      const ours = deadLetter({ consumerId: consumerId('acme') });
      const poisonOf = (n: number, headers: Record<string, string>) =>
        toStore(recorded(aPoison({ offset: `${Date.now()}${n}`, headers }), everywhereElse));
      const [owned, nobodys] = [poisonOf(1, { ce_workspaceid: workspace }), poisonOf(2, {})];
      await store.insert([ours, owned, nobodys]);
      const sees = async (filters: DeadLetterFilters, some: { deadLetter: DeadLetter }) =>
        (await store.find({ ...filters, id: some.deadLetter.id })) !== null;
      const as = (owner: string) => ({ ...scope, ownerId: consumerId(owner) });
      expect(await sees(as('acme'), ours)).toBe(true);
      expect(await sees(as('globex'), ours)).toBe(false);
      expect(await sees({ ...as('globex'), consumerId: consumerId('acme') }, ours)).toBe(false);
      expect(await sees({ ...aDeadLetterSpace().scope, poison: 'nobodys' }, ours)).toBe(false);
      expect(await sees({ ...scope, kind: 'poison' }, owned)).toBe(false);
      expect(await sees({ ...scope, poison: 'own' }, owned)).toBe(true);
      expect(await sees({ ...scope, poison: 'own' }, nobodys)).toBe(false);
      expect(await sees({ ...scope, poison: 'nobodys' }, nobodys)).toBe(true);
      expect(await sees({ ...aDeadLetterSpace().scope, poison: 'nobodys' }, owned)).toBe(false);
    });

    it('finds by each filter, alone and combined', async () => {
      const store = open();
      const { deadLetter, scope } = aDeadLetterSpace();
      const event = newEventId(Date.now());
      const other = newSubscriptionId(Date.now());
      const one = deadLetter({ eventId: event, consumerId: consumerId('acme'), subscriptionVersion: 4 });
      const two = deadLetter(
        { subscriptionId: other, eventType: 'user.left', subscriptionVersion: 7 },
        { reason: 'disabled', recordedAtMs: 1_790_000_900_000 },
      );
      await store.insert([one, two]);
      await store.settle([two.deadLetter.ref], { ...settlement, how: 'discarded' });
      const idsBy = async (filters: Partial<DeadLetterFilters>) => {
        const found = await store.list({ ...scope, ...filters }, { limit: 10, after: null });
        return found.map(({ id }) => id);
      };
      const [first, second] = [[one.deadLetter.id], [two.deadLetter.id]];
      expect(await idsBy({ eventId: event })).toEqual(first);
      expect(await idsBy({ subscriptionId: other })).toEqual(second);
      expect(await idsBy({ consumerId: consumerId('acme') })).toEqual(first);
      expect(await idsBy({ eventType: 'user.left' })).toEqual(second);
      expect(await idsBy({ reasons: ['disabled', 'backlog-full'] })).toEqual(second);
      expect(await idsBy({ states: ['waiting'] })).toEqual(first);
      expect(await idsBy({ kind: 'poison' })).toEqual([]);
      expect(await idsBy({ recordedAfterMs: 1_790_000_800_000 })).toEqual(second);
      expect(await idsBy({ recordedBeforeMs: 1_790_000_900_000 })).toEqual(first);
      expect(await idsBy({ subscriptionVersionBelow: 7 })).toEqual(first);
      expect(await idsBy({ states: ['waiting'], eventType: 'user.left' })).toEqual([]);
    });

    it('finds a poison record by the event that it contains, for permitted callers', async () => {
      const store = open();
      const { deadLetter, scope, workspace } = aDeadLetterSpace();
      const [event, other] = [newEventId(Date.now()), newEventId(Date.now())];
      const poisonOf = (n: number, id: string) => {
        const headers = {
          ...{ ce_specversion: '1.0', ce_id: id, ce_type: 'order.paid', ce_source: '/orders' },
          ...{ ce_workspaceid: workspace, ce_consumerid: 'acme' },
        };
        const origin = { offset: `${Date.now()}${n}`, key: id, headers };
        return toStore(recorded(aPoison(origin, 'idempotency-conflict'), everywhereElse));
      };
      const [given, poison, another] = [
        deadLetter({ eventId: event }),
        poisonOf(1, event),
        poisonOf(2, other),
      ];
      await store.insert([given, poison, another]);
      const idsBy = async (filters: Partial<DeadLetterFilters>) => {
        const all = { ...scope, poison: 'own', eventId: event, ...filters } as const;
        const found = await store.list(all, { limit: 10, after: null });
        return new Set(found.map(({ id }) => id));
      };
      expect(await idsBy({})).toEqual(new Set([given.deadLetter.id, poison.deadLetter.id]));
      expect(await idsBy({ kind: 'poison' })).toEqual(new Set([poison.deadLetter.id]));
      expect(await idsBy({ kind: 'delivery' })).toEqual(new Set([given.deadLetter.id]));
      expect(await idsBy({ poison: 'none' })).toEqual(new Set([given.deadLetter.id]));
      expect(await idsBy({ consumerId: consumerId('acme') })).toEqual(new Set([poison.deadLetter.id]));
      expect(await idsBy({ eventType: 'order.paid', kind: 'poison', eventId: other })).toEqual(
        new Set([another.deadLetter.id]),
      );
    });

    it('pages through all, newest first, without duplicates or gaps while more arrive', async () => {
      const store = open();
      const { deadLetter, scope } = aDeadLetterSpace();
      const event = newEventId(Date.now());
      const deadLetters = Array.from({ length: 11 }, (_, n) =>
        deadLetter({ eventId: event, chain: n }, { recordedAtMs: 1_790_000_000_000 + Math.floor(n / 3) }),
      );
      await store.insert(deadLetters);
      const seen: string[] = [];
      let after: Awaited<ReturnType<typeof listDeadLetters>>['next'] = null;
      do {
        const filters = { ...scope, eventId: event };
        const page: Awaited<ReturnType<typeof listDeadLetters>> = await listDeadLetters(store, filters, {
          limit: 3,
          after,
        });
        seen.push(...page.deadLetters.map(({ id }) => id));
        after = page.next;
        await store.insert([deadLetter({}, { recordedAtMs: 1_790_000_900_000 + seen.length })]);
      } while (after !== null);
      expect(new Set(seen)).toEqual(new Set(deadLetters.map(({ deadLetter: { id } }) => id)));
      expect(seen).toHaveLength(11);
    });

    it('lists an offset range of a partition in offset order, independent of times', async () => {
      const store = open();
      const { deadLetter, scope } = aDeadLetterSpace();
      const deadLetters = Array.from({ length: 6 }, (_, n) =>
        deadLetter({}, { recordedAtMs: 1_790_000_000_000 - n }),
      );
      await store.insert([...deadLetters.toReversed(), deadLetter({}, { partition: 1 })]);
      const offsets = async (next: number, end: number, limit: number) => {
        const found = await store.listInOrder(scope, { partition: 0, next, end }, limit);
        return found.map(({ position }) => position.offset);
      };
      expect(await offsets(0, 100, 100)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(await offsets(3, 6, 100)).toEqual([3, 4, 5]);
      expect(await offsets(2, 100, 2)).toEqual([2, 3]);
    });

    it('counts by kind, reason and state with the oldest time, and by subscription within offset ranges', async () => {
      const store = open();
      const { deadLetter, scope, subscription } = aDeadLetterSpace();
      const deadLetters = [
        deadLetter({}, { recordedAtMs: 1_790_000_000_020 }),
        deadLetter({}, { recordedAtMs: 1_790_000_000_010 }),
        deadLetter({}, { reason: 'disabled' }),
      ];
      await store.insert(deadLetters);
      expect(await store.count({ ...scope, reasons: ['exhausted'] })).toEqual([
        { kind: 'delivery', reason: 'exhausted', state: 'waiting', count: 2, oldestAtMs: 1_790_000_000_010 },
      ]);
      expect(await store.count(scope)).toHaveLength(2);
      expect(await store.countBySubscription(scope)).toEqual(new Map([[subscription, 3]]));
      const range = { partition: 0, next: 2, end: 3 };
      expect(await store.countBySubscription(scope, [range])).toEqual(new Map([[subscription, 1]]));
      expect(await store.countBySubscription(scope, [])).toEqual(new Map());
      await store.settle(deadLetters.slice(0, 1).map(ref), { ...settlement, how: 'discarded' });
      expect(await store.countUndelivered(scope, 1)).toHaveLength(1);
      const undelivered = await store.countUndelivered(scope, 100);
      expect(undelivered.toSorted((a, b) => a.oldestAtMs - b.oldestAtMs)).toEqual(
        deadLetters.slice(1).map(({ deadLetter: one }) => ({
          ...{ subscriptionId: subscription, consumerId: one.consumerId, status: 'dead_lettered' },
          ...{ reason: one.reason, lastReason: one.lastError, lastStatusCode: one.lastStatusCode },
          ...{ count: 1, oldestAtMs: one.recordedAtMs, nextAttemptAtMs: null },
        })),
      );
      const waiting = await store.countWaiting();
      expect(waiting.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(2);
    });

    it('is claimed by one job only, released by that job, and settled once', async () => {
      const store = open();
      const { deadLetter, scope } = aDeadLetterSpace();
      const [one, two] = [deadLetter(), deadLetter()];
      const stateOf = async ({ deadLetter: { id } }: typeof one) => store.find({ ...scope, id });
      await store.insert([one, two]);
      const take = async (jobId: string, some: typeof one, chain: number) =>
        store.take([{ ref: some.deadLetter.ref, taken: { jobId, chain } }]);
      await take('job_a', one, 1);
      await take('job_b', one, 9);
      await take('job_b', two, 4);
      expect(await stateOf(one)).toMatchObject({ state: 'redriving', taken: { jobId: 'job_a', chain: 1 } });
      await store.release('job_a');
      expect(await stateOf(one)).toMatchObject({ state: 'waiting', taken: null });
      expect(await stateOf(two)).toMatchObject({ state: 'redriving', taken: { jobId: 'job_b', chain: 4 } });
      const refs = [one, two].map(ref);
      expect(await store.settle(refs, { ...settlement, how: 'redriven' })).toBe(2);
      expect(await store.settle(refs, { ...settlement, how: 'discarded' })).toBe(0);
      await take('job_c', one, 5);
      expect(await stateOf(two)).toMatchObject({ state: 'redriven', settled: { by: 'key_1' } });
      expect(await stateOf(one)).toMatchObject({ state: 'redriven' });
    });

    it('applies settlements from the topic only to what is not settled yet', async () => {
      const store = open();
      const { deadLetter, scope } = aDeadLetterSpace();
      const [one, two] = [deadLetter(), deadLetter()];
      await store.insert([one, two]);
      const event = { type: 'DeadLetterSettled.v1', ...settlement } as const;
      const events = [
        { ...event, ref: one.deadLetter.ref, how: 'redriven', chain: 3 },
        { ...event, ref: two.deadLetter.ref, how: 'discarded', chain: null, reason: 'spam' },
      ] as const;
      await store.settleFrom(events);
      await store.settleFrom([{ ...event, ref: one.deadLetter.ref, how: 'discarded', chain: null }]);
      expect(await store.find({ ...scope, id: one.deadLetter.id })).toMatchObject({
        state: 'redriven',
        taken: { chain: 3 },
      });
      expect(await store.find({ ...scope, id: two.deadLetter.id })).toMatchObject({
        state: 'discarded',
        settled: { by: 'key_1', reason: 'spam', atMs: settlement.atMs },
      });
      // Whoever settled it learns that it is settled, also if the record of the topic was applied first.
      const spam = { ...settlement, how: 'discarded', reason: 'spam' } as const;
      expect(await store.settle([two.deadLetter.ref], spam)).toBe(1);
      expect(await store.settle([two.deadLetter.ref], { ...spam, by: 'key_2' })).toBe(0);
    });

    it('is settled by a record that follows its success, unless that discards it', async () => {
      const store = open();
      const { deadLetter, scope } = aDeadLetterSpace();
      const [redriven, discarded] = [deadLetter(), deadLetter()];
      await store.insert([redriven, discarded]);
      await store.markDelivered([redriven, discarded].map(ref));
      const event = {
        type: 'DeadLetterSettled.v1',
        by: 'key_1',
        reason: null,
        atMs: settlement.atMs,
      } as const;
      const jobId = 'job_1';
      await store.settleFrom([
        { ...event, ref: ref(redriven), how: 'redriven', chain: 2, jobId },
        { ...event, ref: ref(discarded), how: 'discarded', chain: null },
        // A second redrive of the same one changes nothing.
        { ...event, ref: ref(redriven), how: 'redriven', chain: 3, atMs: 1 },
      ]);
      expect(await store.find({ ...scope, id: redriven.deadLetter.id })).toMatchObject({
        state: 'delivered',
        taken: { jobId, chain: 2 },
        settled: { by: 'key_1', atMs: settlement.atMs },
      });
      expect(await store.find({ ...scope, id: discarded.deadLetter.id })).toMatchObject({
        state: 'delivered',
        settled: null,
      });
    });

    it('becomes delivered from any state but discarded', async () => {
      const store = open();
      const { deadLetter, scope } = aDeadLetterSpace();
      const [waiting, redriven, discarded] = [deadLetter(), deadLetter(), deadLetter()];
      await store.insert([waiting, redriven, discarded]);
      await store.settle([redriven.deadLetter.ref], { ...settlement, how: 'redriven' });
      await store.settle([discarded.deadLetter.ref], { ...settlement, how: 'discarded' });
      await store.markDelivered([waiting, redriven, discarded].map(ref));
      const states = (await store.listInOrder(scope, everywhere, 10)).map(({ state }) => state);
      expect(states).toEqual(['delivered', 'delivered', 'discarded']);
    });

    it('removes what was recorded before a time, with its records, up to a limit', async () => {
      const store = open();
      const { deadLetter, scope } = aDeadLetterSpace();
      const deadLetters = Array.from({ length: 6 }, (_, n) => deadLetter({}, { recordedAtMs: 1_000 + n }));
      const other = aDeadLetterSpace().deadLetter({}, { recordedAtMs: 1_000 });
      await store.insert([...deadLetters, other]);
      expect(await store.workspaces()).toContain(scope.workspaceId);
      expect(await store.purge(scope.workspaceId, 1_005, 2)).toBe(2);
      expect(await store.purge(scope.workspaceId, 1_005, 100)).toBe(3);
      expect(await store.purge(scope.workspaceId, 1_005, 100)).toBe(0);
      const left = await store.list(scope, { limit: 10, after: null });
      expect(left.map(({ id }) => id)).toEqual([deadLetters[5]?.deadLetter.id]);
      expect((await store.readContents(deadLetters.map(ref))).size).toBe(1);
    });

    it('gives each chain of a delivery its own dead letter', () => {
      const { deadLetter } = aDeadLetterSpace();
      const first = deadLetter();
      const event = first.deadLetter.ref.kind === 'delivery' ? first.deadLetter.ref.eventId : newEventId(0);
      const second = deadLetter({ eventId: event, chain: 1 });
      expect(second.deadLetter.id).not.toBe(first.deadLetter.id);
      expect(deadLetterIdOf(first.deadLetter.ref)).toBe(first.deadLetter.id);
    });
  });
};

const everywhereElse = { partition: 2, offset: 1 };
