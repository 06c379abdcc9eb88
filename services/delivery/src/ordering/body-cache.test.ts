import { orderingEntryKey } from '@tidings/contracts';
import { expect, it } from 'vitest';
import { aCommand } from '../../test/builders.ts';
import type { ChangelogRecord } from '../adapters/ordering-changelog.ts';
import { OrderedQueues, type QueueEntry } from '../domain/ordered-queues.ts';
import { BodyCache } from './body-cache.ts';

const partition = 3;
const queue = new OrderedQueues().open({ partition, subscriptionId: 'sub_a', name: 'all' });

const anEntry = (number: number, offset: number): QueueEntry => {
  const { state, body } = aCommand(number);
  return {
    queue,
    sequence: number,
    state,
    traceparent: null,
    body: null,
    bytes: body.length,
    records: [],
    isPersisted: true,
    persistedOffset: BigInt(offset),
    arrivedMs: 0,
    writtenAtMs: 0,
    isRejected: false,
    isRemoved: false,
  };
};

const record = (number: number, offset: number, isEnd = false): ChangelogRecord => ({
  partition,
  key: orderingEntryKey(aCommand(number).state),
  offset: BigInt(offset),
  value: isEnd ? null : { entry: { type: 'DeliveryHeld.v1', sequence: number }, command: aCommand(number) },
});

/** Creates a body cache over a changelog with only these records, and counts its reads. */
const over = (log: readonly ChangelogRecord[], entries: readonly QueueEntry[], maxBytes = 1_000) => {
  let reads = 0;
  const bodies = new BodyCache({
    changelog: {
      read: async (from, onRecord, { length = Infinity } = {}) => {
        reads += 1;
        const start = Number(from.get(partition));
        for (const entry of log) {
          const offset = Number(entry.offset);
          if (offset >= start && offset < start + length) onRecord(entry);
        }
      },
    },
    orderedQueues: {
      entryOf: (_, wanted) =>
        entries.find(({ state }) => orderingEntryKey(state) === orderingEntryKey(wanted)),
    },
    maxBytes,
  });
  return { bodies, reads: () => reads };
};

it('reads a body back, and those of the next entries in the same read', async () => {
  const entries = [anEntry(0, 5), anEntry(1, 6), anEntry(2, 9)];
  const { bodies, reads } = over([record(0, 5), record(1, 6), record(2, 9)], entries);
  expect(await Promise.all(entries.map(async (entry) => bodies.load(entry)))).toEqual([true, true, true]);
  expect(entries.map(({ body }) => body?.toString())).toEqual(['{"n": 0}', '{"n": 1}', '{"n": 2}']);
  expect(reads()).toBe(1);
});

it('keeps bodies up to its limit', async () => {
  const entries = [anEntry(0, 5), anEntry(1, 6), anEntry(2, 7)];
  const { bodies } = over([record(0, 5), record(1, 6), record(2, 7)], entries, 10);
  await bodies.load(entries[0] as QueueEntry);
  expect(entries.map(({ body }) => body !== null)).toEqual([true, true, false]);
  expect(bodies.bytes).toBe(8);
});

it('ignores an older record of an entry', async () => {
  const entry = anEntry(0, 8);
  const { bodies } = over([record(0, 5), record(1, 6), record(0, 8)], [entry]);
  await bodies.load(anEntry(1, 6));
  expect(entry.body?.toString()).toBe('{"n": 0}');
});

it('finds a newer record by another process, and detects that an entry has ended', async () => {
  const moved = anEntry(0, 5);
  const ended = anEntry(1, 6);
  const { bodies } = over([record(0, 700), record(1, 701, true)], [moved, ended]);
  expect(await bodies.load(moved)).toBe(true);
  expect(moved).toMatchObject({ persistedOffset: 700n });
  expect(moved.body?.toString()).toBe('{"n": 0}');
  expect(await bodies.load(ended)).toBe(false);
});
