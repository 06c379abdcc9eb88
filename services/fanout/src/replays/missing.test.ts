import {
  type AttemptRecorded,
  deriveDeliveryId,
  encodeDelivery,
  encodeOrderingEntry,
  encodeSuperseded,
  subscriptionId,
  topics,
} from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { aDeliveryState, anAttemptRecord } from '@tidings/testing/messages';
import { describe, expect, it } from 'vitest';
import { anEvent, aSubscription } from '../../test/builders.ts';
import { aSpec, replayWorld } from '../../test/replay-world.ts';
import { createReplayLog } from './adapters/kafka-replay-log.ts';
import type { DeliveryChains } from './domain/delivery-chains.ts';
import { findMissing } from './find-missing.ts';
import type { MatchReplayed } from './match-replayed.ts';

const one = subscriptionId('sub_1');
const missing = aSpec({ target: { kind: 'missing' } });
const retryLater = { kind: 'retry', atMs: 9 } as const;
const refused = {
  kind: 'failed',
  reason: 'http-status',
  statusCode: 500,
  responseExcerpt: null,
} as const;
const accepted = { kind: 'delivered', statusCode: 200, responseExcerpt: null } as const;

const idOf = (n: number) => deriveDeliveryId(anEvent(n).id, one);
const attemptOf = (n: number, over: Partial<AttemptRecorded>): AttemptRecorded =>
  anAttemptRecord(1, { deliveryId: idOf(n), eventId: anEvent(n).id, subscriptionId: one, ...over });
const commandOf = (n: number) => ({
  state: aDeliveryState(1, { deliveryId: idOf(n), eventId: anEvent(n).id, subscriptionId: one }),
  body: Buffer.from('{}'),
  traceparent: null,
});

const aWorld = async (events: number) => {
  const world = await replayWorld(aSubscription({ id: one, events: ['*'] }));
  for (let n = 1; n <= events; n += 1) await world.publish(n, anEvent(n), { partition: n % 3 });
  return world;
};

describe('a replay of what is missing', () => {
  it('sends what was never delivered and has no chain under way, and nothing else', async () => {
    const world = await aWorld(12);
    // 1: delivered. 2: delivered in a later chain. 3: waits for its retry. 4: deferred.
    await world.attempt(attemptOf(1, { outcome: accepted, next: { kind: 'none' } }));
    await world.attempt(
      attemptOf(2, { outcome: refused, next: { kind: 'dead-letter', reason: 'exhausted' } }),
    );
    await world.attempt(attemptOf(2, { chain: 1, outcome: accepted, next: { kind: 'none' } }));
    await world.attempt(attemptOf(3, { outcome: refused, next: retryLater }));
    await world.attempt(
      attemptOf(4, { outcome: { kind: 'deferred', reason: 'breaker-open' }, next: retryLater }),
    );
    // 5: in the deliveries topic, not read by delivery. 6: in an ordered queue.
    await world.producer.publish({ topic: topics.deliveries, ...encodeDelivery(commandOf(5)) });
    await world.producer.publish({
      topic: topics.orderingChangelog,
      partition: 0,
      ...encodeOrderingEntry({ type: 'DeliveryHeld.v1', sequence: 1 }, commandOf(6)),
    });
    // Missing: 7 was dead-lettered, 8 exhausted its retries, 9 left its queue without an attempt, 10 has no record.
    await world.attempt(
      attemptOf(7, {
        outcome: { kind: 'set-aside', reason: 'disabled' },
        next: { kind: 'dead-letter', reason: 'disabled' },
      }),
    );
    await world.attempt(attemptOf(8, { outcome: refused, next: retryLater }));
    await world.attempt(
      attemptOf(8, { attempt: 2, outcome: refused, next: { kind: 'dead-letter', reason: 'exhausted' } }),
    );
    const entry = encodeOrderingEntry({ type: 'DeliveryHeld.v1', sequence: 1 }, commandOf(9));
    await world.producer.publish({ topic: topics.orderingChangelog, partition: 0, ...entry });
    await world.producer.publish({ topic: topics.orderingChangelog, partition: 0, ...entry, value: null });
    // 11: its waiting command was superseded by a retry that ended. 12: by one that waits itself.
    for (const n of [11, 12]) {
      await world.attempt(attemptOf(n, { outcome: refused, next: retryLater }));
      const deadLetter = { kind: 'dead-letter', reason: 'exhausted' } as const;
      await world.attempt(
        attemptOf(n, { chain: 1, outcome: refused, next: n === 11 ? deadLetter : retryLater }),
      );
      const superseded = { subscriptionId: one, deliveryId: idOf(n), chain: 1 };
      await world.producer.publish({
        topic: topics.supersededCommands,
        ...encodeSuperseded({ type: 'CommandsSuperseded.v1', ...superseded }),
      });
    }
    const before = world.commands().length;
    await world.startInstance();
    await world.order(missing);
    await eventually(() => expect(world.progress()).toMatchObject({ state: 'done' }));
    expect(new Set(world.deliveryIds().slice(before))).toEqual(new Set([7, 8, 9, 10, 11].map(idOf)));
    expect(world.progress()?.counts).toMatchObject({ matched: 12, sent: 5, skipped: 7 });
  });

  it('looks up a bounded number of deliveries at once, and goes on behind them', async () => {
    const world = await aWorld(9);
    const log = createReplayLog(world.bus, 'tidings-replays');
    const read: number[] = [];
    const facts = {
      whenFannedOut: async () => {},
      read: async (chains: DeliveryChains) => void read.push(chains.size),
    };
    const match: MatchReplayed = () => ({
      matched: world.index.candidates(anEvent(1)),
      disabled: 0,
      erased: 0,
    });
    const accepts = () => true;
    const { signal } = new AbortController();
    let span = await log.spanOf(aSpec());
    const parts: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const { part } = await findMissing(span, { log, facts, match, accepts, signal, maxDeliveries: 2 });
      parts.push([...part.values()].reduce((sum, { next, end }) => sum + end - next, 0));
      span = new Map([...span].map(([at, { end }]) => [at, { next: part.get(at)?.end ?? end, end }]));
    }
    // Also within what is read of a partition at once, which is all of it here.
    expect(read).toEqual([2, 2, 2, 2, 1]);
    expect(parts).toEqual([2, 2, 2, 2, 1]);
    expect([...span.values()].every(({ next, end }) => next === end)).toBe(true);
  });

  it('waits for events of its span that fanout has not processed', async () => {
    const world = await aWorld(3);
    const commits = world.bus.commits('tidings-fanout');
    commits.set(`${topics.events.name} 1`, 0);
    await world.startInstance();
    await world.order(missing);
    await eventually(() => expect(world.progress()).toMatchObject({ state: 'running' }));
    expect(world.commands()).toEqual([]);
    commits.set(`${topics.events.name} 1`, 1);
    await eventually(() => expect(world.progress()).toMatchObject({ state: 'done' }));
    expect(new Set(world.deliveryIds())).toEqual(new Set([1, 2, 3].map(idOf)));
  });
});
