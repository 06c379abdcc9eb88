import { consumerId, type DataErased, ErasedData, eventId, workspaceId } from '@tidings/contracts';
import { fakeClock } from '@tidings/runtime/testing';
import { anAttemptRecord, builtAtMs } from '@tidings/testing/messages';
import { expect, it } from 'vitest';
import { outcomes } from '../../test/builders.ts';
import { createMemoryDeadLetterStore } from '../../test/dead-letters/memory-dead-letter-store.ts';
import { createMemoryDeliveryStore } from '../../test/deliveries/memory-delivery-store.ts';
import { createMemoryEventStore } from '../../test/events/memory-event-store.ts';
import { aJob } from '../../test/jobs/job-builders.ts';
import { createMemoryJobStore } from '../../test/jobs/memory-job-store.ts';
import { createMemoryRunStore } from '../../test/runs/memory-run-store.ts';
import { aRun, aStep } from '../../test/runs/run-builders.ts';
import { deliveryOf } from '../deliveries/domain/delivery.ts';
import { advanced } from '../jobs/domain/job.ts';
import { storedRunOf } from '../runs/domain/run.ts';
import { type ErasureJob, type ErasureSpec, firstCheckpoint } from './domain/erasure-job.ts';
import { erasureKind } from './erasure-kind.ts';

const acme = consumerId('acme');
const demo = workspaceId('ws_demo');
const count = 250;

const anEventId = (n: number) => eventId(`evt_${n.toString(16).padStart(32, '0')}`);

/** A consumer with 250 events and deliveries, and an instance that erases; `failAt`: the call that fails. */
const setUp = async () => {
  const clock = fakeClock(builtAtMs);
  const stores = {
    events: createMemoryEventStore(),
    deliveries: createMemoryDeliveryStore(),
    deadLetters: createMemoryDeadLetterStore(),
    runs: createMemoryRunStore(),
  };
  for (let n = 0; n < count; n += 1) {
    const acceptedAtMs = builtAtMs - 1_000 + n;
    await stores.events.insert([
      {
        ...{ id: anEventId(n), workspaceId: demo, consumerId: acme, type: 'order.paid', source: '/' },
        ...{ time: '2026-11-22T10:00:00Z', acceptedAtMs, orderingKey: 'alice', callerId: null },
        ...{ traceId: null, sizeBytes: 1, position: { partition: 0, offset: n } },
      },
    ]);
    const record = anAttemptRecord(n, { outcome: outcomes.failed, acceptedAtMs, consumerId: acme });
    await stores.deliveries.insert([deliveryOf(record)]);
    const event = { id: anEventId(n), consumerId: acme, acceptedAtMs };
    // The worker was late: every run started after the last event was accepted.
    await stores.runs.put([storedRunOf(aRun({ startedAtMs: builtAtMs + n, steps: [aStep()], event }))]);
  }
  const erased = new ErasedData();
  const records: DataErased[] = [];
  const kind = erasureKind(
    {
      ...{ stores, clock, jobs: createMemoryJobStore(), storage: { delete: async () => {} } as never },
      erasures: { covers: (subject) => erased.covers(subject), has: (id) => erased.has(id) },
      record: async (record) => {
        records.push(record);
        erased.put(record);
      },
    },
    () => true,
  );
  const spec: ErasureSpec = {
    scope: { kind: 'consumer', consumerId: acme },
    beforeMs: builtAtMs - 1_000 + count - 1,
    reason: null,
  };
  const job = aJob({ kind: 'erasure', spec, checkpoint: firstCheckpoint }) as ErasureJob;
  const run = async (from: ErasureJob) => {
    const result = await kind.runBatch(from, new AbortController().signal);
    await clock.advance(result.waitMs ?? 0);
    return { job: advanced(from, result, clock.nowMs()) as ErasureJob, isAtEnd: result.isAtEnd };
  };
  return { stores, records, job, run, kind };
};

it('erases everything page by page, and nothing that was accepted later', async () => {
  const { stores, records, job, run } = await setUp();
  let at = { job, isAtEnd: false };
  while (!at.isAtEnd) at = await run(at.job);
  expect(records).toHaveLength(1);
  expect(stores.events.all().filter(({ isErased }) => isErased === true)).toHaveLength(count - 1);
  expect(stores.deliveries.all().filter(({ isErased }) => isErased === true)).toHaveLength(count - 1);
  const left = stores.runs.all().filter(({ isErased }) => isErased !== true);
  expect(left.map(({ event }) => event.id)).toEqual([anEventId(count - 1)]);
  expect(stores.events.all()[0]).toMatchObject({ id: anEventId(count - 1), orderingKey: 'alice' });
  expect(at.job).toMatchObject({
    ...{ counts: { events: count - 1, deliveries: count - 1, runs: count - 1 }, total: at.job.done },
  });
});

it('is the same after a crash in any batch', async () => {
  const { job, run, stores, records } = await setUp();
  const whole = await setUp();
  let at = { job, isAtEnd: false };
  while (!at.isAtEnd) {
    // A crash loses what was saved of the batch: it is carried out again.
    await run(at.job);
    at = await run(at.job);
  }
  let other = { job: whole.job, isAtEnd: false };
  while (!other.isAtEnd) other = await whole.run(other.job);
  expect(stores.events.all()).toEqual(whole.stores.events.all());
  expect(stores.deliveries.all()).toEqual(whole.stores.deliveries.all());
  expect(stores.runs.all()).toEqual(whole.stores.runs.all());
  expect(new Set(records.map(({ erasureId }) => erasureId)).size).toBe(1);
  expect(new Set(records.map(({ beforeMs }) => beforeMs)).size).toBe(1);
});

it('can be cancelled only before it has begun', async () => {
  const { job, run, kind } = await setUp();
  expect(kind.refuseChange?.(job)).toBeNull();
  expect(kind.refuseChange?.({ ...job, state: 'running' })).toMatch(/cannot be restored/);
  const { job: begun } = await run(job);
  expect(kind.refuseChange?.({ ...begun, state: 'queued' })).toMatch(/cannot be restored/);
});
