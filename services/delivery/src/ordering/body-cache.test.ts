import { holdKey } from '@tidings/contracts';
import { expect, it } from 'vitest';
import { aCommand } from '../../test/builders.ts';
import { type Member, OrderBook } from '../domain/ordered-queue.ts';
import type { HoldRecord } from '../ports.ts';
import { HeldBodies } from './body-cache.ts';

const partition = 3;
const line = new OrderBook().open({ partition, subscriptionId: 'sub_a', name: 'all' });

const aMember = (number: number, offset: number): Member => {
  const { state, body } = aCommand(number);
  return {
    line,
    sequence: number,
    state,
    traceparent: null,
    body: null,
    bytes: body.length,
    records: [],
    hasEntry: true,
    entryOffset: BigInt(offset),
    arrivedMs: 0,
    writtenAtMs: 0,
    isRefused: false,
    hasLeft: false,
  };
};

const record = (number: number, offset: number, isEnd = false): HoldRecord => ({
  partition,
  key: holdKey(aCommand(number).state),
  offset: BigInt(offset),
  entry: isEnd ? null : { held: { type: 'DeliveryHeld.v1', sequence: number }, command: aCommand(number) },
});

/** Bodies over a changelog that holds these records and nothing else, and how often it was read. */
const over = (log: readonly HoldRecord[], members: readonly Member[], maxBytes = 1_000) => {
  let reads = 0;
  const bodies = new HeldBodies({
    holds: {
      read: async (from, onRecord, length = Infinity) => {
        reads += 1;
        const start = Number(from.get(partition));
        for (const entry of log) {
          const offset = Number(entry.offset);
          if (offset >= start && offset < start + length) onRecord(entry);
        }
      },
    },
    find: ({ key }) => members.find(({ state }) => holdKey(state) === key),
    maxBytes,
  });
  return { bodies, reads: () => reads };
};

it('reads a body back, and in the same read those of others close behind', async () => {
  const members = [aMember(0, 5), aMember(1, 6), aMember(2, 9)];
  const { bodies, reads } = over([record(0, 5), record(1, 6), record(2, 9)], members);
  expect(await Promise.all(members.map(async (member) => bodies.load(member)))).toEqual([true, true, true]);
  expect(members.map(({ body }) => body?.toString())).toEqual(['{"n": 0}', '{"n": 1}', '{"n": 2}']);
  expect(reads()).toBe(1);
});

it('keeps no more than there is room for', async () => {
  const members = [aMember(0, 5), aMember(1, 6), aMember(2, 7)];
  const { bodies } = over([record(0, 5), record(1, 6), record(2, 7)], members, 10);
  await bodies.load(members[0] as Member);
  expect(members.map(({ body }) => body !== null)).toEqual([true, true, false]);
  expect(bodies.bytes).toBe(8);
});

it('does not take an older entry for the present one', async () => {
  const member = aMember(0, 8);
  const { bodies } = over([record(0, 5), record(1, 6), record(0, 8)], [member]);
  await bodies.load(aMember(1, 6));
  expect(member.body?.toString()).toBe('{"n": 0}');
});

it('finds a newer entry that another process wrote, and sees that one has ended', async () => {
  const moved = aMember(0, 5);
  const ended = aMember(1, 6);
  const { bodies } = over([record(0, 700), record(1, 701, true)], [moved, ended]);
  expect(await bodies.load(moved)).toBe(true);
  expect(moved).toMatchObject({ entryOffset: 700n });
  expect(moved.body?.toString()).toBe('{"n": 0}');
  expect(await bodies.load(ended)).toBe(false);
});
