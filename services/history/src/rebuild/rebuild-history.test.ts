import {
  type AttemptRecorded,
  deriveDeliveryId,
  type EventAccepted,
  encodeAttempt,
  encodeAudit,
  encodeDeadLetter,
  encodeEvent,
  encodeJobRecord,
  encodePoison,
  encodeRun,
  encodeWebhookReceived,
  jobPartition,
  subscriptionId,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { anAttemptRecord } from '@tidings/testing/messages';
import { afterEach, describe, expect, it } from 'vitest';
import { anAuditEntry } from '../../test/audit/audit-store-contract.ts';
import { anAcceptedEvent, outcomes } from '../../test/builders.ts';
import { aCommandState, aDeadLetter, aPoison } from '../../test/dead-letters/dead-letter-builders.ts';
import { type Backing, isDone, newBacking, startHere, stopAll } from '../../test/in-memory-history.ts';
import { createMemoryRebuildStore } from '../../test/rebuild/memory-rebuild-store.ts';
import { contentsOf, isCaughtUp, rebuild, rebuildInto } from '../../test/rebuild/rebuild-harness.ts';
import { aReceivingSource } from '../../test/received/received-store-contract.ts';
import { aRun } from '../../test/runs/run-builders.ts';
import { planRebuild } from './rebuild-history.ts';

afterEach(stopAll);

const ws = workspaceId('ws_demo');
const nowMs = Date.now();
const subscriptions = [1, 2, 3].map((n) => subscriptionId(`sub_${n}`));

const anEvent = (): EventAccepted => anAcceptedEvent(ws);

/** Returns the attempts of one delivery: it fails twice, is dead-lettered or delivered, or waits. */
const attemptsOf = (event: EventAccepted, subscription: (typeof subscriptions)[number], how: number) => {
  const attempt = (n: number, over: Partial<AttemptRecorded> = {}): AttemptRecorded =>
    anAttemptRecord(n, {
      ...{ eventId: event.id, subscriptionId: subscription, workspaceId: ws, acceptedAtMs: nowMs },
      deliveryId: deriveDeliveryId(event.id, subscription),
      ...{ attempt: n, atMs: nowMs + n * 70_000, trigger: n === 1 ? 'event' : 'retry', ...over },
    });
  const failure = { outcome: outcomes.failed, next: { kind: 'retry', atMs: nowMs + 1e6 } } as const;
  const end = { outcome: outcomes.failed, next: { kind: 'dead-letter', reason: 'exhausted' } } as const;
  switch (how % 4) {
    case 0:
      return [attempt(1)];
    case 1:
      return [attempt(1, failure), attempt(2)];
    case 2:
      return [attempt(1, failure)];
    default:
      return [attempt(1, failure), attempt(2, end as never)];
  }
};

let made: Promise<Backing> | undefined;
/** Returns a history that the tests share: none of them changes its stores. */
const aHistory = async (): Promise<Backing> => (made ??= makeHistory());

/** Runs the service over topics with repeated and disordered records, redrives and retries; then stops it. */
const makeHistory = async (): Promise<Backing> => {
  const backing = newBacking();
  const service = await startHere(backing, { HISTORY_MAX_PENDING_PER_PARTITION: '10' });
  const { publish, subscribe, call, callAt } = service;
  for (const id of subscriptions) await subscribe({ id });
  const all: AttemptRecorded[] = [];
  const exhausted: [EventAccepted, (typeof subscriptions)[number]][] = [];
  for (let n = 0; n < 12; n += 1) {
    const event = anEvent();
    await publish({ topic: topics.events, ...encodeEvent(event, { isRepeatable: true }) });
    if (n % 3 === 0) await publish({ topic: topics.events, ...encodeEvent(event, { isRepeatable: true }) });
    for (const [at, id] of subscriptions.entries()) {
      all.push(...attemptsOf(event, id, n + at));
      if ((n + at) % 4 === 3) exhausted.push([event, id]);
    }
  }
  const record = async (attempt: AttemptRecorded) =>
    publish({ topic: topics.attempts, ...encodeAttempt(attempt, null) });
  // The second half before the first, and every third one twice.
  const half = all.length / 2;
  for (const [at, attempt] of [...all.slice(half), ...all.slice(0, half)].entries()) {
    await record(attempt);
    if (at % 3 === 0) await record(attempt);
  }
  for (const [event, id] of exhausted) {
    const state = aCommandState(exhausted.length, {
      ...{ eventId: event.id, subscriptionId: id, deliveryId: deriveDeliveryId(event.id, id) },
    });
    const letter = encodeDeadLetter(aDeadLetter(state, 'exhausted', nowMs), Buffer.from('{}'), null);
    await publish({ topic: topics.deadLetters, ...letter });
    await publish({ topic: topics.deadLetters, ...letter });
  }
  await publish({
    topic: topics.deadLetters,
    ...encodePoison(aPoison({ key: 'sub_1' }), Buffer.from('poison')),
  });
  for (const n of [1, 2, 1]) {
    await publish({ topic: topics.audit, ...encodeAudit(anAuditEntry({ id: `aud_${n}`, workspaceId: ws })) });
  }
  const { fact, refused } = aReceivingSource();
  const first = fact(nowMs);
  for (const one of [
    first,
    fact(nowMs + 1, { eventIds: first.eventIds }),
    refused(nowMs + 2, 'too-large'),
    first,
  ])
    await publish({ topic: topics.received, ...encodeWebhookReceived(one) });
  const run = aRun({ startedAtMs: nowMs });
  for (const sequence of [2, 1, 3, 2])
    await publish({ topic: topics.runs, ...encodeRun({ ...run, sequence, status: 'waiting' }) });
  await publish({ topic: topics.runs, ...encodeRun(aRun({ startedAtMs: nowMs + 1 })) });
  await eventually(() => expect(backing.deadLetters.all()).toHaveLength(exhausted.length + 1));
  // A job redrives the dead letters of one subscription, which then succeed; another is discarded, and one retried.
  const redrive = await call('POST', '/redrive', {
    filter: { subscription_id: 'sub_1' },
    rate_per_second: 1_000,
  });
  expect(redrive).toMatchObject({ status: 202 });
  await isDone(service, redrive.body['id']);
  for (const [event, id] of exhausted.filter(([, id]) => id === 'sub_1')) {
    const [first] = attemptsOf(event, id, 0);
    if (first !== undefined) await record({ ...first, chain: 1, trigger: 'redrive', atMs: nowMs + 200_000 });
  }
  const discarded = backing.deadLetters.all().find((one) => one.subscriptionId === 'sub_2');
  expect((await call('POST', `/${discarded?.id}/discard`, { reason: 'spam' })).status).toBe(200);
  const retried = exhausted.find(([, id]) => id === 'sub_3');
  const retry = `/v1/webhooks/deliveries/${deriveDeliveryId(retried?.[0].id as never, 'sub_3' as never)}/retry`;
  expect((await callAt(retry, 'POST')).status).toBe(202);
  await replayed(service);
  await callAt('/v1/webhooks/exports', 'POST', { body: { of: 'audit', format: 'ndjson' } });
  await eventually(
    async () => {
      expect(await isCaughtUp(backing)).toBe(true);
      expect(backing.deadLetters.all().filter(({ state }) => state === 'delivered').length).toBeGreaterThan(
        0,
      );
      expect(await backing.audit.count({ workspaceId: ws, ownerId: null })).toBe(2);
      expect(backing.runs.all().map(({ sequence }) => sequence)).toEqual([1, 3]);
      expect(backing.received.all().map(({ outcome }) => outcome)).toEqual([
        'accepted',
        'repeated',
        'refused',
      ]);
    },
    { timeoutMs: 20_000 },
  );
  await service.stop();
  return backing;
};

/** Runs a replay, whose worker reports its end. */
const replayed = async (service: Awaited<ReturnType<typeof startHere>>): Promise<void> => {
  const { body } = await service.callAt('/v1/webhooks/replays', 'POST', {
    body: { from: new Date(nowMs - 60_000).toISOString(), target: { all: true } },
  });
  const jobId = String(body['id']);
  const progress = { type: 'JobProgressed.v1', jobId, kind: 'replay', revision: 1, startedAtMs: 1 } as const;
  const counts = { scanned: 4, matched: 4, sent: 4 };
  for (const [state, done] of [
    ['running', 2],
    ['done', 4],
  ] as const) {
    await service.publish({
      topic: topics.jobs,
      partition: jobPartition(jobId),
      ...encodeJobRecord({
        ...{
          ...progress,
          state,
          done,
          checkpoint: { 0: done },
          counts,
          total: 4,
          error: null,
          updatedAtMs: 2,
        },
      }),
    });
  }
  await eventually(() =>
    expect(service.jobs.all().find(({ id }) => id === jobId)).toMatchObject({ state: 'done', isDue: false }),
  );
};

describe('a rebuild', () => {
  it('from an empty database makes the documents of the live service, one by one', async () => {
    const live = await aHistory();
    const empty = newBacking();
    const seen: number[] = [];
    const parts = await rebuildInto(empty, live);
    const rebuilt = await rebuild(parts, { onProgress: (_, { done }) => seen.push(done) });
    const expected = await contentsOf(live);
    expect(expected.deliveries).toHaveLength(36);
    expect(Object.keys(expected.statistics).length).toBeGreaterThan(10);
    expect(expected.jobs).toHaveLength(1);
    expect(new Set(expected.deadLetters.map((one) => (JSON.parse(one) as { state: string }).state))).toEqual(
      new Set(['waiting', 'redriven', 'discarded', 'delivered']),
    );
    expect(await contentsOf(empty)).toEqual(expected);
    expect(rebuilt).toMatchObject({ jobs: 1, isResumed: false });
    expect(seen.at(-1)).toBe(rebuilt.records);
    expect(await parts.store.find()).toBeNull();
    // Once more, over what is there.
    await rebuild(parts);
    expect(await contentsOf(empty)).toEqual(expected);
  });

  it('continues after its death where it was, or begins again, with the same result', async () => {
    const live = await aHistory();
    const expected = await contentsOf(live);
    for (const isAnew of [false, true]) {
      let stores = newBacking();
      let cleared = 0;
      const store = createMemoryRebuildStore(() => {
        cleared += 1;
      });
      const parts = await rebuildInto(stores, live, store);
      let writes = 0;
      const dying = parts.projections.map((projection) => ({
        ...projection,
        read: async (...range: Parameters<typeof projection.read>) => {
          const write = await projection.read(...range);
          return async () => {
            await write();
            writes += 1;
            // After the write and before its position is saved.
            if (writes === 9) throw new Error('killed');
          };
        },
      }));
      await expect(rebuild({ ...parts, projections: dying })).rejects.toThrow('killed');
      const found = await store.find();
      expect(found).toMatchObject({ rebuild: { phase: 'reading' } });
      // The dead process was alive just now, and nobody can tell it from one that still is.
      await expect(rebuild(parts)).rejects.toMatchObject({ code: 'conflict' });
      await store.keepAlive(nowMs - 60_000);
      await expect(rebuild(parts, { keepOlder: true })).rejects.toThrow('without --keep-older');
      if (isAnew) stores = newBacking();
      const resumed = await rebuild(isAnew ? await rebuildInto(stores, live, store) : parts, { isAnew });
      expect(resumed.isResumed).toBe(true);
      expect(cleared).toBe(isAnew ? 2 : 1);
      expect(await contentsOf(stores)).toEqual(expected);
    }
  });

  it('is refused while a service runs, also one that has just started, and removes nothing then', async () => {
    const backing = newBacking();
    const service = await startHere(backing);
    let cleared = 0;
    const store = createMemoryRebuildStore(() => {
      cleared += 1;
    });
    const parts = await rebuildInto(backing, backing, store);
    await eventually(async () => expect((await parts.log.groupsInUse()).size).toBe(5));
    await expect(rebuild(parts)).rejects.toThrow(/'tidings-history' \(1\)/);
    expect(await planRebuild(parts, false)).toMatchObject({
      groupsInUse: expect.any(Map) as Map<string, number>,
    });
    await service.stop();
    let looks = 0;
    const starting = {
      ...parts.log,
      groupsInUse: async () => {
        looks += 1;
        return new Map(looks === 1 ? [] : [['tidings-history', 1]]);
      },
    };
    await expect(rebuild({ ...parts, log: starting })).rejects.toMatchObject({ code: 'conflict' });
    expect([looks, cleared, await store.find()]).toEqual([2, 0, null]);
    expect(await rebuild(parts)).toMatchObject({ isResumed: false });
  });

  it('reads what the log still has, and up to where the service continues', async () => {
    const live = await aHistory();
    const partition = 5;
    const publish = async () => {
      const producer = await live.bus.producer();
      await producer.publish({
        topic: topics.events,
        partition,
        ...encodeEvent(anEvent(), { isRepeatable: false }),
      });
    };
    await publish();
    const empty = newBacking();
    const before = (await contentsOf(live)).events.length;
    await rebuild(await rebuildInto(empty, live));
    expect(empty.events.all()).toHaveLength(before);
    live.bus.expire(topics.attempts, 0, 1_000n);
    for (let at = 0; at < topics.attempts.partitions; at += 1) live.bus.expire(topics.attempts, at, 1_000n);
    const short = newBacking();
    await rebuild(await rebuildInto(short, live));
    expect(short.deliveries.all()).toEqual([]);
    expect(short.events.all()).toHaveLength(before);
  });
});
