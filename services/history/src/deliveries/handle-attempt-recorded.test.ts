import type { AttemptRecorded } from '@tidings/contracts';
import { anAttemptRecord } from '@tidings/testing/messages';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aFailure } from '../../test/builders.ts';
import { createMemoryDeliveryStore } from '../../test/deliveries/memory-delivery-store.ts';
import { handleAttemptRecorded } from './handle-attempt-recorded.ts';
import type { DeliveryStore } from './ports.ts';

const project = async (batches: readonly (readonly AttemptRecorded[])[]) => {
  const store = createMemoryDeliveryStore();
  for (const batch of batches) await handleAttemptRecorded(store, batch);
  return store.all();
};

describe('projecting attempts', () => {
  it('counts what was inserted, changed and already known', async () => {
    const store = createMemoryDeliveryStore();
    const first = [anAttemptRecord(1), aFailure(2, 1)];
    expect(await handleAttemptRecorded(store, first)).toMatchObject({
      inserted: 2,
      updated: 0,
      unchanged: 0,
    });
    const second = [...first, anAttemptRecord(2, { attempt: 2 }), aFailure(3, 4)];
    expect(await handleAttemptRecorded(store, second)).toMatchObject({
      inserted: 1,
      updated: 1,
      unchanged: 1,
    });
    expect(
      store
        .all()
        .map(({ status }) => status)
        .toSorted(),
    ).toEqual(['delivered', 'delivered', 'retrying']);
  });

  it('from offset 0 equals the live projection, with any batches and repeats', async () => {
    const record = fc
      .record({
        n: fc.integer({ min: 1, max: 4 }),
        attempt: fc.integer({ min: 1, max: 3 }),
        isDelivered: fc.boolean(),
      })
      .map(({ n, attempt, isDelivered }) =>
        isDelivered ? anAttemptRecord(n, { attempt }) : aFailure(n, attempt),
      );
    const batches = fc.array(fc.array(record, { minLength: 1, maxLength: 5 }), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(batches, fc.nat({ max: 5 }), async (live, from) => {
        const replayed = [live.flat()];
        expect(await project([...live, ...live.slice(from)])).toEqual(await project(replayed));
      }),
    );
  });

  it('reads again and merges when another instance wrote first', async () => {
    const inner = createMemoryDeliveryStore();
    await handleAttemptRecorded(inner, [aFailure(1, 1), aFailure(2, 1)]);
    let isRaced = false;
    const raced: DeliveryStore = {
      ...inner,
      replace: async (changes) => {
        if (!isRaced) {
          isRaced = true;
          await handleAttemptRecorded(inner, [aFailure(1, 2)]);
        }
        return inner.replace(changes);
      },
    };
    await handleAttemptRecorded(raced, [
      anAttemptRecord(1, { attempt: 3 }),
      anAttemptRecord(2, { attempt: 2 }),
    ]);
    const one = inner.all().find(({ eventId }) => eventId === anAttemptRecord(1).eventId);
    expect(one?.attemptEvents.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(inner.all().every(({ status }) => status === 'delivered')).toBe(true);
  });

  it('fails a batch, to be retried, when it loses every time', async () => {
    const inner = createMemoryDeliveryStore();
    await handleAttemptRecorded(inner, [aFailure(1, 1)]);
    const losing: DeliveryStore = { ...inner, replace: async () => 0 };
    await expect(handleAttemptRecorded(losing, [aFailure(1, 2)])).rejects.toMatchObject({
      code: 'conflict',
      retryable: true,
    });
  });
});
