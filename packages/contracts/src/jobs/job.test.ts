import { describe, expect, it } from 'vitest';
import { consumerId, subscriptionId, workspaceId } from '../ids/ids.ts';
import { topics } from '../wire/topics.ts';
import { DecodeError } from '../wire/wire.ts';
import {
  decodeJobRecord,
  encodeJobRecord,
  type JobOrdered,
  type JobProgressed,
  jobPartition,
  jobRecordKey,
  type ReplaySpec,
} from './job.ts';

const jobId = `job_${'1'.repeat(32)}`;

const spec: ReplaySpec = {
  fromMs: 1,
  toMs: 2,
  types: ['order.*'],
  filter: { 'data.total': { $gt: 5 } },
  target: { kind: 'subscription', subscriptionId: subscriptionId('sub_a') },
  asNew: false,
  holdLive: true,
  ratePerSecond: 50,
};

const order: JobOrdered = {
  type: 'JobOrdered.v1',
  jobId,
  kind: 'replay',
  workspaceId: workspaceId('ws_demo'),
  ownerId: consumerId('acme'),
  requestedBy: 'key_1',
  spec,
  desired: 'running',
  revision: 1,
  createdAtMs: 3,
};

const progress: JobProgressed = {
  type: 'JobProgressed.v1',
  jobId,
  kind: 'replay',
  state: 'running',
  revision: 1,
  startedAtMs: 4,
  checkpoint: { '0': 17, '11': 0 },
  counts: { scanned: 17, matched: 3, sent: 3 },
  total: 40,
  done: 17,
  error: null,
  updatedAtMs: 5,
};

describe('records of the jobs topic', () => {
  it('decode as they were encoded', () => {
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    const traced = { ...order, traceparent };
    expect(encodeJobRecord(traced).headers).toEqual({ traceparent });
    for (const record of [order, traced, progress])
      expect(decodeJobRecord(encodeJobRecord(record))).toEqual(record);
  });

  it.each([
    ['offsets', { ...spec, offsets: { '0': [5, 9], '11': [0, 0] } }],
    ['no span', { types: [], filter: null, asNew: true, holdLive: false, ratePerSecond: 0.5 }],
  ])('decode a replay with %s', (_, part) => {
    for (const target of [{ kind: 'all' }, { kind: 'missing' }] as const) {
      const record = { ...order, spec: { ...part, target } as ReplaySpec };
      expect(decodeJobRecord(encodeJobRecord(record))).toEqual(record);
    }
  });

  it('decode from bytes of an earlier version', () => {
    const value =
      '{"type":"JobProgressed.v1","jobId":"job_11111111111111111111111111111111","kind":"replay","state":"paused",' +
      '"revision":2,"startedAtMs":null,"checkpoint":{},"counts":{},"total":null,"done":0,"error":null,"updatedAtMs":7}';
    const record = { key: `${jobId}/progress`, headers: {}, value: Buffer.from(value) };
    expect(decodeJobRecord(record)).toMatchObject({ state: 'paused', revision: 2, total: null });
  });

  it('have one partition for each job and one key for each writer', () => {
    expect(encodeJobRecord(order).key).toBe(`${jobId}/order`);
    expect(encodeJobRecord(progress).key).toBe(jobRecordKey(jobId, 'JobProgressed.v1'));
    const partitions = Array.from({ length: 200 }, (_, n) =>
      jobPartition(`job_${String(n).padStart(32, '0')}`),
    );
    expect(new Set(partitions)).toEqual(
      new Set(Array.from({ length: topics.jobs.partitions }, (_, partition) => partition)),
    );
    expect(jobPartition(jobId)).toBe(jobPartition(jobId));
  });

  it.each([
    ['a tombstone', null],
    ['no JSON', '{'],
    ['another type', JSON.stringify({ ...order, type: 'JobOrdered.v2' })],
    ['an unknown field', JSON.stringify({ ...order, more: 1 })],
    ['a revision below 1', JSON.stringify({ ...order, revision: 0 })],
    ['an unknown kind', JSON.stringify({ ...progress, kind: 'export' })],
    ['a partition that is no number', JSON.stringify({ ...progress, checkpoint: { a: 1 } })],
    ['a span without an end', JSON.stringify({ ...order, spec: { ...spec, offsets: { '0': [1] } } })],
    [
      'a target without its subscription',
      JSON.stringify({ ...order, spec: { ...spec, target: { kind: 'subscription' } } }),
    ],
  ])('refuse %s', (_, text) => {
    const value = text === null ? null : Buffer.from(text);
    expect(() => decodeJobRecord({ key: `${jobId}/order`, headers: {}, value })).toThrow(DecodeError);
  });
});
