import { describe, expect, it, vi } from 'vitest';
import type { BatchResult } from '../client/create-client.ts';
import type { EventInput } from '../client/event-input.ts';
import { TidingsError } from '../client/tidings-error.ts';
import { createRelay, type RelayOptions } from './create-relay.ts';
import { mongoOutbox } from './mongo-outbox.ts';
import { entryOf, type OutboxEntry, type RelayOutcome } from './outbox-entry.ts';
import { postgresOutbox } from './postgres-outbox.ts';

/** Any value, as plain JavaScript passes it without type checks. */
type Anything = never;

/** An outbox of one batch, which records what becomes of it. */
function anOutbox(entries: readonly OutboxEntry[]) {
  const outcomes: (RelayOutcome | 'abandoned')[] = [];
  const finish = async (outcome: RelayOutcome) => void outcomes.push(outcome);
  const abandon = async () => void outcomes.push('abandoned');
  let isTaken = false;
  const take = async () => {
    if (isTaken) return null;
    isTaken = true;
    return { entries, finish, abandon };
  };
  return { outcomes, take };
}

const entry = (id: string, orderingKey?: string): OutboxEntry =>
  entryOf({ type: 'a.b', data: id, id, ...(orderingKey === undefined ? {} : { orderingKey }) });
const ok = ({ id = '' }: EventInput): BatchResult => ({ ok: true, id, type: 'a.b', acceptedAt: new Date() });
const failure = (status: number): TidingsError =>
  new TidingsError({
    message: `POST failed: ${status}`,
    status,
    outcomeUnknown: false,
    idempotencyKey: 'k',
    attempts: 1,
  });

async function relayed(
  entries: readonly OutboxEntry[],
  answer: (events: readonly EventInput[]) => readonly BatchResult[],
) {
  const requests: (string | undefined)[][] = [];
  const outbox = anOutbox(entries);
  const onRefused = vi.fn();
  const publishBatch = async (events: readonly EventInput[]) => {
    requests.push(events.map(({ id }) => id));
    return answer(events);
  };
  const relay = createRelay({ outbox, tidings: { publishBatch }, onRefused });
  const result: unknown = await relay.runOnce().catch((error: unknown) => error);
  return { result, requests, outcomes: outbox.outcomes, onRefused };
}

describe('a relay', () => {
  const entries = [entry('a1', 'a'), entry('x'), entry('a2', 'a'), entry('b1', 'b'), entry('a3', 'a')];

  it('sends one event of each key at a time', async () => {
    const { result, requests, outcomes } = await relayed(entries, (events) => events.map(ok));
    expect(requests).toEqual([['a1', 'x', 'b1'], ['a2'], ['a3']]);
    expect(outcomes).toEqual([{ sent: ['a1', 'x', 'b1', 'a2', 'a3'], refused: [] }]);
    expect(result).toBe(5);
  });

  it('does not send what is behind an event that could not be stored', async () => {
    const away = { ok: false, status: 503, problem: { detail: 'x' } } as Anything;
    const { requests, outcomes } = await relayed(entries, (events) =>
      events.map((event) => (event.id === 'a2' ? away : ok(event))),
    );
    expect(requests).toEqual([['a1', 'x', 'b1'], ['a2']]);
    expect(outcomes).toEqual([{ sent: ['a1', 'x', 'b1'], refused: [] }]);
  });

  it.each([400, 413, 415, 422])('finds the event that makes a request a %d', async (status) => {
    const { requests, outcomes, onRefused } = await relayed(entries, (events) => {
      if (events.some(({ id }) => id === 'x')) throw failure(status);
      return events.map(ok);
    });
    expect(requests).toEqual([['a1', 'x', 'b1'], ['a1'], ['x'], ['b1'], ['a2'], ['a3']]);
    const refused = [{ id: 'x', reason: `POST failed: ${status}` }];
    expect(outcomes).toEqual([{ sent: ['a1', 'b1', 'a2', 'a3'], refused }]);
    expect(onRefused).toHaveBeenCalledExactlyOnceWith(refused);
  });

  it('tells why nothing was accepted, and keeps everything', async () => {
    const problem = { detail: 'no broker', code: 'unavailable' };
    const away = { ok: false, status: 503, problem } as Anything;
    const { result, outcomes } = await relayed(entries, (events) => events.map(() => away));
    expect(result).toEqual(
      new Error('none of 5 events was accepted, they are sent again: 503 unavailable: no broker'),
    );
    expect(outcomes).toEqual(['abandoned']);
  });

  it.each([401, 403, 503])('blames no event for a %d, and keeps what was sent before', async (status) => {
    const { result, outcomes } = await relayed(entries, (events) => {
      if (events.some(({ id }) => id === 'a2')) throw failure(status);
      return events.map(ok);
    });
    expect(outcomes).toEqual([{ sent: ['a1', 'x', 'b1'], refused: [] }]);
    expect(result).toMatchObject({ status });
    const nothing = await relayed(entries, () => {
      throw failure(status);
    });
    expect(nothing.outcomes).toEqual(['abandoned']);
  });

  it('sets aside an entry that it cannot read', async () => {
    const broken = { id: 'broken', orderingKey: null, event: '{' };
    const { outcomes } = await relayed([broken, entry('y')], (events) => events.map(ok));
    expect(outcomes).toEqual([
      { sent: ['y'], refused: [{ id: 'broken', reason: expect.any(String) as string }] },
    ]);
  });

  it('sends large events in requests of their own', async () => {
    const large = Array.from({ length: 3 }, (_, n) =>
      entryOf({ type: 'a.b', data: 'x'.repeat(1_500_000), id: `l${n}` }),
    );
    const { requests } = await relayed(large, (events) => events.map(ok));
    expect(requests).toEqual([['l0', 'l1'], ['l2']]);
  });

  it('goes on after an error, and ends when its signal is aborted', async () => {
    const ended = new AbortController();
    const failures = [new Error('no connection'), new Error('still none')];
    const onError = vi.fn();
    const take = async () => {
      const error = failures.shift();
      if (error !== undefined) throw error;
      ended.abort();
      return null;
    };
    const relay = createRelay({
      outbox: { take },
      tidings: { publishBatch: async () => [] },
      idleMs: 1,
      onError,
    });
    await relay.run(ended.signal);
    expect(onError.mock.calls.map(([error]) => (error as Error).message)).toEqual([
      'no connection',
      'still none',
    ]);
  });

  it.each<[string, Record<string, unknown>]>([
    ["the argument of createRelay has no 'client': did you mean 'tidings'?", { client: {} }],
    ['outbox.take must be a function', { outbox: undefined }],
    ['tidings.publishBatch must be a function', { tidings: {} }],
    ['batchSize must be a whole number from 1 to 1000', { batchSize: 0 }],
    ['idleMs must be a whole number from 1 to 3600000', { idleMs: Number.NaN }],
    ['leaseSeconds must be a whole number from 1 to 3600', { leaseSeconds: 0.5 }],
    ['onError must be a function', { onError: 1 }],
  ])('cannot be created with invalid options: %s', (message, more) => {
    const options: RelayOptions = { outbox: anOutbox([]), tidings: { publishBatch: async () => [] } };
    expect(() => createRelay({ ...options, ...more })).toThrow(message);
  });
});

describe('an outbox', () => {
  it.each<[string, unknown]>([
    ['pool.connect must be a function', {}],
    ["the argument of postgresOutbox has no 'client': did you mean 'pool'?", { client: {} }],
    [`table must be name or schema.name, of letters, digits and _, got 'a"b'`, { table: 'a"b' }],
    ['table must be name or schema.name', { table: 'a.b.c' }],
  ])('cannot be created in PostgreSQL with invalid options: %s', (message, more) => {
    const connect = async (): Promise<never> => Promise.reject(new Error('unused'));
    const options = message.startsWith('pool') ? {} : { pool: { connect }, ...(more as object) };
    expect(() => postgresOutbox(options as Anything)).toThrow(message);
  });

  it.each<[string, unknown]>([
    ['collection.findOneAndUpdate must be a function', {}],
    ["the argument of mongoOutbox has no 'events': did you mean 'collection'?", { events: {} }],
  ])('cannot be created in MongoDB with invalid options: %s', (message, options) => {
    expect(() => mongoOutbox(options as Anything)).toThrow(message);
  });
});
