import { newEventId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { anAttemptRecord } from '@tidings/testing/messages';
import { describe, expect, it } from 'vitest';
import { aFailure, nothingErased } from '../../test/builders.ts';
import { createMemoryDeliveryStore } from '../../test/deliveries/memory-delivery-store.ts';
import { aJob } from '../../test/jobs/job-builders.ts';
import { createRetries } from '../../test/retries/retry-harness.ts';
import { type Delivery, deliveryOf } from '../deliveries/domain/delivery.ts';
import type { ListPosition } from '../deliveries/ports.ts';
import type { BatchResult } from '../jobs/domain/job.ts';
import { retryDelivery } from './retry-delivery.ts';
import { type RetryJob, retryKind } from './retry-kind.ts';

const live = new AbortController().signal;
const acceptedAtMs = 1_790_000_000_000;

/** A job over deliveries that were stored in another order than that of their events. */
const setUp = async (count: number, over: Partial<RetryJob> = {}) => {
  const deliveries = createMemoryDeliveryStore();
  const stored = Array.from({ length: count }, (_, n) =>
    deliveryOf(anAttemptRecord(1, { eventId: newEventId(acceptedAtMs + n), acceptedAtMs: acceptedAtMs + n })),
  );
  await deliveries.insert(stored.toReversed());
  const retried: { id: string; runId: string; by: string }[] = [];
  const answers = new Map<string, Error>();
  const kind = retryKind({
    deliveries,
    erasures: nothingErased,
    isReady: () => true,
    retry: async ({ id }: Delivery, request) => {
      const error = answers.get(id);
      if (error !== undefined) throw error;
      retried.push({ id, ...request });
    },
  });
  const { workspaceId } = stored[0] as Delivery;
  const spec = { filters: { workspaceId, ownerId: null }, request: { filter: { status: 'failed' } } };
  const job = aJob({ kind: 'retry', spec, checkpoint: null, ratePerSecond: 10, ...over }) as RetryJob;
  const runAll = async () => {
    const results: BatchResult<ListPosition | null>[] = [];
    let checkpoint: ListPosition | null = null;
    do {
      const done = results.reduce((sum, one) => sum + one.done, 0);
      results.push(await kind.runBatch({ ...job, checkpoint, done }, live));
      checkpoint = results.at(-1)?.checkpoint ?? null;
    } while (results.at(-1)?.isAtEnd === false);
    return results;
  };
  return { deliveries, stored, retried, answers, kind, job, runAll };
};

describe('a job that retries many deliveries', () => {
  it('retries each once, oldest first, a fifth of a second’s worth at a time', async () => {
    const { stored, retried, job, runAll } = await setUp(7);
    const results = await runAll();
    expect(retried.map(({ id }) => id)).toEqual(stored.map(({ id }) => id));
    expect(new Set(retried.map(({ runId, by }) => `${runId} ${by}`))).toEqual(new Set([`${job.id} key_1`]));
    expect(results.map(({ done, sent }) => [done, sent])).toEqual([
      [2, 2],
      [2, 2],
      [2, 2],
      [1, 1],
    ]);
    expect(results.at(-1)).toMatchObject({ isAtEnd: true, total: 7 });
  });

  it('counts those that are refused or not kept any more, and retries the others', async () => {
    const { stored, retried, answers, runAll } = await setUp(4);
    answers.set(String(stored[0]?.id), new AppError({ code: 'conflict', message: 'in flight' }));
    answers.set(String(stored[2]?.id), new AppError({ code: 'unprocessable', message: 'too old' }));
    const results = await runAll();
    expect(retried.map(({ id }) => id)).toEqual([stored[1]?.id, stored[3]?.id]);
    expect(results.map(({ counts, sent }) => [counts, sent])).toEqual([
      [{ retried: 1, refused: 1, unavailable: 0, erased: 0 }, 1],
      [{ retried: 1, refused: 0, unavailable: 1, erased: 0 }, 1],
      [{ retried: 0, refused: 0, unavailable: 0, erased: 0 }, 0],
    ]);
  });

  it('fails its batch if the brokers do not respond, and sends nothing once its claim is lost', async () => {
    const { stored, retried, answers, kind, job } = await setUp(2);
    answers.set(String(stored[1]?.id), new AppError({ code: 'unavailable', message: 'no broker' }));
    await expect(kind.runBatch(job, live)).rejects.toMatchObject({ code: 'unavailable' });
    expect(retried).toHaveLength(1);
    await expect(kind.runBatch(job, AbortSignal.abort())).rejects.toThrow();
    expect(retried).toHaveLength(1);
  });

  it('repeats a batch that a crash interrupted in the same chains', async () => {
    const { attempt, parts, commands, fault } = createRetries();
    const ended = (n: number) => aFailure(n, 1, { next: { kind: 'dead-letter', reason: 'exhausted' } });
    const { workspaceId } = await attempt(ended(1));
    await attempt(ended(2));
    const kind = retryKind({
      ...parts,
      isReady: () => true,
      retry: async (delivery, request) => retryDelivery(parts, delivery, request),
    });
    const spec = { filters: { workspaceId, ownerId: null }, request: { filter: {} } };
    const job = aJob({ kind: 'retry', spec, checkpoint: null, ratePerSecond: 100 }) as RetryJob;
    // The command is in the log, but nobody was told.
    fault.error = new AppError({ code: 'unavailable', message: 'no answer' });
    await expect(kind.runBatch(job, live)).rejects.toThrow('no answer');
    fault.error = null;
    expect(await kind.runBatch(job, live)).toMatchObject({
      counts: { retried: 2, refused: 0 },
      isAtEnd: true,
    });
    expect(commands.map(({ state }) => state.chain)).toEqual([1, 1, 1]);
    expect(new Set(commands.map(({ state }) => state.deliveryId)).size).toBe(2);
  });

  it('shows the filter as the caller gave it', async () => {
    const { kind, job } = await setUp(1);
    expect(kind.requestView(job.spec)).toEqual({ filter: { status: 'failed' } });
  });
});
