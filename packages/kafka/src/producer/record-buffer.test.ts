import { fakeClock } from '@tidings/runtime/testing';
import { describe, expect, it } from 'vitest';
import { PublishGroup } from './publish-group.ts';
import { type PartitionQueue, RecordBuffer, type TakenRecords } from './record-buffer.ts';

const values = ({ slices }: TakenRecords): string[] =>
  slices.map(
    ({ queue, records }) => `${queue.partition}:${records.map(({ message }) => message.key).join('')}`,
  );

/** Creates a buffer of a topic with three partitions, whose sends carry `records`, by default two. */
function open(records = 2) {
  const buffer = new RecordBuffer({ records, bytes: 1_000 });
  buffer.setPartitions('t', 3);
  const put = (partition: number, key: string): void => {
    const group = new PublishGroup({ size: 1, clock: fakeClock(), deadlineMs: undefined });
    buffer.push('t', partition, { hasTime: false, message: { key, value: null }, bytes: 1, group, index: 0 });
  };
  return { buffer, put };
}

it('has one send of a partition in flight, and sends what waits behind it with the next', () => {
  const { buffer, put } = open();
  for (const key of ['a', 'b', 'c']) put(0, key);
  const first = buffer.take();
  expect(values(first)).toEqual(['0:ab']);
  put(0, 'd');
  expect(values(buffer.take())).toEqual([]);
  for (const { queue } of first.slices) buffer.release(queue);
  expect(values(buffer.take())).toEqual(['0:cd']);
});

it('takes partitions in the order in which they began to wait', () => {
  const { buffer, put } = open();
  put(2, 'a');
  put(0, 'b');
  put(1, 'c');
  put(2, 'd');
  expect(values(buffer.take())).toEqual(['2:ad']);
  expect(values(buffer.take())).toEqual(['0:b', '1:c']);
  expect(values(buffer.take())).toEqual([]);
});

describe('the partition of records without a key', () => {
  /** Places records one by one, each sent at once and acknowledged before the next. Returns their partitions. */
  const placeAlone = ({ buffer, put }: ReturnType<typeof open>, count: number): number[] =>
    Array.from({ length: count }, () => {
      const partition = buffer.stickyPartition('t');
      put(partition, 'k');
      for (const { queue } of buffer.take().slices) buffer.release(queue);
      return partition;
    });

  it('stays the same for as many as a send carries, and then is the next', () => {
    const one = open();
    const [first = 0, ...rest] = placeAlone(one, 6);
    const [second, third] = [(first + 1) % 3, (first + 2) % 3];
    expect([first, ...rest]).toEqual([first, first, second, second, third, third]);
  });

  /** Places a record and sends it. Returns what is then in flight. */
  const send = ({ buffer, put }: ReturnType<typeof open>): PartitionQueue => {
    put(buffer.stickyPartition('t'), 'k');
    const [slice] = buffer.take().slices;
    if (slice === undefined) throw new Error('nothing was sent');
    return slice.queue;
  };

  it('is the next one while the preferred is busy, for all records of one send', () => {
    const one = open(100);
    const first = send(one);
    const beside = one.buffer.stickyPartition('t');
    one.put(beside, 'a');
    expect(beside).toBe((first.partition + 1) % 3);
    // A request with both would cost more.
    one.buffer.release(first);
    expect(one.buffer.stickyPartition('t')).toBe(beside);
  });

  it('is the preferred one again once that is idle', () => {
    const one = open(100);
    const preferred = send(one);
    const beside = send(one);
    one.buffer.release(preferred);
    one.buffer.release(beside);
    expect(one.buffer.stickyPartition('t')).toBe(preferred.partition);
  });

  it('is none under retry while there is another', () => {
    const { buffer, put } = open();
    const first = buffer.stickyPartition('t');
    put(first, 'a');
    for (const { queue } of buffer.take().slices) queue.state = 'retrying';
    const partitions = placeAlone({ buffer, put }, 12);
    expect(partitions).not.toContain(first);
    expect(new Set(partitions).size).toBe(2);
  });

  it('changes from record to record while a send of each is in flight', () => {
    const { buffer, put } = open();
    for (const partition of [0, 1, 2]) put(partition, 'a');
    buffer.take();
    buffer.take();
    const partitions = Array.from({ length: 3 }, () => buffer.stickyPartition('t'));
    expect(new Set(partitions)).toEqual(new Set([0, 1, 2]));
  });
});
