import { once } from 'node:events';
import { connect } from 'node:net';
import { encodeAccess, encodeEvent, newEventId, topics, workspaceId } from '@tidings/contracts';
import { eventually, publishTestKey } from '@tidings/testing';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { newBacking, startHere, stopAll } from '../../test/in-memory-history.ts';
import { openTestStream } from '../../test/stream/stream-client.ts';

afterEach(stopAll);

const adminKey = 'an-admin-key-for-tests';
const acmeKey = 'a-key-of-acme-for-tests';
const path = '/v1/webhooks/stream';

const start = async (backing = newBacking()) => {
  const service = await startHere(backing, { HISTORY_REQUESTS_PER_SECOND: '0' });
  const producer = await backing.bus.producer();
  /** Publishes events and returns the id of the last one. */
  const publish = async ({ count = 1 } = {}) => {
    const records = Array.from({ length: count }, () => {
      const event = {
        ...{ id: newEventId(Date.now()), callerId: 'c'.repeat(200), consumerId: null, orderingKey: 'one' },
        ...{ workspaceId: workspaceId('ws_demo'), eventType: 'order.paid', source: 'shop' },
        ...{ time: '2026-11-22T10:00:00Z', traceparent: null, data: Buffer.from('{}') },
      };
      return { id: event.id, topic: topics.events, ...encodeEvent(event, { isRepeatable: true }) };
    });
    await producer.publishAll(records);
    return records.at(-1)?.id;
  };
  const ticketOf = async (key: string) => {
    const { status, body } = await service.callAt('/v1/webhooks/stream-tickets', 'POST', { key });
    expect(status).toBe(201);
    return String(body['ticket']);
  };
  return { ...service, producer, publish, ticketOf };
};

function aSocket(url: string, query = '', headers: Record<string, string> = {}) {
  const client = new WebSocket(`${url.replace('http', 'ws')}${path}${query}`, { headers });
  onTestFinished(() => client.terminate());
  const frames: { event: string; id: string | null; data: Record<string, unknown> }[] = [];
  client.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString()) as never));
  client.on('error', () => {});
  const eventIds = () => frames.filter(({ event }) => event === 'event').map(({ data }) => data['event_id']);
  return { client, frames, eventIds };
}

describe('a WebSocket', () => {
  it('receives the same messages, and resumes by `last_event_id`', async () => {
    const { url, publish } = await start();
    const headers = { authorization: `Bearer ${adminKey}` };
    const first = aSocket(url, '?types=order.*', headers);
    await eventually(() => expect(first.frames[0]?.event).toBe('ready'));
    const ids = [await publish(), await publish(), await publish()];
    await eventually(() => expect(first.eventIds()).toEqual(ids));
    first.client.terminate();
    const missed = await publish();
    const second = aSocket(url, `?last_event_id=${first.frames[2]?.id}`, headers);
    await eventually(() => expect(second.eventIds()).toEqual([ids[2], missed]));
  });

  it('is refused without a key, before it is opened', async () => {
    const { url } = await start();
    const { client } = aSocket(url, '', { authorization: 'Bearer nobody' });
    const [, response] = (await once(client, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(response.statusCode).toBe(401);
  });
});

describe('a ticket', () => {
  it('opens one stream with the scope of its key, without a header', async () => {
    const { url, publish, ticketOf } = await start();
    const ticket = await ticketOf(acmeKey);
    const { client, eventIds, frames } = aSocket(url, `?ticket=${ticket}&types=order.*`);
    await eventually(() => expect(frames[0]?.event).toBe('ready'));
    const id = await publish();
    await eventually(() => expect(eventIds()).toEqual([id]));
    client.terminate();
    expect((await openTestStream(url, { query: `?ticket=${ticket}` })).response.status).toBe(401);
    const another = await openTestStream(url, { query: `?ticket=${await ticketOf(adminKey)}` });
    expect(another.response.status).toBe(200);
  });

  it.each(['', 'nothing', 'v1.test.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA.AAAA', 'a&ticket=b'])(
    'is refused if it is none: %j',
    async (ticket) => {
      const { url } = await start();
      expect((await openTestStream(url, { query: `?ticket=${ticket}` })).response.status).toBe(401);
    },
  );

  it('is accepted by no other route, and appears in no log', async () => {
    const { url, ticketOf, logger } = await start();
    const ticket = await ticketOf(adminKey);
    const refused = await fetch(`${url}/v1/webhooks/deliveries?ticket=${ticket}`);
    expect(refused.status).toBe(401);
    const stream = await openTestStream(url, { query: `?ticket=${ticket}` });
    expect(stream.response.status).toBe(200);
    await openTestStream(url, { query: `?ticket=${ticket}&kinds=no` });
    expect(JSON.stringify(logger.lines)).not.toContain(ticket.slice(10, 40));
  });

  it('opens one stream of all instances, whichever is asked at once', async () => {
    const backing = newBacking();
    const one = await start(backing);
    const other = await start(backing);
    const query = `?ticket=${await one.ticketOf(adminKey)}`;
    const opened = await Promise.all(
      [one, other, one, other].map(async ({ url }) => openTestStream(url, { query })),
    );
    expect(opened.map(({ response }) => response.status).toSorted()).toEqual([200, 401, 401, 401]);
    expect((await openTestStream(other.url, { query })).response.status).toBe(401);
  });

  it('is accepted by another instance, and ends with its key', async () => {
    const backing = newBacking();
    const one = await start(backing);
    const other = await start(backing);
    const stream = await openTestStream(other.url, { query: `?ticket=${await one.ticketOf(acmeKey)}` });
    expect(stream.response.status).toBe(200);
    await revoke(one.producer);
    await eventually(() => expect(stream.frames.at(-1)?.data['reason']).toBe('revoked'));
    await eventually(() => expect(stream.isEnded()).toBe(true));
  });
});

/** Revokes the key of acme. */
async function revoke(producer: Awaited<ReturnType<typeof start>>['producer']): Promise<void> {
  const published: Parameters<typeof producer.publishAll>[0][number][] = [];
  const recording = { publishAll: async (records: typeof published) => void published.push(...records) };
  const scopes = ['deliveries:read'] as const;
  const key = { key: acmeKey, workspaceId: 'ws_demo', consumerId: 'acme', scopes };
  await publishTestKey(recording as never, key);
  const record = JSON.parse(published[1]?.value?.toString() ?? '') as Parameters<typeof encodeAccess>[0];
  const revoked = { ...record, version: 2, state: 'revoked' } as typeof record;
  await producer.publish({ topic: topics.access, ...encodeAccess(revoked) });
}

describe('the connection of a stream', () => {
  it('answers HEAD without opening a stream', async () => {
    const { url } = await start();
    const headers = { authorization: `Bearer ${adminKey}` };
    const response = await fetch(`${url}${path}`, { method: 'HEAD', headers });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(await response.text()).toBe('');
  });

  it('is closed with a reason and a retry hint when the server stops', async () => {
    const { url, stop } = await start();
    const headers = { authorization: `Bearer ${adminKey}` };
    const stream = await openTestStream(url, { key: adminKey });
    const { client, frames } = aSocket(url, '', headers);
    await eventually(() => expect([frames.length, stream.frames.length]).toEqual([1, 1]));
    const closed = once(client, 'close') as Promise<[number]>;
    await stop();
    expect((await closed)[0]).toBe(1012);
    await eventually(() => expect(stream.isEnded()).toBe(true));
    for (const last of [frames.at(-1), stream.frames.at(-1)]) {
      expect(last).toMatchObject({ event: 'closing', id: null, data: { reason: 'stopping' } });
    }
  });

  it('is closed, with the reason, if its reader does not read, while others go on', async () => {
    const { url, publish } = await start();
    const quick = await openTestStream(url, { key: adminKey });
    await eventually(() => expect(quick.frames).toHaveLength(1));
    const slow = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
    onTestFinished(() => void slow.destroy());
    slow.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminKey}\r\n\r\n`);
    let isClosed = false;
    slow.once('close', () => {
      isClosed = true;
    });
    slow.on('error', () => {});
    const metrics = async () => (await fetch(`${url}/metrics`)).text();
    await eventually(async () => expect(await metrics()).toMatch(/open_streams\{[^}]*\} 2/));
    let total = 0;
    // More than its window and the buffers of the kernel hold.
    const isDropped = async () => /streams_ended_total\{[^}]*slow-reader/.test(await metrics());
    for (let round = 0; round < 30 && !(await isDropped()); round += 1) {
      await publish({ count: 1_000 });
      total += 1_000;
      await eventually(() => expect(quick.messages()).toHaveLength(total));
    }
    expect(await isDropped()).toBe(true);
    const last = await publish();
    await eventually(() => expect(quick.messages()).toHaveLength(total + 1));
    let told = '';
    slow.setEncoding('utf8').on('data', (chunk: string) => {
      told += chunk;
    });
    // It reads the rest and the reason, or was cut when it had not begun to read in time.
    await eventually(() => expect(isClosed || told.includes('"reason":"slow-reader"')).toBe(true));
    expect(told).not.toContain(last);
    expect(quick.isEnded()).toBe(false);
  }, 60_000);
});
