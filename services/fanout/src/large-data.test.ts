import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type EventAccepted, type LargePayloads, largeDataKey, subscriptionId } from '@tidings/contracts';
import { compileFilter } from '@tidings/filters';
import { AppError } from '@tidings/runtime';
import { describe, expect, it } from 'vitest';
import { anEvent, aSubscription, commandsOf } from '../test/builders.ts';
import { fingerprintOf } from './domain/dedupe-window.ts';
import { DedupeWindows } from './domain/dedupe-windows.ts';
import { MatchIndex } from './domain/match-index.ts';
import { handleEventAccepted } from './handle-event-accepted.ts';
import { createLoadData, maxFilteredBytes, withData } from './large-data.ts';
import { matchEvent, needsData } from './match-event.ts';

const data = Buffer.from(JSON.stringify({ total: 12, text: 'x'.repeat(2_000) }));
const sha256 = createHash('sha256').update(data).digest('hex');
const large = { bytes: data.length, sha256 };
const event = anEvent(1, { large, data: Buffer.alloc(0) });
const bounds = { windowMs: 600_000, maxRecords: 1_000 };

const storageWith = (objects: ReadonlyMap<string, Buffer>) => {
  let running = 0;
  const storage = {
    reads: 0,
    most: 0,
    get: async (key: string) => {
      storage.reads += 1;
      running += 1;
      storage.most = Math.max(storage.most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      const found = objects.get(key);
      const object = { key, bytes: found?.length ?? 0, modifiedAtMs: 0 };
      return found === undefined ? null : { object, body: Readable.from([found]) };
    },
  };
  return storage;
};
const stored = (bytes = data) =>
  storageWith(new Map([[largeDataKey({ ...event, eventId: event.id, sha256 }), bytes]]));

const given = (
  filters: readonly (Record<string, unknown> | null)[],
  { storage = stored(), form }: { storage?: ReturnType<typeof storageWith>; form?: LargePayloads } = {},
) => {
  const index = new MatchIndex(compileFilter);
  for (const [n, filter] of filters.entries())
    index.put(
      aSubscription({
        id: subscriptionId(`sub_${n}`),
        filters: filter,
        ...(form && { largePayloads: form }),
      }),
    );
  const parts = { index, maxDataBytes: 1_000, childTraceparent: () => 'p' };
  const load = createLoadData(storage);
  const handle = async (one: EventAccepted = event) => {
    const isNeeded = needsData(one, index.candidates(one));
    const logged = await withData({ event: one, offset: 1, timestampMs: 1 }, isNeeded, load);
    return handleEventAccepted(parts, logged, new DedupeWindows({ published: bounds, received: bounds }));
  };
  return { handle, storage, index };
};

describe('an event whose data are in the object storage', () => {
  it('is matched by its type without reading them, and its commands name them', async () => {
    const { handle, storage } = given([null]);
    const result = await handle();
    expect(commandsOf(result)).toMatchObject([{ state: { large } }]);
    expect(storage.reads).toBe(0);
  });

  it('is matched by filters of its data, which are read once for all', async () => {
    const { handle, storage } = given([{ total: 12 }, { total: 13 }, { $not: { total: 12 } }]);
    const result = await handle();
    expect(result).toMatchObject({
      outcome: 'fanned-out',
      matched: [{ id: 'sub_0' }],
    });
    expect(storage.reads).toBe(1);
    const [command] = commandsOf(result);
    expect(command?.state.large).toEqual({ ...large, at: expect.any(Number) as number });
    expect(command?.body.length).toBeLessThan(400);
  });

  it.each([
    ['are gone', storageWith(new Map()), 'not in the object storage'],
    ['are others', stored(Buffer.from('{"total":12}')), 'not those that were accepted'],
  ])('becomes a dead letter if its data %s and a filter needs them', async (_name, storage, detail) => {
    const { handle } = given([{ total: 12 }], { storage });
    const expected = { reason: 'undecodable', detail: expect.stringContaining(detail) as string };
    expect(await handle()).toMatchObject({ outcome: 'poison', ...expected });
  });

  it('waits while the storage is away', async () => {
    const away = new AppError({ code: 'unavailable', message: 'away' });
    const storage = { ...stored(), get: async () => Promise.reject(away) };
    await expect(given([{ total: 12 }], { storage }).handle()).rejects.toBe(away);
  });

  it('becomes a dead letter of each subscription with a filter if no filter can evaluate it, and reaches the others', async () => {
    const { handle, storage } = given([{ total: 12 }, null, { $not: { total: 12 } }]);
    const most = { ...event, large: { bytes: maxFilteredBytes + 1, sha256 } };
    const result = await handle(most);
    expect(result).toMatchObject({
      outcome: 'fanned-out',
      matched: [{ id: 'sub_1' }],
      notFiltered: [{ id: 'sub_0' }, { id: 'sub_2' }],
    });
    expect(storage.reads).toBe(0);
    await handle({ ...event, large: { bytes: maxFilteredBytes, sha256 } });
    expect(storage.reads).toBe(1);
  });

  it('is left out of a replay that would have to filter it', async () => {
    const { index, storage } = given([{ total: 12 }, null]);
    const most = { ...event, large: { bytes: maxFilteredBytes + 1, sha256 } };
    const logged = { event: most, offset: 1, timestampMs: 1 };
    const candidates = index.candidates(most);
    expect(needsData(most, candidates)).toBe(false);
    const match = matchEvent(logged, candidates, { maxDataBytes: 1_000, filter: () => true });
    expect(match).toMatchObject({ ok: true, matched: [], notFiltered: [{ id: 'sub_0' }, { id: 'sub_1' }] });
    expect(storage.reads).toBe(0);
  });

  it('is sent as a reference, or not at all, where the subscription says so', async () => {
    const { handle } = given([null], { form: 'reference' });
    const [command] = commandsOf(await handle());
    expect(command?.state).not.toHaveProperty('large');
    expect(JSON.parse(String(command?.body))).toMatchObject({ databytes: large.bytes });
    expect(await given([null], { form: 'skip' }).handle()).toMatchObject({ outcome: 'unmatched' });
    const small = anEvent(2);
    expect(await given([null], { form: 'skip' }).handle(small)).toMatchObject({ outcome: 'fanned-out' });
  });

  it('is the same as its repeat with the data in the record, and another than with other data', () => {
    const { large: _large, ...inRecord } = event;
    expect(fingerprintOf(event)).toEqual(fingerprintOf({ ...inRecord, data }));
    expect(fingerprintOf(event)).not.toEqual(
      fingerprintOf({ ...event, large: { ...large, sha256: 'b'.repeat(64) } }),
    );
  });

  it('is loaded one after the other, so that memory holds one', async () => {
    const storage = stored();
    const load = createLoadData(storage);
    await Promise.all([load(event), load(event), load(event)]);
    expect([storage.reads, storage.most]).toEqual([3, 1]);
  });

  it('is given up after a time if the storage says nothing, and holds up no other event for longer', async () => {
    const found = stored();
    let asked = 0;
    const get = async (key: string) => {
      asked += 1;
      return asked === 1 ? new Promise<never>(() => {}) : found.get(key);
    };
    const load = createLoadData({ get }, 500);
    const first = load(event);
    const second = load(event);
    await expect(first).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    await expect(second).resolves.toMatchObject({ ok: true, data });
  });
});
