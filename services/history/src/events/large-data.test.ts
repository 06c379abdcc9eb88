import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  consumerId,
  type EventAccepted,
  encodeEvent,
  largeDataKey,
  newEventId,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { openStorage, type StoredObject, storageSettings } from '@tidings/object-storage';
import { loadConfig } from '@tidings/runtime';
import { eventually } from '@tidings/testing';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { acmeKey, isDone, newBacking, startHere, stopAll } from '../../test/in-memory-history.ts';
import { anEventOf } from '../../test/retries/retry-harness.ts';
import { collectLargeData } from './large-data.ts';

afterEach(stopAll);

const data = { text: 'x'.repeat(300_000) };
const bytes = Buffer.from(JSON.stringify(data));
const sha256 = createHash('sha256').update(bytes).digest('hex');

const start = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-large-'));
  onTestFinished(async () => rm(folder, { recursive: true, force: true }));
  const env = { OBJECT_STORAGE_FOLDER: folder };
  const storage = openStorage(loadConfig(storageSettings, env));
  const service = await startHere(newBacking(), env);
  const id = newEventId(Date.now());
  const key = largeDataKey({ workspaceId: workspaceId('ws_demo'), eventId: id, sha256 });
  const accept = async (over: Partial<EventAccepted> = {}) => {
    const staged = await storage.stage();
    await staged.write(bytes);
    await staged.finish(key);
    await write(anEventOf(id, { large: { bytes: bytes.length, sha256 }, data: Buffer.alloc(0), ...over }));
  };
  const acceptSmall = async (text: string) => write(anEventOf(id, { data: Buffer.from(text) }));
  const write = async (event: EventAccepted) => {
    await service.publish({ topic: topics.events, ...encodeEvent(event, { isRepeatable: true }) });
    await eventually(() => expect(service.events.all().map((one) => one.id)).toContain(id));
  };
  const get = async (below = '', apiKey?: string) =>
    service.callAt(`/v1/webhooks/events/${id}${below}`, 'GET', apiKey === undefined ? {} : { key: apiKey });
  return { ...service, storage, id, key, accept, acceptSmall, get };
};

it('data in the object storage are shown by size and hash, and read alone by whoever may read the event', async () => {
  const { accept, get, id } = await start();
  await accept({ consumerId: consumerId('other') });
  expect((await get()).body).toMatchObject({
    size_bytes: bytes.length,
    data: null,
    data_status: 'stored',
    data_encoding: null,
    data_url: `/v1/webhooks/events/${id}/data`,
    data_sha256: sha256,
  });
  expect((await get('/data')).body).toEqual(data);
  expect((await get('/data', acmeKey)).status).toBe(404);
});

it('data of any event can be read alone, and data that are gone are not found', async () => {
  const { acceptSmall, get } = await start();
  await acceptSmall('{"n":1.0}');
  expect((await get()).body).toMatchObject({ data_status: 'available', data_url: null, data_sha256: null });
  expect((await get('/data')).body).toEqual({ n: 1 });
  const large = await start();
  await large.accept();
  await large.storage.delete(large.key);
  expect(await large.get('/data')).toMatchObject({
    status: 404,
    body: { detail: expect.stringContaining('not in the object storage') as unknown },
  });
});

it('an erasure removes the data from the object storage', async () => {
  const service = await start();
  const { accept, get, storage, id, key } = service;
  await accept();
  const { body } = await service.callAt('/v1/webhooks/erasures', 'POST', { body: { event_id: id } });
  await isDone(service, body['id']);
  expect(await storage.head(key)).toBeNull();
  expect((await get()).body).toMatchObject({ data_status: 'erased', data_url: null, data_sha256: null });
  expect((await get('/data')).status).toBe(404);
});

it('data are collected a day after the last delivery that could need them, whether or not there is an event', async () => {
  const dayMs = 86_400_000;
  const nowMs = 1_000 * dayMs;
  const ages = {
    'payloads/a/evt/1': 38.5,
    'payloads/a/evt/2': 37.5,
    'payloads/long/evt/3': 97.5,
    'payloads/long/evt/4': 98.5,
    // It was in the list when a dead letter made it young again.
    'payloads/a/evt/5': 38.5,
  };
  const objects = new Map<string, StoredObject>(
    Object.entries(ages).map(([key, days]) => [key, { key, bytes: 1, modifiedAtMs: nowMs - days * dayMs }]),
  );
  const removedStaged: number[] = [];
  const storage = {
    list: async function* () {
      const listed = [...objects.values()];
      const key = 'payloads/a/evt/5';
      objects.set(key, { key, bytes: 1, modifiedAtMs: nowMs });
      yield* listed;
    },
    head: async (key: string) => objects.get(key) ?? null,
    delete: async (key: string) => void objects.delete(key),
    removeStaged: async (beforeMs: number) => void removedStaged.push(beforeMs),
  };
  const retention = {
    ready: async () => {},
    lengthMs: (workspace: string | null, installationMs: number) =>
      workspace === 'long' ? 90 * dayMs : installationMs,
  };
  const parts = { storage, retention, deadLetterRetentionMs: 7 * dayMs };
  expect(await collectLargeData(parts, nowMs)).toBe(2);
  expect([...objects.keys()]).toEqual(['payloads/a/evt/2', 'payloads/long/evt/3', 'payloads/a/evt/5']);
  expect(removedStaged).toEqual([nowMs - dayMs]);
});
