import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  consumerId,
  decodeEvent,
  deliveryId,
  encodeAudit,
  encodeEvent,
  newEventId,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { eventually, publishTestKey } from '@tidings/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anAuditEntry } from '../../test/audit/audit-store-contract.ts';
import { acmeKey, newBacking, startHere, stopAll } from '../../test/in-memory-history.ts';

const path = '/v1/webhooks/exports';
const readKey = 'a-key-that-reads-deliveries';
const strangerKey = 'a-key-of-another-workspace';

type Export = Readonly<{
  export_id: string;
  status: string;
  download_url: string | null;
  total_records: number | null;
  error: string | null;
}>;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidings-exports-'));
});
afterEach(async () => {
  // The service stops first: it may still write a file.
  await stopAll();
  await rm(folder, { recursive: true, force: true });
});

const start = async () => {
  const service = await startHere(newBacking(), { OBJECT_STORAGE_FOLDER: folder });
  const producer = await service.bus.producer();
  await publishTestKey(producer, { key: readKey, workspaceId: 'ws_demo', scopes: ['deliveries:read'] });
  await publishTestKey(producer, { key: strangerKey, workspaceId: 'ws_other', scopes: ['admin'] });
  await eventually(async () => {
    for (const key of [readKey, strangerKey]) {
      expect((await service.callAt(path, 'GET', { key })).status).toBe(200);
    }
  });
  const ask = async (body: object, key?: string) =>
    service.callAt(path, 'POST', { body, ...(key === undefined ? {} : { key }) });
  const read = async (id: string, key?: string) =>
    service.callAt(`${path}/${id}`, 'GET', key === undefined ? {} : { key });
  const ready = async (id: string, key?: string): Promise<Export> =>
    eventually(async () => {
      const { body } = await read(id, key);
      expect(body['status']).toBe('ready');
      return body as Export;
    });
  const exported = async (body: object, key?: string): Promise<Export> => {
    const asked = await ask(body, key);
    expect(asked).toMatchObject({ status: 202, body: { download_url: null } });
    return ready(String(asked.body['export_id']), key);
  };
  const download = async ({ download_url }: Export) => fetch(`${service.url}${download_url}`);
  const textOf = async (found: Export) => (await download(found)).text();
  const deliver = async (count: number) => {
    for (let n = 1; n <= count; n += 1) {
      await service.attempt({ consumerId: n % 2 === 0 ? consumerId('acme') : null }, n);
    }
    await eventually(() => expect(service.deliveries.all()).toHaveLength(count));
  };
  return { ...service, ask, read, ready, exported, download, textOf, deliver, producer };
};

const linesOf = (text: string): readonly string[] => text.split(/\r?\n/).filter((line) => line !== '');

describe('exports', () => {
  it('of deliveries and attempts have what the lists show, for each key its own', async () => {
    const { exported, textOf, deliver, callAt } = await start();
    await deliver(4);
    const all = await exported({ of: 'deliveries', format: 'ndjson' });
    expect(all).toMatchObject({ total_records: 4, progress: { total: 4, done: 4, percent: 100 } });
    const { body } = await callAt('/v1/webhooks/deliveries', 'GET');
    expect(linesOf(await textOf(all)).map((line) => JSON.parse(line) as object)).toEqual(body['data']);
    const own = await exported({ of: 'attempts', format: 'ndjson' }, acmeKey);
    const attempts = linesOf(await textOf(own)).map((line) => JSON.parse(line) as object);
    expect(attempts).toHaveLength(2);
    expect(attempts).toMatchObject([{ consumer_id: 'acme', attempt: 1 }, { consumer_id: 'acme' }]);
    const filtered = await exported({ of: 'deliveries', format: 'csv', filter: { status: 'dead_lettered' } });
    expect(linesOf(await textOf(filtered))).toHaveLength(1);
  });

  it('of events have their data as received, digit for digit, and only what the key sees', async () => {
    const { exported, textOf, publish, events } = await start();
    const texts = ['{ "n": 9007199254740993,\n  "t": "=1" }', '-1'];
    for (const [at, text] of texts.entries()) {
      const consumer = at === 0 ? null : consumerId('globex');
      const event = {
        ...{
          id: newEventId(Date.now()),
          callerId: null,
          workspaceId: workspaceId('ws_demo'),
          consumerId: consumer,
        },
        ...{ eventType: 'order.paid', source: '/orders', time: '2026-11-22T10:00:00Z', orderingKey: null },
        ...{ traceparent: null, data: Buffer.from(text) },
      };
      await publish({ topic: topics.events, ...encodeEvent(event, { isRepeatable: true }) });
    }
    await eventually(() => expect(events.all()).toHaveLength(2));
    const lines = linesOf(await textOf(await exported({ of: 'events', format: 'ndjson' }))).toSorted();
    expect(lines).toHaveLength(2);
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { type: 'order.paid', data_status: 'available', deliveries: { total: 0 } },
      { data_encoding: 'json' },
    ]);
    expect(lines.join()).toContain('"data":{ "n": 9007199254740993,   "t": "=1" }');
    const csv = await textOf(await exported({ of: 'events', format: 'csv', filter: { type: 'order.*' } }));
    expect(csv).toContain('"{ ""n"": 9007199254740993,\n  ""t"": ""=1"" }"');
    expect(csv).toMatch(/,json,'-1,,\r\n/);
    const own = linesOf(await textOf(await exported({ of: 'events', format: 'ndjson' }, acmeKey)));
    expect(own).toHaveLength(1);
    expect(own[0]).toContain('9007199254740993');
  });

  it('by a filter that no index serves have what matches, and know the total at their end', async () => {
    const backing = newBacking();
    const service = await startHere(backing);
    for (const n of [1, 2, 3, 4]) {
      const id = deliveryId(`dlv_${String(n).padStart(32, '0')}`);
      await service.attempt({ deliveryId: id, ...(n % 2 === 0 && { orderingKey: 'even' }) });
    }
    await eventually(() => expect(backing.deliveries.all()).toHaveLength(4));
    const request = { of: 'deliveries', format: 'ndjson', filter: { ordering_key: 'even' } };
    const { body } = await service.callAt('/v1/webhooks/exports', 'POST', { body: request });
    const ready = await eventually(async () => {
      const shown = await service.callAt(`/v1/webhooks/exports/${String(body['export_id'])}`, 'GET');
      expect(shown.body).toMatchObject({ status: 'ready' });
      return shown.body;
    });
    expect(ready).toMatchObject({ total_records: 2, progress: { total: 2, done: 2, percent: 100 } });
  });

  it('have a column for each field of their rows', async () => {
    const { exported, textOf, deliver, deadLetter, stored, subscribe } = await start();
    await subscribe();
    await deliver(2);
    await deadLetter(9);
    await stored(1);
    for (const of of ['deliveries', 'attempts', 'dead_letters']) {
      const [row = ''] = linesOf(await textOf(await exported({ of, format: 'ndjson' })));
      const [header = ''] = linesOf(await textOf(await exported({ of, format: 'csv' })));
      const columns = header.split(',');
      for (const [name, value] of Object.entries(JSON.parse(row) as object)) {
        const isNested = columns.some((column) => column.startsWith(`${name}_`));
        const isObject = typeof value === 'object' && value !== null;
        expect([of, name, columns.includes(name) || (isNested && (isObject || value === null))]).toEqual([
          of,
          name,
          true,
        ]);
      }
    }
  });

  it('send the file as an attachment, and nothing without the right link', async () => {
    const { exported, download, deliver, url } = await start();
    await deliver(1);
    const found = await exported({ of: 'deliveries', format: 'csv', bom: true });
    const response = await download(found);
    expect(response.status).toBe(200);
    const headers = Object.fromEntries(response.headers);
    expect(headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-store',
    });
    expect(headers['content-disposition']).toMatch(
      /^attachment; filename="tidings-deliveries-[\d-]{10}\.csv"$/,
    );
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    expect(headers['content-length']).toBe(String(bytes.length));
    const head = await fetch(`${url}${found.download_url}`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      200,
      String(bytes.length),
      '',
    ]);
    const link = String(found.download_url);
    const [, signature = ''] = link.split('signature=');
    const wrong = [
      link.replace(signature, 'f'.repeat(64)),
      link.replace(/expires=\d+/, `expires=${9_999_999_999}`),
      link.replace(found.export_id, `job_${'0'.repeat(32)}`),
    ];
    for (const other of wrong) expect((await fetch(`${url}${other}`)).status).toBe(404);
    expect((await fetch(`${url}${link.split('?')[0]}`)).status).toBe(400);
  });

  it('do not exist for another workspace, another consumer, or after they are deleted', async () => {
    const { exported, read, callAt, download, deliver, url, deleteAt } = {
      ...(await start()),
      deleteAt: fetch,
    };
    await deliver(2);
    const found = await exported({ of: 'deliveries', format: 'csv' });
    const id = found.export_id;
    for (const key of [strangerKey, acmeKey]) {
      expect((await read(id, key)).status).toBe(404);
      const headers = { authorization: `Bearer ${key}` };
      expect((await deleteAt(`${url}${path}/${id}`, { method: 'DELETE', headers })).status).toBe(404);
      expect((await callAt(path, 'GET', { key })).body['data']).toEqual([]);
    }
    expect((await callAt(path, 'GET')).body['data']).toMatchObject([{ export_id: id }]);
    expect((await download(found)).status).toBe(200);
    const headers = { authorization: `Bearer ${readKey}` };
    expect((await fetch(`${url}${path}/${id}`, { method: 'DELETE', headers })).status).toBe(204);
    expect((await fetch(`${url}${path}/${id}`, { method: 'DELETE', headers })).status).toBe(404);
    expect((await read(id)).status).toBe(404);
    expect((await download(found)).status).toBe(404);
  });

  it('of the audit log need the scope admin, to request, to read and to list', async () => {
    const { exported, ask, read, callAt, textOf, producer } = await start();
    const entries = [anAuditEntry({ id: 'aud_1' }), anAuditEntry({ id: 'aud_2', kind: 'consumer' })];
    await producer.publishAll(entries.map((entry) => ({ topic: topics.audit, ...encodeAudit(entry) })));
    const request = { of: 'audit', format: 'ndjson' };
    expect(await ask(request, readKey)).toMatchObject({ status: 403 });
    const found = await exported(request);
    const rows = linesOf(await textOf(found)).map((line) => JSON.parse(line) as object);
    expect(rows).toMatchObject([
      { id: 'aud_2', kind: 'consumer', actor: { key_id: 'key_1' }, after: { 'a.b': { $set: 2 } } },
      { id: 'aud_1', entity_id: 'sub_1' },
    ]);
    expect((await read(found.export_id, readKey)).status).toBe(404);
    expect((await callAt(path, 'GET', { key: readKey })).body['data']).toEqual([]);
    const some = await exported({ ...request, filter: { kind: 'consumer' } });
    expect(linesOf(await textOf(some))).toHaveLength(1);
  });

  it('refuse a filter that the list would not accept', async () => {
    const { ask } = await start();
    const pointers = async (body: object) => {
      const { status, body: problem } = await ask(body);
      const errors = problem['errors'] as readonly { pointer: string }[] | undefined;
      return [status, errors?.map(({ pointer }) => pointer)];
    };
    const of = (filter: object) => ({ of: 'deliveries', format: 'csv', filter });
    expect(await pointers(of({ status: 'lost' }))).toEqual([422, ['/filter/status']]);
    expect(await pointers(of({ colour: 'red' }))).toEqual([422, ['/filter/colour']]);
    expect(await pointers(of({ limit: '5' }))).toEqual([422, ['/filter/limit']]);
    expect(await pointers(of({ created_after: 'yesterday' }))).toEqual([422, ['/filter/created_after']]);
    expect(await pointers({ of: 'everything', format: 'csv' })).toEqual([422, ['/of']]);
    expect(await pointers({ of: 'audit', format: 'csv', filter: { before: 'soon' } })).toEqual([
      422,
      ['/filter/before'],
    ]);
  });

  it('publish one event for their owner, and are jobs like any other', async () => {
    const { exported, bus, callAt, deliver } = await start();
    await deliver(2);
    const found = await exported({ of: 'deliveries', format: 'csv' }, acmeKey);
    const events = bus.records(topics.events).map((record) => decodeEvent(record));
    expect(events).toMatchObject([
      {
        eventType: 'tidings.export.ready',
        workspaceId: 'ws_demo',
        consumerId: 'acme',
        orderingKey: found.export_id,
      },
    ]);
    const { body } = await callAt(`/v1/webhooks/jobs/${found.export_id}`, 'GET');
    expect(body).toMatchObject({
      kind: 'export',
      state: 'done',
      request: { of: 'deliveries', format: 'csv' },
    });
  });

  it('start once for one Idempotency-Key', async () => {
    const { callAt } = await start();
    const body = { of: 'deliveries', format: 'csv' };
    const headers = { 'idempotency-key': 'export-1' };
    const first = await callAt(path, 'POST', { body, headers });
    const again = await callAt(path, 'POST', { body, headers });
    expect([again.status, again.replayed, again.body]).toEqual([202, 'true', first.body]);
  });
});
