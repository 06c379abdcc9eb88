import { randomUUID } from 'node:crypto';
import {
  newEventId,
  newReceivedId,
  newSourceId,
  type WebhookReceived,
  workspaceId,
} from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import type { ReceivedFilters, ReceivedStore } from '../../src/received/ports.ts';
import { projectReceived } from '../../src/received/project-received.ts';

/** Returns a new source, so that several tests can share one store, and a builder of its facts. */
export const aReceivingSource = () => {
  const scope = { workspaceId: workspaceId(`ws_${randomUUID()}`), sourceId: newSourceId(1) };
  const fact = (atMs: number, over: Partial<WebhookReceived> = {}): WebhookReceived => ({
    ...{ type: 'WebhookReceived.v1', id: newReceivedId(atMs), atMs, ...scope, provider: 'github' },
    ...{ outcome: 'accepted', reason: null, count: 1, bytes: 17, eventType: 'github.push' },
    ...{ events: 1, eventIds: [newEventId(atMs)], ...over },
  });
  const refused = (atMs: number, reason: WebhookReceived['reason'], count = 1): WebhookReceived =>
    fact(atMs, { outcome: 'refused', reason, count, bytes: null, eventType: null, events: 0, eventIds: [] });
  return { scope, fact, refused };
};

const atMs = 1_790_000_000_000;

/** Tests the contract of a store of received webhooks, with its projection; `open` is called in each test. */
export const describeReceivedStore = (name: string, open: () => ReceivedStore): void => {
  describe(`a store of received webhooks: ${name}`, () => {
    it('keeps every field, and a fact that comes again once', async () => {
      const store = open();
      const { scope, fact, refused } = aReceivingSource();
      const facts = [
        fact(atMs),
        refused(atMs + 1, 'no-matching-signature', 4_000),
        fact(atMs + 2, { outcome: 'checked', eventType: null, events: 0, eventIds: [] }),
        fact(atMs + 3, { events: 500, eventIds: Array.from({ length: 20 }, () => newEventId(atMs)) }),
      ];
      await projectReceived(store, facts);
      await projectReceived(store, facts.toReversed());
      const listed = await store.list(scope, { limit: 10, afterId: null });
      expect(listed).toEqual(facts.map(({ type: _type, ...kept }) => kept).toReversed());
    });

    it('knows a repeat by its event, in one batch and in a later one, and keeps the first for what it was', async () => {
      const store = open();
      const { scope, fact } = aReceivingSource();
      const first = fact(atMs);
      const again = (ms: number) => fact(atMs + ms, { eventIds: first.eventIds });
      const all = [first, again(1), fact(atMs + 2)];
      await projectReceived(store, all);
      await projectReceived(store, [again(3)]);
      await projectReceived(store, all);
      const outcomes = (await store.list(scope, { limit: 10, afterId: null })).map(({ outcome }) => outcome);
      expect(outcomes).toEqual(['repeated', 'accepted', 'repeated', 'accepted']);
    });

    it('lists by each filter, in its workspace and source alone', async () => {
      const store = open();
      const { scope, fact, refused } = aReceivingSource();
      const pushed = fact(atMs);
      const repeated = fact(atMs + 10, { eventIds: pushed.eventIds });
      const forged = refused(atMs + 20, 'no-matching-signature');
      const large = refused(atMs + 30, 'too-large');
      const opened = fact(atMs + 40, { eventType: 'github.issues.opened' });
      const foreign = aReceivingSource();
      await projectReceived(store, [pushed, repeated, forged, large, opened, foreign.fact(atMs)]);
      const seen = async (filters: Partial<ReceivedFilters>) =>
        (await store.list({ ...scope, ...filters }, { limit: 10, afterId: null })).map(({ id }) => id);
      const ids = (...facts: WebhookReceived[]) => facts.map(({ id }) => id);
      expect(await seen({})).toEqual(ids(opened, large, forged, repeated, pushed));
      expect(await seen({ outcome: 'accepted' })).toEqual(ids(opened, pushed));
      expect(await seen({ outcome: 'repeated' })).toEqual(ids(repeated));
      expect(await seen({ outcome: 'refused' })).toEqual(ids(large, forged));
      expect(await seen({ reason: 'too-large' })).toEqual(ids(large));
      expect(await seen({ reason: 'too-large', outcome: 'accepted' })).toEqual([]);
      expect(await seen({ eventType: 'github.push' })).toEqual(ids(repeated, pushed));
      expect(await seen({ eventType: 'github.push', outcome: 'repeated' })).toEqual(ids(repeated));
      expect(await seen({ eventType: 'github.push', outcome: 'refused' })).toEqual([]);
      expect(await seen({ eventId: pushed.eventIds[0] as never })).toEqual(ids(repeated, pushed));
      expect(await seen({ afterMs: atMs + 20 })).toEqual(ids(opened, large));
      expect(await seen({ beforeMs: atMs + 20 })).toEqual(ids(repeated, pushed));
      expect(await seen({ afterMs: atMs, beforeMs: atMs + 40, outcome: 'refused' })).toEqual(
        ids(large, forged),
      );
      expect(await seen({ workspaceId: foreign.scope.workspaceId })).toEqual([]);
      expect(await seen({ sourceId: foreign.scope.sourceId })).toEqual([]);
    });

    it('pages through all of them, newest first, while more arrive', async () => {
      const store = open();
      const { scope, fact } = aReceivingSource();
      const facts = Array.from({ length: 23 }, (_, n) => fact(atMs + Math.floor(n / 3)));
      await projectReceived(store, facts);
      const seen: string[] = [];
      for (let afterId: string | null = null; ; ) {
        const page = await store.list({ ...scope, beforeMs: atMs + 60_000 }, { limit: 5, afterId });
        seen.push(...page.map(({ id }) => id));
        await projectReceived(store, [fact(atMs + 50_000 + seen.length)]);
        if (page.length < 5) break;
        afterId = page.at(-1)?.id ?? null;
      }
      expect(seen).toEqual(
        facts
          .map(({ id }) => id)
          .toSorted()
          .toReversed(),
      );
    });

    it('keeps what is true of few: that the events waited on the disk of ingress', async () => {
      const store = open();
      const { scope, fact } = aReceivingSource();
      await projectReceived(store, [fact(atMs), fact(atMs + 1, { isSpooled: true })]);
      const [spooled, direct] = await store.list(scope, { limit: 10, afterId: null });
      expect(spooled).toMatchObject({ atMs: atMs + 1, isSpooled: true });
      expect(direct).not.toHaveProperty('isSpooled');
    });

    it('removes what is older than a time, up to a limit', async () => {
      const store = open();
      const { scope, fact } = aReceivingSource();
      const other = aReceivingSource();
      const facts = Array.from({ length: 6 }, (_, n) => fact(1_000 + n));
      await projectReceived(store, [...facts, other.fact(1_000)]);
      const { workspaceId: workspace } = scope;
      expect(await store.workspaces()).toContain(workspace);
      expect(await store.purge(workspace, 1_005, 2)).toBe(2);
      expect(await store.purge(workspace, 1_005, 100)).toBe(3);
      expect(await store.purge(workspace, 1_005, 100)).toBe(0);
      const left = await store.list(scope, { limit: 10, afterId: null });
      expect(left.map(({ id }) => id)).toEqual([facts[5]?.id]);
      expect(await store.list(other.scope, { limit: 10, afterId: null })).toHaveLength(1);
    });
  });
};
