import { eventually } from '@tidings/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Api, apiOf } from './harness/api.ts';
import { type Collector, startCollector } from './harness/collector.ts';
import { type LocalStack, startTidings, type Tidings } from './harness/tidings.ts';

let tidings: Tidings;
let local: LocalStack;
let api: Api;

beforeAll(async () => {
  tidings = await startTidings();
  local = await tidings.local();
  api = await apiOf(tidings);
});
afterAll(async () => {
  await tidings?.stop();
});

const publish = async (type: string): Promise<void> => {
  const answer = await fetch(`${local.url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${local.admin_key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ type, data: {} }),
  });
  expect(answer.status).toBe(202);
};

type Told = Readonly<{ type: string; data: Readonly<{ subscription_id: string; reason?: string }> }>;

const toldTo = ({ receipts }: Collector): readonly Told[] =>
  receipts.map(({ body }) => JSON.parse(body.toString('utf8')) as Told);

it('an endpoint that fails and says it is gone is disabled, and its owner hears of it until it is well again', async () => {
  const [partner, owner] = [await startCollector(), await startCollector()];
  const operational = await api.subscribe(owner.url, [
    'tidings.subscription.failing',
    'tidings.subscription.disabled',
    'tidings.subscription.recovered',
    'tidings.delivery.exhausted',
  ]);
  owner.trust(operational.secret);
  const { id, secret } = await api.subscribe(partner.url, ['health.*'], { retry_schedule: [1, 1, 1, 1, 1] });
  partner.trust(secret);
  partner.failNext(4, 500);
  await publish('health.first');
  await eventually(() => expect(toldTo(owner)).toMatchObject([{ type: 'tidings.subscription.failing' }]), {
    timeoutMs: 60_000,
  });
  partner.failNext(1, 410);
  await publish('health.second');
  const told = [
    { type: 'tidings.subscription.failing', data: { subscription_id: id, failure_count: 4 } },
    { type: 'tidings.delivery.exhausted', data: { subscription_id: id, reason: 'not-retried' } },
    { type: 'tidings.subscription.disabled', data: { subscription_id: id, reason: 'gone' } },
  ];
  await eventually(
    () => {
      const types = new Set(toldTo(owner).map(({ type }) => type));
      expect(types).toEqual(new Set(told.map(({ type }) => type)));
    },
    { timeoutMs: 60_000 },
  );
  for (const one of told) expect(toldTo(owner)).toContainEqual(expect.objectContaining({ type: one.type }));
  const disabled = await api.request('GET', `/v1/webhooks/subscriptions/${id}`);
  expect(disabled.body).toMatchObject({ state: 'disabled', disabled_reason: 'gone' });

  expect((await api.request('POST', `/v1/webhooks/subscriptions/${id}/enable`)).status).toBe(200);
  await publish('health.third');
  await eventually(
    () => expect(toldTo(owner).at(-1)).toMatchObject({ type: 'tidings.subscription.recovered' }),
    { timeoutMs: 60_000 },
  );
  expect(owner.refused).toEqual([]);
  expect(owner.duplicates()).toBe(0);
  await Promise.all([partner.close(), owner.close()]);
});
