import { appTopics } from '@tidings/contracts';
import type { OutgoingRecord, RecordPosition } from '@tidings/kafka';
import { expect, it } from 'vitest';
import { RunLogWriter } from './run-log-writer.ts';

type Send = Readonly<{
  records: readonly OutgoingRecord[];
  resolve: () => void;
  reject: (error: unknown) => void;
}>;

const open = () => {
  const sends: Send[] = [];
  let end = 1n;
  const writer = new RunLogWriter({
    bus: { readRange: async () => {} },
    producer: {
      publishAll: async (records) =>
        new Promise<readonly RecordPosition[]>((resolve, reject) =>
          sends.push({
            records,
            resolve: () =>
              resolve(records.map(({ topic }) => ({ topic: topic.name, partition: 0, offset: end++ }))),
            reject,
          }),
        ),
    },
    runLog: appTopics('shop').runLog,
    partition: 0,
    epoch: 1,
    nextOffset: 1n,
  });
  return { writer, sends };
};

const record = (key: string) => ({ key, headers: {}, value: Buffer.alloc(0) });
const turn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('writes nothing behind a send that failed: it would be restored in front of what has failed', async () => {
  const { writer, sends } = open();
  const first = writer.append([record('first')]);
  await turn();
  const second = writer.append([record('second')]);
  const outcomes = Promise.allSettled([first, second]);
  sends[0]?.reject(new Error('no answer'));
  await turn();
  expect(sends.map(({ records }) => records.map(({ key }) => key))).toEqual([['first']]);
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(writer.append([record('third')])).rejects.toThrow('has taken over');
});

it('is flushed when what was appended before is acknowledged, however much follows', async () => {
  const { writer, sends } = open();
  const appends = [writer.append([record('0')])];
  await turn();
  let isFlushed = false;
  void writer.flush().then(() => (isFlushed = true));
  for (let n = 1; n < 5; n += 1) {
    appends.push(writer.append([record(String(n))]));
    sends[n - 1]?.resolve();
    await turn();
  }
  expect(isFlushed).toBe(true);
  expect(sends).toHaveLength(5);
  sends[4]?.resolve();
  await Promise.all(appends);
});
