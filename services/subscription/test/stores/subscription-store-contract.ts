import type { SubscriptionId } from '@tidings/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DocumentStore, ListQuery } from '../../src/registry/ports.ts';
import {
  amended,
  deleted,
  type Subscription,
  withSecrets,
} from '../../src/subscriptions/domain/subscription.ts';
import { listWithEndedSecrets } from '../../src/subscriptions/end-secrets.ts';
import { whereListed } from '../../src/subscriptions/read-subscriptions.ts';
import {
  acme,
  anEntry,
  aSecret,
  aSubscription,
  otherWorkspace,
  ownScope,
  someSettings,
} from '../a-subscription.ts';

const anything = { consumer_id: undefined, event: undefined, state: undefined };
const everything: ListQuery = { where: {}, afterId: null, limit: 100, order: 'falling' };
const unpublishedOnes = { in: { unpublished: [true] } };
const deletedBy = (nowMs: number) => ({ in: { state: ['deleted'] }, upTo: { deleted_at_ms: nowMs } });

const ids = (items: readonly Subscription[]): SubscriptionId[] => items.map(({ id }) => id);

/** Contract tests of every subscription store, in memory or not. `create` opens an empty one. */
export function describeSubscriptionStore(
  name: string,
  create: () => Promise<DocumentStore<Subscription>>,
): void {
  describe(`${name}, as a registry`, () => {
    let store: DocumentStore<Subscription>;
    beforeEach(async () => {
      store = await create();
    });
    const inserted = async (subscription: Subscription): Promise<Subscription> => {
      expect(await store.insert(subscription)).toBe(true);
      return subscription;
    };

    it('returns a document with every field as written', async () => {
      const full = aSubscription({
        consumerId: acme,
        state: 'disabled',
        version: 7,
        enabledVersion: 3,
        onEnable: 'discard',
        disabledAtMs: 1_700_000_000_123,
        disabledReason: 'manual',
        secrets: [aSecret({ id: 'sec_2', publicKey: 'whpk_x' }), aSecret({ expiresAtMs: 1_700_000_600_000 })],
        settings: {
          description: 'Grüße',
          filters: { $or: [{ 'a.b': { $gte: 1.5 } }, { c: null }] },
          headers: { 'X-Plan.Name': 'a', $odd: 'b' },
          rateLimit: { perSecond: 0.5, burst: 1 },
          retryScheduleSeconds: [],
          timeoutMs: 30_000,
        },
      });
      await inserted(full);
      expect(await store.find(ownScope, full.id)).toEqual(full);
      expect(await store.findAnywhere(full.id)).toEqual(full);
    });

    it('accepts an id once', async () => {
      const first = await inserted(aSubscription());
      expect(await store.insert({ ...first, version: 2 })).toBe(false);
      expect((await store.findAnywhere(first.id))?.version).toBe(1);
    });

    it('replaces only the version that the writer names, in its own workspace', async () => {
      const first = await inserted(aSubscription());
      const second = amended(
        first,
        { settings: someSettings({ events: ['*'] }), isActive: true, reason: '' },
        2_000,
      );
      expect(await store.replace(second, 1)).toBe(true);
      expect(await store.replace({ ...second, settings: someSettings({ description: 'late' }) }, 1)).toBe(
        false,
      );
      expect(await store.replace({ ...second, version: 3, workspaceId: otherWorkspace }, 2)).toBe(false);
      expect(await store.replace(aSubscription({ version: 2 }), 1)).toBe(false);
      expect(await store.findAnywhere(first.id)).toEqual(second);
    });

    it('accepts one of two writers of the same version', async () => {
      const first = await inserted(aSubscription());
      const writers = Array.from({ length: 8 }, async (_, index) =>
        store.replace({ ...first, version: 2, settings: someSettings({ description: `${index}` }) }, 1),
      );
      const wins = (await Promise.all(writers)).filter(Boolean);
      expect(wins).toHaveLength(1);
    });

    it('does not show documents of another workspace, or of another consumer to a key of a consumer', async () => {
      const own = await inserted(aSubscription({ consumerId: acme }));
      const shared = await inserted(aSubscription());
      const foreign = await inserted(aSubscription({ workspaceId: otherWorkspace, consumerId: acme }));
      const acmeOnly = { ...ownScope, consumerId: acme };
      expect(await store.find(ownScope, foreign.id)).toBeNull();
      expect(await store.find(acmeOnly, foreign.id)).toBeNull();
      expect(await store.find(acmeOnly, shared.id)).toBeNull();
      expect((await store.find(acmeOnly, own.id))?.id).toBe(own.id);
      expect(ids((await store.list(ownScope, everything)).items)).toEqual([shared.id, own.id]);
      expect(ids((await store.list(acmeOnly, everything)).items)).toEqual([own.id]);
      expect(
        ids(
          (
            await store.list(ownScope, {
              ...everything,
              where: whereListed({ ...anything, consumer_id: acme }),
            })
          ).items,
        ),
      ).toEqual([own.id]);
    });

    it('lists newest first, in pages without repetitions or gaps', async () => {
      const all: Subscription[] = [];
      for (let count = 0; count < 5; count += 1) all.push(await inserted(aSubscription()));
      const newestFirst = ids(all).reverse();
      const first = await store.list(ownScope, { ...everything, limit: 2 });
      expect(ids(first.items)).toEqual(newestFirst.slice(0, 2));
      const second = await store.list(ownScope, { ...everything, limit: 2, afterId: first.nextAfterId });
      const third = await store.list(ownScope, { ...everything, limit: 2, afterId: second.nextAfterId });
      expect(ids([...second.items, ...third.items])).toEqual(newestFirst.slice(2));
      expect(third.nextAfterId).toBeNull();
      expect((await store.list(ownScope, { ...everything, limit: 5 })).nextAfterId).toBeNull();
    });

    it('finds those that match an event of a name', async () => {
      const exact = await inserted(aSubscription({ settings: { events: ['order.item.added'] } }));
      const family = await inserted(aSubscription({ settings: { events: ['user.created', 'order.*'] } }));
      const all = await inserted(aSubscription({ settings: { events: ['*'] } }));
      const find = async (event: string): Promise<SubscriptionId[]> =>
        ids(
          (await store.list(ownScope, { ...everything, where: whereListed({ ...anything, event }) })).items,
        );
      expect(await find('order.item.added')).toEqual([all.id, family.id, exact.id]);
      expect(await find('order.paid')).toEqual([all.id, family.id]);
      expect(await find('orders')).toEqual([all.id]);
      expect(await find('webhook.test')).toEqual([]);
    });

    it('counts what is not deleted, up to the limit', async () => {
      await inserted(aSubscription());
      await inserted(aSubscription({ state: 'disabled' }));
      await inserted(aSubscription({ state: 'deleted' }));
      await inserted(aSubscription({ workspaceId: otherWorkspace }));
      const { where } = { where: whereListed(anything) };
      expect(await store.count(ownScope, where, 10)).toBe(2);
      expect(await store.count(ownScope, where, 1)).toBe(1);
    });

    it('keeps a version marked as unpublished until exactly that version is settled', async () => {
      const first = await inserted(aSubscription());
      const unpublished = async (): Promise<SubscriptionId[]> =>
        ids((await store.listAll({ afterId: null, limit: 10, where: unpublishedOnes })).items);
      expect(await unpublished()).toEqual([first.id]);
      const second = amended(first, { settings: first.settings, isActive: false, reason: 'x' }, 2_000);
      await store.replace(second, 1);
      await store.settle(first.id, 1, { isPublished: true, isAudited: false });
      expect(await unpublished()).toEqual([first.id]);
      await store.settle(first.id, 2, { isPublished: true, isAudited: false });
      expect(await unpublished()).toEqual([]);
      expect(await store.findAnywhere(first.id)).toEqual({ ...second, isUnpublished: false });
    });

    it('keeps the audit entry of a version until exactly that version is in the audit log', async () => {
      const first = await inserted(aSubscription({ audit: anEntry }));
      const unaudited = async (): Promise<SubscriptionId[]> =>
        ids((await store.listAll({ afterId: null, limit: 10, where: { in: { unaudited: [true] } } })).items);
      expect(await store.findAnywhere(first.id)).toEqual(first);
      await store.settle(first.id, 2, { isPublished: false, isAudited: true });
      expect(await unaudited()).toEqual([first.id]);
      await store.settle(first.id, 1, { isPublished: false, isAudited: true });
      expect(await unaudited()).toEqual([]);
      expect(await store.findAnywhere(first.id)).toEqual({ ...first, audit: null });
    });

    it('sets flags without a version, unless there is a newer version', async () => {
      const owing = await inserted(aSubscription({ isTestPending: true, isUnpublished: false }));
      await inserted(aSubscription({ isUnpublished: false }));
      const where = { in: { test_owed: [true], unpublished: [false] } };
      const owed = async (): Promise<SubscriptionId[]> =>
        ids((await store.listAll({ afterId: null, limit: 10, where })).items);
      expect(await owed()).toEqual([owing.id]);
      await store.setFlags(owing.id, 2, { test_owed: false });
      expect(await owed()).toEqual([owing.id]);
      await store.setFlags(owing.id, 1, { test_owed: false });
      expect(await owed()).toEqual([]);
      expect(await store.findAnywhere(owing.id)).toEqual({ ...owing, isTestPending: false });
    });

    it('pages through all workspaces in the order of ids', async () => {
      const made = [
        await inserted(aSubscription()),
        await inserted(aSubscription({ workspaceId: otherWorkspace })),
      ];
      const first = await store.listAll({ afterId: null, limit: 1 });
      const second = await store.listAll({ afterId: first.nextAfterId, limit: 1 });
      expect(ids([...first.items, ...second.items])).toEqual(ids(made));
      expect(second.nextAfterId).toBeNull();
    });

    it('finds expired secrets, and deleted documents that are due', async () => {
      await inserted(aSubscription());
      const ending = await inserted(
        withSecrets(aSubscription(), [aSecret({ id: 'new' }), aSecret({ expiresAtMs: 5_000 })], 2_000),
      );
      const gone = await inserted(deleted(aSubscription(), 3_000));
      const firstPage = { afterId: null, limit: 10 };
      expect((await listWithEndedSecrets(store, firstPage, 4_999)).items).toEqual([]);
      expect(ids((await listWithEndedSecrets(store, firstPage, 5_000)).items)).toEqual([ending.id]);
      expect((await store.listAll({ ...firstPage, where: deletedBy(2_999) })).items).toEqual([]);
      expect(ids((await store.listAll({ ...firstPage, where: deletedBy(3_000) })).items)).toEqual([gone.id]);
    });

    it('purges only the named deleted version', async () => {
      const alive = await inserted(aSubscription());
      const gone = await inserted(aSubscription({ state: 'deleted', version: 4 }));
      await store.purge(alive.id, 1);
      await store.purge(gone.id, 3);
      expect(await store.findAnywhere(alive.id)).not.toBeNull();
      expect(await store.findAnywhere(gone.id)).not.toBeNull();
      await store.purge(gone.id, 4);
      expect(await store.findAnywhere(gone.id)).toBeNull();
    });
  });
}
