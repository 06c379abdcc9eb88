import { randomUUID } from 'node:crypto';
import {
  type AttemptRecorded,
  consumerId,
  deliveryId,
  exchangeText,
  newEventId,
  newSubscriptionId,
} from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { deliveryOf } from '../../src/deliveries/domain/delivery.ts';
import { erasedDelivery } from '../../src/deliveries/domain/erase-delivery.ts';
import { maxAttemptEvents, mergeDeliveries } from '../../src/deliveries/domain/merge-deliveries.ts';
import { replayOutcomes } from '../../src/deliveries/domain/replay-outcomes.ts';
import type { DeliveryStore } from '../../src/deliveries/ports.ts';
import { outcomes } from '../builders.ts';
import { describeDeliveryLists } from './delivery-lists-contract.ts';
import { aWorkspace } from './delivery-workspace.ts';

const newDelivery = () => deliveryId(`dlv_${randomUUID().replaceAll('-', '')}`);
const anExchange = exchangeText({
  phases: { totalMs: 1.5 },
  request: { headers: { 'x.b': 'a' } },
  response: { headers: { 'x.a': 'b', $c: ['d', 'e'] }, body: 'é"\u0000\ud83d\ude00' },
});

/** Tests the contract of a delivery store; `open` is called in each test. */
export const describeDeliveryStore = (name: string, open: () => DeliveryStore): void => {
  describe(`a delivery store: ${name}`, () => {
    it('inserts new deliveries, leaves existing ones unchanged and returns which those were', async () => {
      const store = open();
      const { attempt } = aWorkspace();
      const [one, two] = [deliveryOf(attempt()), deliveryOf(attempt())];
      expect(await store.insert([one])).toEqual(new Set());
      expect(await store.insert([{ ...one, status: 'failed' }, two])).toEqual(new Set([one.id]));
      const stored = await store.read([one, two, deliveryOf(attempt())]);
      expect(stored).toEqual(
        new Map([
          [one.id, { delivery: one, rev: 1 }],
          [two.id, { delivery: two, rev: 1 }],
        ]),
      );
    });

    it('stores every field of every kind of attempt event', async () => {
      const store = open();
      const { attempt } = aWorkspace();
      const base = attempt({ consumerId: consumerId('acme'), orderingKey: 'ord_7' });
      const events = [
        { ...base, outcome: outcomes.failed, next: { kind: 'retry', atMs: 1_790_000_005_000 } },
        { ...base, attempt: 2, outcome: outcomes.deferred },
        {
          ...base,
          attempt: 2,
          outcome: { kind: 'failed', reason: 'timeout', statusCode: null, responseExcerpt: null },
          next: { kind: 'dead-letter', reason: 'exhausted' },
        },
        { ...base, chain: 1, outcome: outcomes.setAside },
        { ...base, chain: 2, trigger: 'manual', outcome: outcomes.suppressed },
        { ...base, chain: 3, outcome: outcomes.failed, exchange: anExchange },
      ] satisfies AttemptRecorded[];
      const delivery = events.map(deliveryOf).reduce(mergeDeliveries);
      await store.insert([delivery]);
      expect((await store.read([delivery])).get(delivery.id)?.delivery).toEqual(delivery);
    });

    it('stores a delivery with 300 attempts, of which the newest remain', async () => {
      const store = open();
      const { attempt, scope } = aWorkspace();
      const first = attempt({ outcome: outcomes.failed, exchange: anExchange });
      const id = newDelivery();
      let rev = 0;
      let delivery = deliveryOf({ ...first, deliveryId: id });
      await store.insert([delivery]);
      for (let from = 1; from < 300; from += 50) {
        const more = Array.from({ length: 50 }, (_, n) =>
          deliveryOf({ ...first, deliveryId: id, chain: from + n }),
        );
        delivery = more.reduce(mergeDeliveries, delivery);
        rev += 1;
        expect(await store.replace([{ delivery, rev }])).toBe(1);
      }
      const found = await store.find(id, scope);
      expect(found).toEqual(delivery);
      expect(found?.attemptEvents).toHaveLength(maxAttemptEvents);
      expect(found?.attemptEvents.at(-1)?.chain).toBe(300);
    });

    it('counts the deliveries of a workspace by the end of a replay', async () => {
      const store = open();
      const [ours, foreign] = [aWorkspace(), aWorkspace()];
      const chain = 1e15 + 12_345;
      const replayed = { chain, trigger: 'replay' } as const;
      const deadLetter = { kind: 'dead-letter', reason: 'exhausted' } as const;
      const waits = { ...replayed, outcome: outcomes.failed, next: { kind: 'retry', atMs: 9 } } as const;
      const fails = { ...replayed, attempt: 2, outcome: outcomes.failed, next: deadLetter } as const;
      const one = ours.attempt({ deliveryId: newDelivery(), ...waits });
      const first = deliveryOf(one);
      const second = mergeDeliveries(first, deliveryOf({ ...one, ...fails }));
      const delivered = deliveryOf(ours.attempt({ deliveryId: newDelivery(), ...replayed }));
      await store.putReplayEnds([
        first,
        delivered,
        deliveryOf(ours.attempt({ deliveryId: newDelivery(), ...replayed, chain: chain + 1_000 })),
        deliveryOf(ours.attempt({ deliveryId: newDelivery() })),
        deliveryOf(foreign.attempt({ deliveryId: newDelivery(), ...replayed })),
      ]);
      const counts = async () =>
        Promise.all(
          replayOutcomes.map(async (outcome) => store.countReplayed(ours.workspace, { chain, outcome })),
        );
      expect(await counts()).toEqual([1, 0]);
      await store.putReplayEnds([second, delivered]);
      await store.putReplayEnds([second]);
      expect(await counts()).toEqual([1, 1]);
      // A crash repeated its last attempt, and that succeeded.
      await store.putReplayEnds([
        mergeDeliveries(second, deliveryOf({ ...one, ...fails, outcome: outcomes.delivered })),
      ]);
      expect(await counts()).toEqual([2, 0]);
      await store.purge(ours.workspace, Date.now() + 1_000_000_000_000, 100);
      expect(await counts()).toEqual([0, 0]);
    });

    it('replaces only versions that are still current, and returns how many', async () => {
      const store = open();
      const { attempt, scope } = aWorkspace();
      const base = attempt({ outcome: outcomes.failed, next: { kind: 'retry', atMs: 1_790_000_005_000 } });
      const [before, other] = [deliveryOf(base), deliveryOf(attempt())];
      const after = mergeDeliveries(before, deliveryOf({ ...base, attempt: 2, outcome: outcomes.delivered }));
      await store.insert([before, other]);
      expect(
        await store.replace([
          { delivery: after, rev: 1 },
          { delivery: other, rev: 7 },
        ]),
      ).toBe(1);
      expect(await store.replace([{ delivery: before, rev: 1 }])).toBe(0);
      expect((await store.read([before])).get(before.id)).toEqual({ delivery: after, rev: 2 });
      expect(await store.find(before.id, scope)).toEqual(after);
    });

    it('replaces a delivery by what an erasure leaves of it', async () => {
      const store = open();
      const { attempt, scope } = aWorkspace();
      const of = { orderingKey: 'alice', addressedTo: consumerId('acme'), exchange: anExchange };
      const delivery = deliveryOf(attempt({ ...of, outcome: outcomes.failed }));
      await store.insert([delivery]);
      expect((await store.read([delivery])).get(delivery.id)).toEqual({ delivery, rev: 1 });
      const erased = erasedDelivery(delivery);
      expect(await store.replace([{ delivery: erased, rev: 1 }])).toBe(1);
      expect((await store.read([delivery])).get(delivery.id)).toEqual({ delivery: erased, rev: 2 });
      const page = { limit: 9, after: null };
      expect(await store.list({ ...scope, orderingKey: 'alice' }, page)).toEqual([]);
      expect(await store.list(scope, page)).toMatchObject([
        { isErased: true, orderingKey: null, addressedTo: 'acme' },
      ]);
    });

    it('counts the deliveries of events by status, within a scope', async () => {
      const store = open();
      const { attempt, scope, workspace } = aWorkspace();
      const [one, two, none] = [newEventId(1), newEventId(2), newEventId(3)];
      const of = (eventId: AttemptRecorded['eventId'], n: number, over: Partial<AttemptRecorded> = {}) =>
        deliveryOf(
          attempt({ ...over, eventId, subscriptionId: newSubscriptionId(n), deliveryId: newDelivery() }),
        );
      await store.insert([
        of(one, 1),
        of(one, 2),
        of(one, 3, { consumerId: consumerId('acme'), outcome: outcomes.suppressed }),
        of(two, 1, { outcome: outcomes.deferred }),
        deliveryOf(aWorkspace().attempt({ eventId: one, deliveryId: newDelivery() })),
      ]);
      expect(await store.countByEvent([one, two, none], scope)).toEqual(
        new Map<string, object>([
          [one, { delivered: 2, suppressed: 1 }],
          [two, { pending: 1 }],
        ]),
      );
      expect(await store.countByEvent([two], scope)).toEqual(new Map([[two, { pending: 1 }]]));
      const ofAcme = { workspaceId: workspace, ownerId: consumerId('acme') };
      expect(await store.countByEvent([one, two], ofAcme)).toEqual(new Map([[one, { suppressed: 1 }]]));
      expect(await store.countByEvent([], scope)).toEqual(new Map());
    });

    it('counts those that wait by subscription and reason, with the oldest and the next attempt', async () => {
      const store = open();
      const { attempt, scope, workspace } = aWorkspace();
      const [one, two] = [newSubscriptionId(1), newSubscriptionId(2)];
      const of = (over: Partial<AttemptRecorded>) =>
        deliveryOf(attempt({ deliveryId: newDelivery(), ...over }));
      const failed = (atMs: number, acceptedAtMs: number) =>
        of({ subscriptionId: one, acceptedAtMs, outcome: outcomes.failed, next: { kind: 'retry', atMs } });
      const first = failed(1_790_000_060_000, 1_790_000_000_000);
      const again = failed(1_790_000_050_000, 1_790_000_010_000);
      await store.insert([first, again, of({ subscriptionId: one })]);
      // A later revision has null where the first has no field.
      await store.replace([{ delivery: again, rev: 1 }]);
      const ofAcme = { subscriptionId: two, consumerId: consumerId('acme') };
      await store.insert([
        of({ ...ofAcme, acceptedAtMs: 1_790_000_020_000, outcome: outcomes.deferred }),
        of({ ...ofAcme, outcome: outcomes.setAside }),
        deliveryOf(aWorkspace().attempt({ outcome: outcomes.deferred })),
      ]);
      const counts = {
        failed: {
          ...{ subscriptionId: one, consumerId: null, status: 'retrying', reason: null },
          ...{ lastReason: 'http-status', lastStatusCode: 500, count: 2 },
          ...{ oldestAtMs: 1_790_000_000_000, nextAttemptAtMs: 1_790_000_050_000 },
        },
        deferred: {
          ...{ ...ofAcme, status: 'pending', reason: 'breaker-open', lastReason: null, lastStatusCode: null },
          ...{ count: 1, oldestAtMs: 1_790_000_020_000, nextAttemptAtMs: null },
        },
      };
      const all = await store.countUnderWay(scope, 100);
      expect(all.toSorted((a, b) => b.count - a.count)).toEqual([counts.failed, counts.deferred]);
      const some = await store.countUnderWay(scope, 2);
      expect(some.reduce((sum, { count }) => sum + count, 0)).toBe(2);
      const acme = { workspaceId: workspace, ownerId: consumerId('acme') };
      expect(await store.countUnderWay(acme, 100)).toEqual([counts.deferred]);
      expect(await store.countUnderWay({ ...scope, subscriptionId: one }, 100)).toEqual([counts.failed]);
      expect(await store.countUnderWay({ ...acme, consumerId: consumerId('globex') }, 100)).toEqual([]);
    });

    it('removes what is older than a time, up to a limit', async () => {
      const store = open();
      const { attempt, scope } = aWorkspace();
      const ages = Array.from({ length: 6 }, (_, n) => deliveryOf(attempt({ acceptedAtMs: 1_000 + n })));
      const other = deliveryOf(aWorkspace().attempt({ acceptedAtMs: 1_000 }));
      await store.insert([...ages, other]);
      expect(await store.workspaces()).toContain(scope.workspaceId);
      expect(await store.purge(scope.workspaceId, 1_005, 2)).toBe(2);
      expect(await store.purge(scope.workspaceId, 1_005, 100)).toBe(3);
      expect(await store.purge(scope.workspaceId, 1_005, 100)).toBe(0);
      const left = await store.list(scope, { limit: 10, after: null });
      expect(left.map(({ id }) => id)).toEqual([ages[5]?.id]);
    });
  });
  describeDeliveryLists(name, open);
};
