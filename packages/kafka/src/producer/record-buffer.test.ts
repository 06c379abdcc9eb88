import { fakeClock } from '@tidings/runtime/testing';
import { expect, it } from 'vitest';
import { PublishGroup } from './publish-group.ts';
import { RecordBuffer, type TakenRecords } from './record-buffer.ts';

const values = ({ slices }: TakenRecords): string[] =>
  slices.map(
    ({ queue, records }) => `${queue.partition}:${records.map(({ message }) => message.key).join('')}`,
  );

/** Creates a buffer of a topic with three partitions, whose sends carry two records. */
function open() {
  const buffer = new RecordBuffer({ records: 2, bytes: 1_000 });
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
