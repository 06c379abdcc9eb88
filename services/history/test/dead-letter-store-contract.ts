import { consumerId, deadLetterIdOf, newEventId, newSubscriptionId } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { type DeadLetter, letterKey } from '../src/dead-letters/domain/dead-letter.ts';
import type { DeadLetterFilters } from '../src/dead-letters/domain/dead-letter-filters.ts';
import type { DeadLetterStore } from '../src/dead-letters/ports.ts';
import { listDeadLetters } from '../src/dead-letters/read-dead-letters.ts';
import { aLetterSpace, aPoison, recorded, toStore } from './dead-letter-builders.ts';

const settlement = { by: 'key_1', reason: null, atMs: 1_790_000_100_000 } as const;
const ref = ({ letter }: Readonly<{ letter: DeadLetter }>) => letter.ref;
const everywhere = { partition: 0, next: 0, end: Number.MAX_SAFE_INTEGER };

/** What every store of dead letters must do; `open` is called in each test. */
export const describeDeadLetterStore = (name: string, open: () => DeadLetterStore): void => {
  describe(`a store of dead letters: ${name}`, () => {
    it('keeps every field and all that a letter holds, and leaves what was there as it is', async () => {
      const store = open();
      const { letter, walls } = aLetterSpace();
      const body = Buffer.from([0xff, 0, 1, 2]);
      const one = letter({ consumerId: consumerId('acme'), orderingKey: 'k.$' }, { body });
      const [two, poison] = [
        letter(),
        toStore(recorded(aPoison({ offset: String(Date.now()) }), everywhereElse)),
      ];
      expect(await store.insert([one, poison])).toEqual([one.letter, poison.letter]);
      const again = { ...one, letter: { ...one.letter, reason: 'disabled' } as const };
      expect(await store.insert([again, two])).toEqual([two.letter]);
      expect(await store.find({ ...walls, id: one.letter.id })).toEqual(one.letter);
      expect(await store.read([poison, two].map(ref))).toEqual(
        expect.arrayContaining([poison.letter, two.letter]),
      );
      const contents = await store.readContents([one, poison].map(ref));
      expect(contents.get(letterKey(one.letter.ref))).toEqual(one.content);
      expect(contents.get(letterKey(poison.letter.ref))).toEqual(poison.content);
    });

    it('finds nothing behind the wall of another workspace or consumer, and poison only for who may', async () => {
      const store = open();
      const { letter, walls, workspace } = aLetterSpace();
      const ours = letter({ consumerId: consumerId('acme') });
      const poisonOf = (n: number, headers: Record<string, string>) =>
        toStore(recorded(aPoison({ offset: `${Date.now()}${n}`, headers }), everywhereElse));
      const [owned, nobodys] = [poisonOf(1, { ce_workspaceid: workspace }), poisonOf(2, {})];
      await store.insert([ours, owned, nobodys]);
      const sees = async (filters: DeadLetterFilters, some: { letter: DeadLetter }) =>
        (await store.find({ ...filters, id: some.letter.id })) !== null;
      const as = (owner: string) => ({ ...walls, ownerId: consumerId(owner) });
      expect(await sees(as('acme'), ours)).toBe(true);
      expect(await sees(as('globex'), ours)).toBe(false);
      expect(await sees({ ...as('globex'), consumerId: consumerId('acme') }, ours)).toBe(false);
      expect(await sees({ ...aLetterSpace().walls, poison: 'nobodys' }, ours)).toBe(false);
      expect(await sees({ ...walls, kind: 'poison' }, owned)).toBe(false);
      expect(await sees({ ...walls, poison: 'own' }, owned)).toBe(true);
      expect(await sees({ ...walls, poison: 'own' }, nobodys)).toBe(false);
      expect(await sees({ ...walls, poison: 'nobodys' }, nobodys)).toBe(true);
      expect(await sees({ ...aLetterSpace().walls, poison: 'nobodys' }, owned)).toBe(false);
    });

    it('finds by each filter, alone and together', async () => {
      const store = open();
      const { letter, walls } = aLetterSpace();
      const event = newEventId(Date.now());
      const other = newSubscriptionId(Date.now());
      const one = letter({ eventId: event, consumerId: consumerId('acme'), subscriptionVersion: 4 });
      const two = letter(
        { subscriptionId: other, eventType: 'user.left', subscriptionVersion: 7 },
        { reason: 'disabled', recordedAtMs: 1_790_000_900_000 },
      );
      await store.insert([one, two]);
      await store.settle([two.letter.ref], { ...settlement, how: 'discarded' });
      const idsBy = async (filters: Partial<DeadLetterFilters>) => {
        const found = await store.list({ ...walls, ...filters }, { limit: 10, after: null });
        return found.map(({ id }) => id);
      };
      const [first, second] = [[one.letter.id], [two.letter.id]];
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

    it('finds a poison record by the event that it is, for whoever may see it', async () => {
      const store = open();
      const { letter, walls, workspace } = aLetterSpace();
      const [event, other] = [newEventId(Date.now()), newEventId(Date.now())];
      const poisonOf = (n: number, id: string) => {
        const headers = {
          ...{ ce_specversion: '1.0', ce_id: id, ce_type: 'order.paid', ce_source: '/orders' },
          ...{ ce_workspaceid: workspace, ce_consumerid: 'acme' },
        };
        const origin = { offset: `${Date.now()}${n}`, key: id, headers };
        return toStore(recorded(aPoison(origin, 'idempotency-conflict'), everywhereElse));
      };
      const [given, poison, another] = [letter({ eventId: event }), poisonOf(1, event), poisonOf(2, other)];
      await store.insert([given, poison, another]);
      const idsBy = async (filters: Partial<DeadLetterFilters>) => {
        const all = { ...walls, poison: 'own', eventId: event, ...filters } as const;
        const found = await store.list(all, { limit: 10, after: null });
        return new Set(found.map(({ id }) => id));
      };
      expect(await idsBy({})).toEqual(new Set([given.letter.id, poison.letter.id]));
      expect(await idsBy({ kind: 'poison' })).toEqual(new Set([poison.letter.id]));
      expect(await idsBy({ kind: 'delivery' })).toEqual(new Set([given.letter.id]));
      expect(await idsBy({ poison: 'none' })).toEqual(new Set([given.letter.id]));
      expect(await idsBy({ consumerId: consumerId('acme') })).toEqual(new Set([poison.letter.id]));
      expect(await idsBy({ eventType: 'order.paid', kind: 'poison', eventId: other })).toEqual(
        new Set([another.letter.id]),
      );
    });

    it('pages through all, newest first, none twice and none left out while more arrive', async () => {
      const store = open();
      const { letter, walls } = aLetterSpace();
      const event = newEventId(Date.now());
      const letters = Array.from({ length: 11 }, (_, n) =>
        letter({ eventId: event, chain: n }, { recordedAtMs: 1_790_000_000_000 + Math.floor(n / 3) }),
      );
      await store.insert(letters);
      const seen: string[] = [];
      let after: Awaited<ReturnType<typeof listDeadLetters>>['next'] = null;
      do {
        const filters = { ...walls, eventId: event };
        const page: Awaited<ReturnType<typeof listDeadLetters>> = await listDeadLetters(store, filters, {
          limit: 3,
          after,
        });
        seen.push(...page.letters.map(({ id }) => id));
        after = page.next;
        await store.insert([letter({}, { recordedAtMs: 1_790_000_900_000 + seen.length })]);
      } while (after !== null);
      expect(new Set(seen)).toEqual(new Set(letters.map(({ letter: { id } }) => id)));
      expect(seen).toHaveLength(11);
    });

    it('lists a stretch of a partition in the order of the topic, whatever their times', async () => {
      const store = open();
      const { letter, walls } = aLetterSpace();
      const letters = Array.from({ length: 6 }, (_, n) =>
        letter({}, { recordedAtMs: 1_790_000_000_000 - n }),
      );
      await store.insert([...letters.toReversed(), letter({}, { partition: 1 })]);
      const offsets = async (next: number, end: number, limit: number) => {
        const found = await store.listInOrder(walls, { partition: 0, next, end }, limit);
        return found.map(({ place }) => place.offset);
      };
      expect(await offsets(0, 100, 100)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(await offsets(3, 6, 100)).toEqual([3, 4, 5]);
      expect(await offsets(2, 100, 2)).toEqual([2, 3]);
    });

    it('counts by kind, reason and state with the oldest time, and by subscription within stretches', async () => {
      const store = open();
      const { letter, walls, subscription } = aLetterSpace();
      const letters = [
        letter({}, { recordedAtMs: 1_790_000_000_020 }),
        letter({}, { recordedAtMs: 1_790_000_000_010 }),
        letter({}, { reason: 'disabled' }),
      ];
      await store.insert(letters);
      expect(await store.count({ ...walls, reasons: ['exhausted'] })).toEqual([
        { kind: 'delivery', reason: 'exhausted', state: 'waiting', count: 2, oldestAtMs: 1_790_000_000_010 },
      ]);
      expect(await store.count(walls)).toHaveLength(2);
      expect(await store.countBySubscription(walls)).toEqual(new Map([[subscription, 3]]));
      const stretch = { partition: 0, next: 2, end: 3 };
      expect(await store.countBySubscription(walls, [stretch])).toEqual(new Map([[subscription, 1]]));
      expect(await store.countBySubscription(walls, [])).toEqual(new Map());
      const waiting = await store.countWaiting();
      expect(waiting.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(3);
    });

    it('is taken by one job only, let go by that job, and settled once', async () => {
      const store = open();
      const { letter, walls } = aLetterSpace();
      const [one, two] = [letter(), letter()];
      const stateOf = async ({ letter: { id } }: typeof one) => store.find({ ...walls, id });
      await store.insert([one, two]);
      const take = async (jobId: string, some: typeof one, chain: number) =>
        store.take([{ ref: some.letter.ref, taken: { jobId, chain } }]);
      await take('job_a', one, 1);
      await take('job_b', one, 9);
      await take('job_b', two, 4);
      expect(await stateOf(one)).toMatchObject({ state: 'redriving', taken: { jobId: 'job_a', chain: 1 } });
      await store.letGo('job_a');
      expect(await stateOf(one)).toMatchObject({ state: 'waiting', taken: null });
      expect(await stateOf(two)).toMatchObject({ state: 'redriving', taken: { jobId: 'job_b', chain: 4 } });
      const refs = [one, two].map(ref);
      expect(await store.settle(refs, { ...settlement, how: 'redriven' })).toBe(2);
      expect(await store.settle(refs, { ...settlement, how: 'discarded' })).toBe(0);
      await take('job_c', one, 5);
      expect(await stateOf(two)).toMatchObject({ state: 'redriven', settled: { by: 'key_1' } });
      expect(await stateOf(one)).toMatchObject({ state: 'redriven' });
    });

    it('takes from the topic what was done, and only to what is not settled yet', async () => {
      const store = open();
      const { letter, walls } = aLetterSpace();
      const [one, two] = [letter(), letter()];
      await store.insert([one, two]);
      const fact = { type: 'DeadLetterSettled.v1', ...settlement } as const;
      const facts = [
        { ...fact, ref: one.letter.ref, how: 'redriven', chain: 3 },
        { ...fact, ref: two.letter.ref, how: 'discarded', chain: null, reason: 'spam' },
      ] as const;
      await store.settleFrom(facts);
      await store.settleFrom([{ ...fact, ref: one.letter.ref, how: 'discarded', chain: null }]);
      expect(await store.find({ ...walls, id: one.letter.id })).toMatchObject({
        state: 'redriven',
        taken: { chain: 3 },
      });
      expect(await store.find({ ...walls, id: two.letter.id })).toMatchObject({
        state: 'discarded',
        settled: { by: 'key_1', reason: 'spam', atMs: settlement.atMs },
      });
    });

    it('is delivered from any state but discarded', async () => {
      const store = open();
      const { letter, walls } = aLetterSpace();
      const [waiting, redriven, discarded] = [letter(), letter(), letter()];
      await store.insert([waiting, redriven, discarded]);
      await store.settle([redriven.letter.ref], { ...settlement, how: 'redriven' });
      await store.settle([discarded.letter.ref], { ...settlement, how: 'discarded' });
      await store.markDelivered([waiting, redriven, discarded].map(ref));
      const states = (await store.listInOrder(walls, everywhere, 10)).map(({ state }) => state);
      expect(states).toEqual(['delivered', 'delivered', 'discarded']);
    });

    it('removes what was recorded before a time, with what it holds, up to a number', async () => {
      const store = open();
      const { letter, walls } = aLetterSpace();
      // Older than anything that another test stores.
      const letters = Array.from({ length: 6 }, (_, n) => letter({}, { recordedAtMs: 1_000 + n }));
      await store.insert(letters);
      expect(await store.purge(1_005, 2)).toBe(2);
      expect(await store.purge(1_005, 100)).toBe(3);
      expect(await store.purge(1_005, 100)).toBe(0);
      const left = await store.list(walls, { limit: 10, after: null });
      expect(left.map(({ id }) => id)).toEqual([letters[5]?.letter.id]);
      expect((await store.readContents(letters.map(ref))).size).toBe(1);
    });

    it('gives each chain of a delivery a letter of its own', () => {
      const { letter } = aLetterSpace();
      const first = letter();
      const event = first.letter.ref.kind === 'delivery' ? first.letter.ref.eventId : newEventId(0);
      const second = letter({ eventId: event, chain: 1 });
      expect(second.letter.id).not.toBe(first.letter.id);
      expect(deadLetterIdOf(first.letter.ref)).toBe(first.letter.id);
    });
  });
};

const everywhereElse = { partition: 2, offset: 1 };
