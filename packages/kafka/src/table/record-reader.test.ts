import { fakeClock } from '@tidings/runtime/testing';
import { KafkaJSProtocolError } from 'kafkajs';
import { expect, it } from 'vitest';
import type { LogMessage } from '../client/cluster.ts';
import { RecordReader } from './record-reader.ts';

const message = (offset: number): LogMessage =>
  ({
    ...{ offset: String(offset), key: null, value: Buffer.from(`record ${offset}`) },
    ...{ timestamp: '1000', attributes: 0, headers: {}, size: 10 },
  }) as unknown as LogMessage;

const outOfRange = () => {
  const error = new KafkaJSProtocolError(new Error('out of range'));
  return Object.assign(error, { type: 'OFFSET_OUT_OF_RANGE' });
};

/** A leader as a client sees it: what it says it has, and what it returns. It is asked once a `looks`. */
type Leader = Readonly<{ low?: number; high: number; returns: readonly number[] | null }>;

const read = async (looks: readonly Leader[], offsets: readonly number[]) => {
  const clock = fakeClock();
  let at = 0;
  const leader = () => looks[Math.min(at, looks.length - 1)] as Leader;
  const reader = new RecordReader({ brokers: ['127.0.0.1:9'] } as never, clock, () => ({
    connect: async () => {},
    close: async () => {},
    fetch: async (_topic, _partition, { offset }) => {
      const { returns } = leader();
      if (returns === null) throw outOfRange();
      return returns.filter((one) => one >= offset).map(message);
    },
    rangeOf: async () => {
      const { low = 0, high } = leader();
      at += 1;
      return { low, high };
    },
  }));
  let isDone = false;
  const reading = reader
    .read(
      't',
      offsets.map((offset) => ({ partition: 0, offset: BigInt(offset) })),
    )
    .finally(() => {
      isDone = true;
    });
  reading.catch(() => {});
  while (!isDone) await clock.advance(100);
  await reader.close();
  return (await reading).map((record) => record && Number(record.offset));
};

it('reads again what a leader has but does not return', async () => {
  const looks = [
    { high: 3, returns: [] },
    { high: 3, returns: [0, 1, 2] },
  ];
  expect(await read(looks, [0, 2])).toEqual([0, 2]);
});

it('reads again what a new leader does not have yet', async () => {
  for (const returns of [null, []]) {
    const looks = [
      { high: 1, returns },
      { high: 3, returns: [0, 1, 2] },
    ];
    expect(await read(looks, [1, 2])).toEqual([1, 2]);
  }
});

it('returns null for what is deleted, and for what stays away', async () => {
  const looks = [
    { low: 2, high: 3, returns: null },
    { low: 2, high: 3, returns: [2] },
  ];
  expect(await read(looks, [0, 2, 3])).toEqual([null, 2, null]);
});

it('rejects with `unavailable` if a leader never returns what it has', async () => {
  await expect(read([{ high: 3, returns: [] }], [1])).rejects.toMatchObject({ code: 'unavailable' });
});
