import {
  isReservedEventType,
  type SubscriptionRecord,
  subscriptionId,
  workspaceId,
} from '@tidings/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aSubscription } from '../../test/builders.ts';
import { type Matchable, MatchIndex } from './match-index.ts';

const noFilters = () => () => true;

const idsFor = (records: readonly SubscriptionRecord[], event: Matchable): string[] => {
  const index = new MatchIndex(noFilters);
  for (const record of records) index.put(record);
  return index.candidates(event).map(({ id }) => id);
};

const anEvent = (over: Partial<Matchable> = {}): Matchable => ({
  workspaceId: workspaceId('ws_demo'),
  eventType: 'order.paid',
  consumerId: null,
  ...over,
});

/** Applies the rules directly, as a reference. */
const fits = (record: SubscriptionRecord, event: Matchable): boolean => {
  if (record.state === 'deleted' || record.workspaceId !== event.workspaceId) return false;
  if (event.consumerId !== null && record.consumerId !== null && record.consumerId !== event.consumerId) {
    return false;
  }
  if (isReservedEventType(event.eventType)) {
    if (event.consumerId === null && (event.eventType === 'webhook.test' || record.consumerId !== null)) {
      return false;
    }
    return record.kind === 'operational' && record.events.includes(event.eventType);
  }
  if (record.kind === 'operational') return false;
  return record.events.some(
    (pattern) =>
      pattern === '*' ||
      pattern === event.eventType ||
      (pattern.endsWith('.*') && event.eventType.startsWith(pattern.slice(0, -1))),
  );
};

const part = fc.constantFrom('a', 'b', 'ab', 'tidings', 'webhook', 'test');
const name = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'));
const pattern = fc.oneof(
  name,
  name.map((prefix) => `${prefix}.*`),
  fc.constant('*'),
);
const consumer = fc.constantFrom(null, 'acme', 'globex');
const subscription = fc
  .record({
    id: fc.integer({ min: 0, max: 9 }).map((n) => subscriptionId(`sub_${n}`)),
    workspaceId: fc.constantFrom('ws_demo', 'ws_other').map(workspaceId),
    consumerId: consumer,
    kind: fc.constantFrom('webhook' as const, 'operational' as const),
    state: fc.constantFrom('active' as const, 'disabled' as const, 'deleted' as const),
    events: fc.array(pattern, { maxLength: 4 }),
  })
  .map((over) => aSubscription(over as Partial<SubscriptionRecord>));

describe('the match index', () => {
  it.each([
    [['order.paid'], 'order.paid', true],
    [['order.paid'], 'order.paid.late', false],
    [['order.*'], 'order.paid', true],
    [['order.*'], 'order.paid.late', true],
    [['order.*'], 'order', false],
    [['order.*'], 'orders.paid', false],
    [['*'], 'order', true],
    [['*'], 'tidings.subscription.disabled', false],
    [['tidings.*'], 'tidings.subscription.disabled', false],
    [['tidings.subscription.disabled'], 'tidings.subscription.disabled', false],
  ])('a webhook subscription to %j and event %s: %s', (events, eventType, expected) => {
    expect(idsFor([aSubscription({ events })], anEvent({ eventType })).length > 0).toBe(expected);
  });

  it.each([
    [['tidings.subscription.disabled'], 'tidings.subscription.disabled', null, true],
    [['tidings.*'], 'tidings.subscription.disabled', null, false],
    [['*'], 'tidings.subscription.disabled', null, false],
    [['*'], 'order.paid', null, false],
    [['webhook.test'], 'webhook.test', null, false],
    [['webhook.test'], 'webhook.test', 'acme', true],
  ])(
    'an operational subscription to %j and event %s for %s: %s',
    (...[events, eventType, consumerId, expected]) => {
      const event = anEvent({ eventType, consumerId: consumerId as Matchable['consumerId'] });
      expect(idsFor([aSubscription({ kind: 'operational', events })], event).length > 0).toBe(expected);
    },
  );

  it('matches an addressed event to its consumer and to the workspace, a broadcast event to all', () => {
    const records = [
      aSubscription({ id: subscriptionId('sub_acme'), consumerId: 'acme' as never }),
      aSubscription({ id: subscriptionId('sub_globex'), consumerId: 'globex' as never }),
      aSubscription({ id: subscriptionId('sub_owner'), consumerId: null }),
    ];
    expect(idsFor(records, anEvent({ consumerId: 'acme' as never })).toSorted()).toEqual([
      'sub_acme',
      'sub_owner',
    ]);
    expect(idsFor(records, anEvent())).toHaveLength(3);
  });

  it('matches an operational event without a consumer to the workspace and to no consumer', () => {
    const eventType = 'tidings.subscription.failing';
    const operational = { kind: 'operational', events: [eventType] } as const;
    const records = [
      aSubscription({ ...operational, id: subscriptionId('sub_acme'), consumerId: 'acme' as never }),
      aSubscription({ ...operational, id: subscriptionId('sub_owner'), consumerId: null }),
    ];
    expect(idsFor(records, anEvent({ eventType }))).toEqual(['sub_owner']);
    expect(idsFor(records, anEvent({ eventType, consumerId: 'acme' as never }))).toHaveLength(2);
  });

  it('matches an internal event to internal subscriptions of the workspace only, whatever the others list', () => {
    const records = [
      aSubscription({ id: subscriptionId('sub_acme'), consumerId: 'acme' as never, events: ['*'] }),
      aSubscription({ id: subscriptionId('sub_owner'), consumerId: null, events: ['*', 'order.paid'] }),
      aSubscription({ id: subscriptionId('sub_of_it'), consumerId: null, audience: 'external' }),
      aSubscription({ id: subscriptionId('sub_internal'), consumerId: null, audience: 'internal' }),
      // The registry refuses this one.
      aSubscription({ id: subscriptionId('sub_forged'), consumerId: 'acme' as never, audience: 'internal' }),
    ];
    expect(idsFor(records, anEvent({ audience: 'internal' }))).toEqual(['sub_internal']);
    expect(idsFor(records, anEvent())).toHaveLength(5);
  });

  it('keeps and marks a disabled subscription, and removes a deleted one', () => {
    const index = new MatchIndex(noFilters);
    index.put(aSubscription({ state: 'disabled' }));
    expect(index.candidates(anEvent())).toMatchObject([{ isDisabled: true }]);
    index.put(aSubscription({ state: 'deleted' }));
    expect(index.candidates(anEvent())).toEqual([]);
    expect(index.size).toBe(0);
  });

  it('equals a naive matcher after any sequence of changes', () => {
    const change = fc.oneof(
      subscription.map((record) => ({ put: record })),
      fc.integer({ min: 0, max: 9 }).map((n) => ({ remove: subscriptionId(`sub_${n}`) })),
    );
    const event = fc.record({
      workspaceId: fc.constantFrom('ws_demo', 'ws_other').map(workspaceId),
      eventType: name,
      consumerId: consumer,
    });
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 25 }),
        fc.array(event, { maxLength: 6 }),
        (changes, events) => {
          const index = new MatchIndex(noFilters);
          const kept = new Map<string, SubscriptionRecord>();
          for (const step of changes) {
            if ('put' in step) {
              index.put(step.put);
              kept.set(step.put.id, step.put);
            } else {
              index.remove(step.remove);
              kept.delete(step.remove);
            }
          }
          for (const one of events as unknown as Matchable[]) {
            const expected = [...kept.values()].filter((record) => fits(record, one)).map(({ id }) => id);
            const found = index.candidates(one).map(({ id }) => id);
            expect(found.toSorted()).toEqual(expected.toSorted());
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
