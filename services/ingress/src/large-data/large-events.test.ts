import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { decodeEvent, type EventId, largeDataKey, topics, workspaceId } from '@tidings/contracts';
import type { OutgoingRecord } from '@tidings/kafka';
import { createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { openStorage, storageSettings } from '@tidings/object-storage';
import { loadConfig } from '@tidings/runtime';
import { eventually, publishTestKey } from '@tidings/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { anEventType, startWithTypes } from '../../test/ingress-with-types.ts';
import { adminKey, startMemoryIngress } from '../../test/memory-ingress.ts';
import { UploadSlots } from './upload-slots.ts';

const data = JSON.stringify({ n: 1.5, text: randomBytes(600_000).toString('base64') }).replace('1.5', '1.50');
const sha256 = createHash('sha256').update(data).digest('hex');
const event = (over = '', value = data): string => `{"type":"order.paid", "data": ${value} ${over}}`;

const start = async (env: Record<string, string> = {}, bus?: MemoryBus) => {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-large-'));
  onTestFinished(async () => rm(folder, { recursive: true, force: true }));
  const settings = { OBJECT_STORAGE_FOLDER: folder, INGRESS_MAX_LARGE_EVENT_BYTES: '2000000', ...env };
  const ingress = await startMemoryIngress(settings, bus);
  const storage = openStorage(loadConfig(storageSettings, settings));
  const objects = async () => {
    const keys: string[] = [];
    for await (const { key } of storage.list('')) keys.push(key);
    return keys;
  };
  const unfinished = async () => readdir(join(folder, 'unfinished')).catch(() => []);
  return { ...ingress, folder, storage, objects, unfinished };
};

const keyOf = (id: string): string =>
  largeDataKey({ workspaceId: workspaceId('ws_demo'), eventId: id as EventId, sha256 });

describe('an event above the size of a record', () => {
  it.each([
    ['before its other fields', event(',"id":"mine"')],
    ['after them', `{"id":"mine","type":"order.paid","data":${data}}`],
  ])(
    'has its data, %s, in the object storage byte for byte, and their size and hash in the log',
    async (_name, body) => {
      const { post, logged, storage, unfinished } = await start();
      const answer = await post('/v1/events', body);
      expect(answer.status).toBe(202);
      const [only] = logged();
      expect(only?.record.value).toHaveLength(0);
      expect(only?.event).toMatchObject({ callerId: 'mine', large: { bytes: data.length, sha256 } });
      expect(only?.record.headers).toMatchObject({
        ce_dataref: `/v1/webhooks/events/${only?.event.id}/data`,
        ce_datasha256: sha256,
      });
      const stored = await storage.get(keyOf(only?.event.id ?? ''));
      expect(stored && (await buffer(stored.body)).toString()).toBe(data);
      expect(await unfinished()).toEqual([]);
    },
  );

  it('is one object and one event for each repeat', async () => {
    const { post, logged, objects } = await start();
    for (const _ of [1, 2]) expect((await post('/v1/events', event(',"id":"a"'))).status).toBe(202);
    expect(new Set(logged().map((one) => one.event.id)).size).toBe(1);
    expect(await objects()).toHaveLength(1);
  });

  it.each([
    ['is not JSON', event().replace('"text"', '"text'), 400, 'at byte'],
    ['has an unknown field', event(',"extra":1'), 422, 'extra'],
    ['has its data twice', event(',"data":1'), 422, 'more than once'],
    ['has no type', `{"data":${data}}`, 422, 'type'],
    ['has another large field', `{"type":"a","id":"${'x'.repeat(400_000)}","data":1}`, 413, '65536'],
    ['is above the limit', event('', `"${'x'.repeat(2_100_000)}"`), 413, '2000000'],
    [
      'nests too deep',
      event(`,"x":1`, `[${'['.repeat(200)}${']'.repeat(200)},"${'x'.repeat(300_000)}"]`),
      400,
      '128',
    ],
  ])('that %s is refused and leaves nothing', async (...[, body, status, detail]) => {
    const { post, logged, objects, unfinished } = await start();
    const answer = await post('/v1/events', body);
    expect([answer.status, JSON.stringify(answer.body)]).toEqual([status, expect.stringContaining(detail)]);
    expect(logged()).toEqual([]);
    expect(await objects()).toEqual([]);
    expect(await unfinished()).toEqual([]);
  });

  it('is refused as before where no limit allows it', async () => {
    const { post } = await start({ INGRESS_MAX_LARGE_EVENT_BYTES: '0' });
    const answer = await post('/v1/events', event());
    expect([answer.status, answer.body]).toMatchObject([
      413,
      { detail: expect.stringContaining('262144') as unknown },
    ]);
  });

  it('leaves nothing if its sender goes away', async () => {
    const { url, logged, objects, unfinished } = await start();
    const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
    const sending = request(`${url}/v1/events`, { method: 'POST', headers });
    sending.on('error', () => {});
    sending.write(event().slice(0, 500_000));
    await eventually(async () => expect(await unfinished()).toHaveLength(1));
    sending.destroy();
    await eventually(async () => expect(await unfinished()).toEqual([]));
    expect([logged(), await objects()]).toEqual([[], []]);
  });

  it('gets 503 with Retry-After while the storage does not take it, and small ones are accepted', async () => {
    const { post, folder, logged } = await start();
    await rm(folder, { recursive: true });
    await writeFile(folder, 'no folder');
    const answer = await post('/v1/events', event());
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(answer.body).toMatchObject({ detail: expect.stringContaining('nothing was written') as unknown });
    expect((await post('/v1/events', '{"type":"a","data":1}')).status).toBe(202);
    expect(logged()).toHaveLength(1);
  });

  it('keeps its data if the log does not acknowledge it: it may be there', async () => {
    const bus = createMemoryBus();
    const producer = await bus.producer();
    const isLost = (record: OutgoingRecord): boolean => record.topic === topics.events;
    const away: MemoryBus['producer'] = async () => ({
      publish: async (record, options) => {
        const position = await producer.publish(record, options);
        if (isLost(record)) throw new Error('the acknowledgement is lost');
        return position;
      },
      publishAll: async (records, options) => {
        const positions = await producer.publishAll(records, options);
        if (records.some(isLost)) throw new Error('the acknowledgement is lost');
        return positions;
      },
      whenWritable: async () => producer.whenWritable(),
      close: async () => producer.close(),
    });
    const { post, objects } = await start({}, { ...bus, producer: away });
    expect((await post('/v1/events', event())).status).toBeGreaterThanOrEqual(500);
    const ids = bus.records(topics.events).map((record) => decodeEvent(record).id);
    expect(await objects()).toEqual(ids.map(keyOf));
  });
});

describe('the maximum of a key', () => {
  const headers = { authorization: 'Bearer a-key-with-a-maximum' };
  const startWithKey = async (maxPayloadBytes: number) => {
    const bus = createMemoryBus();
    const key = { key: 'a-key-with-a-maximum', workspaceId: 'ws_demo', maxPayloadBytes };
    await publishTestKey(await bus.producer(), key);
    return start({}, bus);
  };

  it('holds for each event, alone, in a batch and as a line, whatever the installation allows', async () => {
    const { post, logged } = await startWithKey(2_000);
    const small = '{"type":"order.paid","data":1}';
    const larger = `{"type":"order.paid","data":"${'x'.repeat(2_000)}"}`;
    expect((await post('/v1/events', small, headers)).status).toBe(202);
    const alone = await post('/v1/events', larger, headers);
    expect([alone.status, alone.body]).toMatchObject([
      413,
      { detail: expect.stringContaining('2000') as unknown },
    ]);
    const batch = await post('/v1/events/batch', `{"events":[${small},${larger}]}`, headers);
    expect(batch.body).toMatchObject({ results: [{ status: 202 }, { status: 413 }] });
    const ndjson = { ...headers, 'content-type': 'application/x-ndjson' };
    const lines = await post('/v1/events/batch', `${small}\n${larger}\n`, ndjson);
    expect(lines.body).toMatchObject({ accepted: 1, results: [{ status: 413 }] });
    expect(logged()).toHaveLength(3);
    // Another key has the maximum of the installation.
    expect((await post('/v1/events', event())).status).toBe(202);
  });

  it('above that of the installation allows no more', async () => {
    const { post } = await startWithKey(20_000_000);
    expect((await post('/v1/events', event(), headers)).status).toBe(202);
    expect((await post('/v1/events', event('', `"${'x'.repeat(2_100_000)}"`), headers)).status).toBe(413);
  });
});

describe('an event whose type has a schema', () => {
  const large = { INGRESS_MAX_LARGE_EVENT_BYTES: '2000000' };

  it('is refused if it is too large to be validated and the type enforces it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tidings-large-'));
    onTestFinished(async () => rm(folder, { recursive: true, force: true }));
    const types = [anEventType(), anEventType({ name: 'order.warns', mode: 'warn' })];
    const env = { ...large, OBJECT_STORAGE_FOLDER: folder };
    const { post } = await startWithTypes(types, createMemoryBus(), { env });
    const pointer = expect.objectContaining({ pointer: '/data' }) as unknown;
    expect(await post(event())).toMatchObject({ status: 422, body: { errors: [pointer] } });
    const warned = event().replace('order.paid', 'order.warns');
    expect(await post(warned)).toMatchObject({ status: 202, body: { warnings: [pointer] } });
  });
});

it('uploads at once are limited by workspace and in all', () => {
  const slots = new UploadSlots({ workspace: 2, all: 3 });
  const [a, b, c] = ['a', 'b', 'c'].map(workspaceId) as [never, never, never];
  const release = slots.take(a);
  slots.take(a);
  expect(() => slots.take(a)).toThrow(expect.objectContaining({ code: 'rate-limited', retryAfterMs: 2_000 }));
  slots.take(b);
  expect(() => slots.take(c)).toThrow(expect.objectContaining({ code: 'unavailable', retryAfterMs: 2_000 }));
  release();
  expect(slots.taken).toBe(2);
  slots.take(c);
});
