import { silentLogger } from '@tidings/observability';
import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { IncomingRecord } from '../bus.ts';
import { noMetrics } from '../metrics.ts';
import { FakeBrokers } from './fake-brokers.ts';
import { KafkaTable } from './kafka-table.ts';
import { TopicsReader } from './topics-reader.ts';

const endpoint = { brokers: ['127.0.0.1:9'], clientId: 'test', logger: silentLogger };

/** Decodes a value such as `old 3`: a text and a version. */
const decode = ({ key, value }: IncomingRecord) => {
  const [text = '', version] = String(value).split(' ');
  return { key: String(key), version: Number(version), value: text };
};

describe('KafkaTable', () => {
  let clock: FakeClock;
  let brokers: FakeBrokers;
  let reader: TopicsReader;
  let changes: (string | undefined)[];

  beforeEach(() => {
    clock = fakeClock();
    brokers = new FakeBrokers(clock);
    reader = new TopicsReader({ endpoint, clock, metrics: noMetrics, open: brokers.open });
    changes = [];
  });

  const open = (name: string) => {
    const topic = { name, kind: 'table', partitions: 1, key: 'any', config: {} } as const;
    const onChange = (_key: string, value: string | undefined) => void changes.push(value);
    const table = { topic, service: 'test', decode, onChange };
    const opened = new KafkaTable({ endpoint, table, reader, clock, metrics: noMetrics, onClosed: () => {} });
    opened.start();
    const state = { isReady: false };
    void opened.ready().then(() => {
      state.isReady = true;
    });
    return { table: opened, state };
  };

  it('is ready at the ends of its own topic, while a partition of another one has no leader', async () => {
    brokers.create('a', ['1', undefined]);
    brokers.create('b', ['1', '1']);
    brokers.append('b', 5, 1);
    const [a, b] = [open('a'), open('b')];
    await clock.advance(1_000);
    expect([a.state.isReady, b.state.isReady]).toEqual([false, true]);
    await clock.advance(40_000);
    expect([a.table.isStale(), b.table.isStale()]).toEqual([true, false]);
    brokers.log('a', 1).leader = '1';
    await clock.advance(5_000);
    expect([a.state.isReady, a.table.isStale()]).toEqual([true, false]);
  });

  it('is ready at the end that a new leader knows, not at the one of its first answers', async () => {
    brokers.create('a');
    brokers.append('a', 6);
    brokers.log('a').laggingEnd = 5;
    const { table, state } = open('a');
    await clock.advance(20_000);
    expect([table.nextOffset(0), state.isReady]).toEqual([5, false]);
    brokers.log('a').laggingEnd = undefined;
    await clock.advance(1_000);
    expect([table.nextOffset(0), state.isReady]).toEqual([6, true]);
  });

  it('keeps what it has when a new leader answers with an end before it', async () => {
    brokers.create('a');
    const log = brokers.log('a');
    log.record = (offset) => ({ key: `k${offset}`, value: 'v 1' });
    brokers.append('a', 6);
    const first = open('a');
    await clock.advance(1_000);
    const { record } = log;
    let reads = 0;
    log.record = (offset) => {
      reads += 1;
      // The leader changes when the second table has two records, for which the brokers look twice.
      if (reads === 4) Object.assign(log, { leader: '2', laggingEnd: 4 });
      return record(offset);
    };
    const second = open('a');
    await clock.advance(10_000);
    expect([first.table.size(), second.table.nextOffset(0), second.state.isReady]).toEqual([6, 4, false]);
    brokers.log('a').laggingEnd = undefined;
    await clock.advance(1_000);
    expect([first.table.size(), second.table.size(), second.state.isReady]).toEqual([6, 6, true]);
  });

  it.each([
    ['and is still shorter', 3, ['k1', 'k2', 'k3']],
    ['and has as many records again', 6, ['k1', 'k2', 'k3', 'k4', 'k5', 'k6']],
    ['and is empty', 0, []],
  ])('has what a log has that was created anew %s, without a gap', async (_name, count, keys) => {
    brokers.create('a');
    brokers.log('a').record = (offset) => ({ key: `k${offset}`, value: 'old 9' });
    brokers.append('a', 4);
    const { table } = open('a');
    await clock.advance(1_000);
    expect([...table.values()]).toEqual(['old', 'old', 'old', 'old']);
    changes = [];
    const record = (offset: number) => ({ key: `k${offset + 1}`, value: 'new 1' });
    Object.assign(brokers.log('a'), { end: 0, offsets: [], record });
    // It may have the position again when its range is requested.
    brokers.onRange = () => brokers.append('a', count);
    brokers.wake();
    await clock.advance(2_000);
    expect(['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6'].filter((key) => table.get(key) === 'new')).toEqual(
      keys,
    );
    expect(table.size()).toBe(keys.length);
    // Every new record is there before the entries that are left over go.
    expect(changes.slice(0, count)).toEqual(keys.map(() => 'new'));
    expect(table.isStale()).toBe(false);
  });
});
