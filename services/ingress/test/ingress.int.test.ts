import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureTopics } from '@tidings/kafka';
import { freePorts, startBrokers } from '@tidings/local-stack';
import { silentLogger } from '@tidings/observability';
import { eventually, sharedBrokers } from '@tidings/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readEvents, startRunningIngress } from './running-ingress.ts';

const limitMs = 5_000;

describe('ingress on a real broker', () => {
  it('writes an accepted event to the log with its CloudEvents headers and the same bytes', async () => {
    const brokers = sharedBrokers();
    const { post, whenReady } = await startRunningIngress(brokers);
    await whenReady();
    const data = '{ "n":9007199254740993,\n "f": 1.0, "e":1e2, "s":"\\u00e9\u2028\\ud800" }';
    const fields =
      '"type":"order.paid","id":"order-1","source":"/orders","time":"2026-11-22T10:00:00Z","consumer_id":"acme","ordering_key":"customer-7"';
    const traceId = 'c'.repeat(32);
    const answer = await post('/v1/events', `{${fields},"data": ${data} }`, {
      traceparent: `00-${traceId}-${'d'.repeat(16)}-01`,
    });
    expect(answer.status).toBe(202);
    const [only, ...more] = await readEvents(brokers, new Set([answer.body.id ?? '']));
    expect(more).toEqual([]);
    expect(only?.record.value?.equals(Buffer.from(data))).toBe(true);
    expect(only?.record.key).toBe('customer-7');
    expect(only?.record.headers).toMatchObject({
      ce_specversion: '1.0',
      ce_id: answer.body.id,
      ce_type: 'order.paid',
      ce_source: '/orders',
      ce_time: '2026-11-22T10:00:00Z',
      ce_workspaceid: 'ws_ingress',
      ce_consumerid: 'acme',
      ce_orderingkey: 'customer-7',
      ce_callerid: 'order-1',
      'content-type': 'application/json',
    });
    expect(only?.record.headers['traceparent']?.split('-')[1]).toBe(traceId);
  });

  it('gives a repeat with the same key the same id in the same partition', async () => {
    const brokers = sharedBrokers();
    const { post, whenReady } = await startRunningIngress(brokers);
    await whenReady();
    const send = () => post('/v1/events', '{"type":"a","data":1}', { 'idempotency-key': '"once"' });
    const [first, second] = [await send(), await send()];
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(first.body.id).toBe(second.body.id);
    const found = await readEvents(brokers, new Set([first.body.id ?? '']));
    expect(found).toHaveLength(2);
    expect(new Set(found.map(({ record }) => record.partition))).toHaveLength(1);
  });

  it('has every accepted event of a batch in the log', async () => {
    const brokers = sharedBrokers();
    const { post, whenReady } = await startRunningIngress(brokers);
    await whenReady();
    const events = Array.from({ length: 1_000 }, (_, i) => `{"type":"a","data": ${i}.0 }`);
    const { status, body } = await post('/v1/events/batch', `{"events":[${events.join(',')}]}`);
    expect(status).toBe(202);
    const ids = body.results?.map(({ id = '' }) => id) ?? [];
    const found = await readEvents(brokers, new Set(ids));
    const data = new Map(found.map(({ event }) => [event.id as string, event.data.toString()]));
    expect(ids.map((id) => data.get(id))).toEqual(events.map((_, i) => `${i}.0`));
  });
});

describe('ingress without a broker', () => {
  const expectUnavailable = async (brokers: readonly string[]) => {
    const { url, post } = await startRunningIngress(brokers, {}, 'nowhere');
    const beganMs = performance.now();
    const [one, batch] = await Promise.all([
      post('/v1/events', '{"type":"a","data":1}'),
      post('/v1/events/batch', '{"events":[{"type":"a","data":1},{"type":"a","data":2}]}'),
    ]);
    expect(performance.now() - beganMs).toBeLessThan(limitMs);
    for (const answer of [one, batch]) {
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(answer.body.detail).toMatch(/nothing was written/);
    }
    expect((await fetch(`${url}/ready`)).status).toBe(503);
    expect((await fetch(`${url}/live`)).status).toBe(200);
  };

  it('responds 503 within 5 s if nothing listens', async () => {
    const [port] = await freePorts('127.0.0.1', 1);
    await expectUnavailable([`127.0.0.1:${port}`]);
  });

  it('responds 503 within 5 s if the broker accepts connections and does not respond', async () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => sockets.add(socket.on('error', () => socket.destroy())));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const address = server.address();
    await expectUnavailable([`127.0.0.1:${typeof address === 'object' ? address?.port : 0}`]);
  });

  it('stays up when the broker is killed, responds 503 within 5 s and accepts events again when it is back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tidings-ingress-'));
    onTestFinished(async () => rm(folder, { recursive: true, force: true }));
    const own = await startBrokers({ count: 1, dataDir: folder });
    onTestFinished(async () => own.stop());
    await ensureTopics({ brokers: own.brokers, replicationFactor: 1, logger: silentLogger });
    const { url, post, whenReady } = await startRunningIngress(own.brokers);
    const spooling = await startRunningIngress(
      own.brokers,
      { INGRESS_SPOOL_DIR: join(folder, 'spool') },
      'spooling',
    );
    await whenReady();
    await spooling.whenReady();
    const send = (id: string) => post('/v1/events', `{"type":"a","data":1,"id":"${id}"}`);
    const before = await send('before');
    expect(before.status).toBe(202);

    await own.nodes[0]?.kill9();
    const beganMs = performance.now();
    const during = await send('during');
    expect(during.status).toBe(503);
    expect(during.body.detail).toMatch(/may or may not be there/);
    expect(performance.now() - beganMs).toBeLessThan(limitMs);
    expect((await fetch(`${url}/live`)).status).toBe(200);
    // With a spool each is accepted, those of a key one after the other.
    const spooled: string[] = [];
    const awayMs = Date.now();
    for (let n = 0; n < 40; n += 1) {
      const event = `{"type":"a","data":${n},"ordering_key":"k${n % 3}"}`;
      const { status, body } = await spooling.post('/v1/events', event);
      expect(status).toBe(202);
      spooled.push(body.id ?? '');
    }
    const backMs = Date.now();

    await own.nodes[0]?.restart();
    const after = await eventually(
      async () => {
        const answer = await send('after');
        expect(answer.status).toBe(202);
        return answer;
      },
      { timeoutMs: 40_000 },
    );
    const accepted = new Set([before.body.id ?? '', after.body.id ?? '']);
    // A restarted broker accepts for one partition before it leads all others.
    await eventually(
      async () => {
        const found = await readEvents(own.brokers, accepted);
        expect(new Set(found.map(({ event }) => event.id as string))).toEqual(accepted);
      },
      { timeoutMs: 20_000 },
    );

    const drained = await eventually(
      async () => {
        const events = await readEvents(own.brokers, new Set(spooled));
        expect(new Set(events.map(({ event }) => event.id as string))).toEqual(new Set(spooled));
        return events;
      },
      { timeoutMs: 20_000 },
    );
    for (const key of ['k0', 'k1', 'k2']) {
      const ofKey = drained.filter(({ record }) => record.key === key);
      const firsts = [...new Set(ofKey.map(({ event }) => event.id as string))];
      const keyOf = (at: number): string => `k${at % 3}`;
      expect(firsts).toEqual(spooled.filter((_, at) => keyOf(at) === key));
    }
    for (const { record } of drained) {
      expect(record.timestampMs).toBeGreaterThanOrEqual(awayMs);
      expect(record.timestampMs).toBeLessThanOrEqual(backMs);
    }
  }, 120_000);
});
