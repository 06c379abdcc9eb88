import { createRequire } from 'node:module';
import { eventually } from '@tidings/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Api, apiOf } from './harness/api.ts';
import { startCollector } from './harness/collector.ts';
import { inOwnWorkspace, sharedTidings } from './harness/shared-tidings.ts';
import type { LocalStack } from './harness/tidings.ts';

type GithubExample = Readonly<{ name: string; examples: readonly unknown[] }>;
const github = createRequire(import.meta.url)('@octokit/webhooks-examples') as readonly GithubExample[];

type ReplayJob = Readonly<{ progress: Readonly<{ counts: Readonly<Record<string, number>> }> }>;

let local: LocalStack;
let api: Api;

beforeAll(async () => {
  local = await inOwnWorkspace(await sharedTidings(), 'ws_pipeline');
  api = apiOf(local);
});

const post = (body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`${local.url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${local.admin_key}`, 'content-type': 'application/json', ...headers },
    body,
  });

describe('published events', () => {
  it('arrive signed and byte for byte: every GitHub example payload', async () => {
    const collector = await startCollector();
    collector.trust((await api.subscribe(collector.url, ['github.*'])).secret);
    const sent = new Map<string, string>();
    let large = 0;
    for (const { name, examples } of github) {
      for (const example of examples) {
        const data = JSON.stringify(example);
        if (data.length > 20_000) large += 1;
        const answer = await post(`{"type":"github.${name}","data":${data}}`);
        expect(answer.status).toBe(202);
        sent.set(((await answer.json()) as { id: string }).id, data);
      }
    }
    await eventually(() => expect(collector.eventIds().size).toBe(sent.size), { timeoutMs: 60_000 });
    expect(collector.refused).toEqual([]);
    expect(sent.size).toBeGreaterThan(100);
    expect(large).toBeGreaterThan(0);
    for (const receipt of collector.receipts) {
      const data = sent.get(receipt.eventId) ?? '';
      expect(receipt.body.toString('utf8').endsWith(`"data":${data}}`)).toBe(true);
    }
    await collector.close();
  });

  it('keep integers beyond 2^53 and the white space of the request', async () => {
    const collector = await startCollector();
    collector.trust((await api.subscribe(collector.url, ['exact.*'])).secret);
    const data = '{ "n":9007199254740993,  "x" : 1.0, "s":"\\u00e9" }';
    expect((await post(`{"data":${data},"type":"exact.bytes"}`)).status).toBe(202);
    await eventually(() => expect(collector.receipts).toHaveLength(1));
    expect(collector.receipts[0]?.body.toString('utf8')).toContain(`"data":${data}}`);
    await collector.close();
  });

  it('have the same webhook-id and bytes in a manual retry, and both attempts are visible', async () => {
    const collector = await startCollector();
    collector.trust((await api.subscribe(collector.url, ['retry.*'], { retry_schedule: [1] })).secret);
    collector.failNext(1, 500);
    const { id } = (await (await post('{"type":"retry.once","data":{"a":1}}')).json()) as { id: string };
    await eventually(() => expect(collector.receipts).toHaveLength(2), { timeoutMs: 30_000 });
    const [first, second] = collector.receipts;
    expect(second?.webhookId).toBe(first?.webhookId);
    expect(second?.body.equals(first?.body ?? Buffer.alloc(0))).toBe(true);
    await eventually(async () => {
      const list = await api.request('GET', `/v1/webhooks/deliveries?event_id=${id}`);
      const { data } = list.body as { data: { id: string; status: string }[] };
      expect(data).toMatchObject([{ id: first?.webhookId, status: 'delivered' }]);
      const one = await api.request('GET', `/v1/webhooks/deliveries/${data[0]?.id}`);
      const { attempts } = one.body as { attempts: { outcome: string; status_code: number }[] };
      expect(attempts).toMatchObject([{ status_code: 500 }, { status_code: 204 }]);
    });
    await collector.close();
  });

  it('are sent again, byte for byte, instead of the attempt that waits for an hour', async () => {
    const collector = await startCollector();
    collector.trust((await api.subscribe(collector.url, ['resend.*'], { retry_schedule: [3_600] })).secret);
    collector.failNext(1, 500);
    const sent = await post('{"type":"resend.once","data":{ "n": 1.0, "text":"\\u00e9" }}');
    const { id } = (await sent.json()) as { id: string };
    const deliveries = `/v1/webhooks/deliveries?event_id=${id}`;
    const delivery = await eventually(async () => {
      const { body } = await api.request('GET', deliveries);
      const { data } = body as { data: { id: string; status: string }[] };
      expect(data).toMatchObject([{ status: 'retrying' }]);
      return data[0]?.id;
    });
    const retried = await eventually(async () => {
      const response = await api.request('POST', `/v1/webhooks/deliveries/${delivery}/retry`);
      expect(response.status).toBe(202);
      return response.body;
    });
    expect(retried).toMatchObject({ id: delivery, chain: 1, out_of_order: false });
    await eventually(() => expect(collector.receipts).toHaveLength(2), { timeoutMs: 30_000 });
    const [first, second] = collector.receipts;
    expect(second?.webhookId).toBe(first?.webhookId);
    expect(second?.body.toString('utf8')).toBe(first?.body.toString('utf8'));
    await eventually(async () => {
      const { body } = await api.request('GET', `/v1/webhooks/deliveries/${delivery}`);
      expect(body).toMatchObject({
        status: 'delivered',
        attempts: [
          { chain: 0, trigger: 'event', status_code: 500 },
          { chain: 1, trigger: 'manual', status_code: 204 },
        ],
      });
    });
    const ofEvent = await api.request('POST', `/v1/webhooks/events/${id}/retry`, {});
    expect(ofEvent).toMatchObject({ status: 202, body: { data: [{ id: delivery, chain: 2 }], refused: [] } });
    await eventually(() => expect(collector.receipts).toHaveLength(3));
    await collector.close();
  });

  it('are replayed: all to a subscription that is newer, and after an outage exactly what was missed', async () => {
    const replay = async (body: object) => {
      const { status, body: job } = await api.request('POST', '/v1/webhooks/replays', { from, ...body });
      expect(status).toBe(202);
      return eventually(
        async () => {
          const path = `/v1/webhooks/jobs/${(job as { id: string }).id}`;
          const { body: shown } = await api.request('GET', path);
          const { sent, delivered } = (shown as ReplayJob).progress.counts;
          expect(shown).toMatchObject({ state: 'done' });
          expect(delivered).toBe(sent);
          return (shown as ReplayJob).progress.counts;
        },
        { timeoutMs: 60_000 },
      );
    };
    const from = new Date(Date.now() - 1_000).toISOString();
    const publish = async (type: string): Promise<string> => {
      // Of 256 KB with its type, the most that is accepted.
      const large = `{"type":"${type}","data":"${'é'.repeat((262_144 - type.length - 22) / 2)}"}`;
      const response = await post(type.endsWith('large') ? large : `{"type":"${type}","data":{"n":1}}`);
      expect(response.status).toBe(202);
      return ((await response.json()) as { id: string }).id;
    };
    const [one, large] = [await publish('replayed.a'), await publish('replayed.large')];
    await publish('unmatched.a');
    const collector = await startCollector();
    const { id, secret } = await api.subscribe(collector.url, ['replayed.*']);
    collector.trust(secret);
    expect(await replay({ target: { subscription_id: id } })).toMatchObject({ matched: 2, sent: 2 });
    expect(collector.receipts.map(({ eventId }) => eventId).toSorted()).toEqual([one, large].toSorted());
    expect(collector.receipts.every(({ headers }) => headers['x-webhook-trigger'] === 'replay')).toBe(true);

    // The outage: what is published while the subscription is disabled is discarded.
    expect((await api.request('POST', `/v1/webhooks/subscriptions/${id}/disable`)).status).toBe(200);
    const missed = [await publish('replayed.b'), await publish('replayed.c')];
    await eventually(
      async () => {
        const counts = await api.request('GET', `/v1/webhooks/dead-letters/counts?subscription_id=${id}`);
        expect(counts.body).toMatchObject({ total: 2 });
      },
      { timeoutMs: 30_000 },
    );
    const enabled = await api.request('POST', `/v1/webhooks/subscriptions/${id}/enable`, {
      waiting: 'discard',
    });
    expect(enabled.status).toBe(200);
    const counts = await replay({ target: { missing: true }, types: ['replayed.*'] });
    expect(counts).toMatchObject({ matched: 4, sent: 2, skipped: 2, failed: 0 });
    expect(
      collector.receipts
        .slice(2)
        .map(({ eventId }) => eventId)
        .toSorted(),
    ).toEqual(missed.toSorted());
    await collector.close();
  });

  it('are one event for two requests with the same Idempotency-Key, delivered once', async () => {
    const collector = await startCollector();
    collector.trust((await api.subscribe(collector.url, ['twice.*'])).secret);
    const headers = { 'idempotency-key': 'order-17' };
    const answers = [
      await post('{"type":"twice.sent","data":{"n":1}}', headers),
      await post('{"type":"twice.sent","data":{"n":1}}', headers),
    ];
    const ids = await Promise.all(answers.map(async (a) => ((await a.json()) as { id: string }).id));
    expect(ids[0]).toBe(ids[1]);
    // The later event proves that the repeat could have arrived: one partition preserves their order.
    await eventually(() => expect(collector.receipts.length).toBeGreaterThan(0));
    await post('{"type":"twice.after","data":{}}');
    await eventually(() => expect(collector.eventIds().size).toBe(2));
    expect(collector.receipts.filter((receipt) => receipt.eventId === ids[0])).toHaveLength(1);
    await collector.close();
  });

  it('are not delivered to a disabled subscription; a deleted subscription returns 404', async () => {
    const collector = await startCollector();
    const first = await api.subscribe(collector.url, ['quiet.*']);
    collector.trust(first.secret);
    const disabled = await api.request('POST', `/v1/webhooks/subscriptions/${first.id}/disable`);
    expect(disabled.status).toBe(200);
    await eventually(async () => {
      const { id } = (await (await post('{"type":"quiet.event","data":{}}')).json()) as { id: string };
      await eventually(async () => {
        const list = await api.request('GET', `/v1/webhooks/deliveries?event_id=${id}`);
        const { data } = list.body as { data: { status: string }[] };
        expect(data).toMatchObject([{ status: 'dead_lettered' }]);
      });
    });
    expect(collector.receipts).toHaveLength(0);
    expect((await api.request('DELETE', `/v1/webhooks/subscriptions/${first.id}`)).status).toBe(200);
    expect((await api.request('GET', `/v1/webhooks/subscriptions/${first.id}`)).status).toBe(404);
    await collector.close();
  });
});

describe('a refused event', () => {
  it.each([
    ['{"type":', 400],
    ['{"type":"a.b"}', 422],
    ['{"type":"a b","data":{}}', 422],
    ['{"type":"tidings.x","data":{}}', 422],
    ['{"type":"a.b","data":{},"surprise":1}', 422],
    [`{"type":"a.b","data":"${'x'.repeat(6_000_000)}"}`, 413],
  ])('%.40s returns %i', async (body, status) => {
    const answer = await post(body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await answer.json()).toMatchObject({ status });
  });

  it('without a key returns 401', async () => {
    const answer = await fetch(`${local.url}/v1/events`, { method: 'POST', body: '{}' });
    expect(answer.status).toBe(401);
  });
});
