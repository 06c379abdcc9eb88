import { eventually } from '@tidings/testing';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { type Api, apiOf } from './harness/api.ts';
import { type Collector, startCollector } from './harness/collector.ts';
import { inOwnWorkspace, sharedTidings } from './harness/shared-tidings.ts';
import type { LocalStack } from './harness/tidings.ts';

let local: LocalStack;
let api: Api;

beforeAll(async () => {
  local = await inOwnWorkspace(await sharedTidings(), 'ws_endpoint_health');
  api = apiOf(local);
});

const publish = async (type: string, data: object = {}): Promise<void> => {
  const answer = await fetch(`${local.url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${local.admin_key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ type, data }),
  });
  expect(answer.status).toBe(202);
};

type ReceivedEvent = Readonly<{ type: string; data: Readonly<{ subscription_id: string; reason?: string }> }>;

const receivedBy = ({ receipts }: Collector): readonly ReceivedEvent[] =>
  receipts.map(({ body }) => JSON.parse(body.toString('utf8')) as ReceivedEvent);

it('reports a failing endpoint, disables it at a 410, and reports its recovery by operational events', async () => {
  const [partner, owner] = [await startCollector(), await startCollector()];
  const operational = await api.subscribe(owner.url, [
    'tidings.subscription.failing',
    'tidings.subscription.disabled',
    'tidings.subscription.recovered',
    'tidings.delivery.exhausted',
  ]);
  owner.trust(operational.secret);
  // The fifth attempt would succeed, and the endpoint would recover before it is disabled.
  const { id, secret } = await api.subscribe(partner.url, ['health.*'], { retry_schedule: [1, 1, 1, 3_600] });
  partner.trust(secret);
  partner.failNext(4, 500);
  await publish('health.first');
  await eventually(
    () => expect(receivedBy(owner)).toMatchObject([{ type: 'tidings.subscription.failing' }]),
    {
      timeoutMs: 60_000,
    },
  );
  partner.failNext(1, 410);
  await publish('health.second');
  const received = [
    { type: 'tidings.subscription.failing', data: { subscription_id: id, failure_count: 4 } },
    { type: 'tidings.delivery.exhausted', data: { subscription_id: id, reason: 'not-retried' } },
    { type: 'tidings.subscription.disabled', data: { subscription_id: id, reason: 'gone' } },
  ];
  await eventually(
    () => {
      const types = new Set(receivedBy(owner).map(({ type }) => type));
      expect(types).toEqual(new Set(received.map(({ type }) => type)));
    },
    { timeoutMs: 60_000 },
  );
  for (const one of received)
    expect(receivedBy(owner)).toContainEqual(expect.objectContaining({ type: one.type }));
  const disabled = await api.request('GET', `/v1/webhooks/subscriptions/${id}`);
  expect(disabled.body).toMatchObject({ state: 'disabled', disabled_reason: 'gone' });

  expect((await api.request('POST', `/v1/webhooks/subscriptions/${id}/enable`)).status).toBe(200);
  await publish('health.third');
  await eventually(
    () => expect(receivedBy(owner).at(-1)).toMatchObject({ type: 'tidings.subscription.recovered' }),
    { timeoutMs: 60_000 },
  );
  expect(owner.refused).toEqual([]);
  expect(owner.duplicates()).toBe(0);
  await Promise.all([partner.close(), owner.close()]);
});

type DeadLetterView = Readonly<{ id: string; state: string; reason: string }>;

const deadLettersOf = async (id: string): Promise<readonly DeadLetterView[]> => {
  const { body } = await api.request('GET', `/v1/webhooks/dead-letters?subscription_id=${id}&limit=100`);
  return (body as { data: readonly DeadLetterView[] }).data;
};

const numbersOf = ({ receipts }: Collector): readonly number[] =>
  receipts.map(({ body }) => (JSON.parse(body.toString('utf8')) as { data: { n: number } }).data.n);

const longTimeout = { timeoutMs: 60_000 };

/**
 * Creates a subscription whose endpoint fails on event 0 until the subscription is disabled; events 1 and 2 precede the
 * disabling, 3 and 4 follow it.
 */
const disabledByCount = async (type: string, settings: Readonly<Record<string, unknown>>) => {
  const rules = await api.request('PATCH', `/v1/webhooks/workspaces/${local.workspace_id}`, {
    disable_after_failures: 3,
  });
  expect(rules).toMatchObject({ status: 200, body: { disable_after_failures: 3 } });
  const partner = await startCollector();
  onTestFinished(async () => partner.close());
  // The fourth attempt would follow after the subscription is disabled.
  const { id, secret } = await api.subscribe(partner.url, [type], {
    retry_schedule: [1, 1, 20, 20],
    ...settings,
  });
  partner.trust(secret);
  partner.failNext(3, 500);
  await publish(type, { n: 0 });
  await eventually(() => expect(partner.receipts).toHaveLength(1), longTimeout);
  return { id, partner };
};

const isDisabled = async (id: string): Promise<void> => {
  await eventually(async () => {
    const { body } = await api.request('GET', `/v1/webhooks/subscriptions/${id}`);
    expect(body).toMatchObject({
      is_active: false,
      state: 'disabled',
      disabled_reason: 'consecutive-failures',
      failure_count: 3,
    });
  }, longTimeout);
};

const deadLetterStates = async (id: string, count: number, state: string): Promise<void> => {
  await eventually(async () => {
    const deadLetters = await deadLettersOf(id);
    expect(deadLetters.map(({ reason }) => reason)).toEqual(Array.from({ length: count }, () => 'disabled'));
    expect(new Set(deadLetters.map((deadLetter) => deadLetter.state))).toEqual(new Set([state]));
  }, longTimeout);
};

it('dead-letters the deliveries of a disabled ordered endpoint and redrives them in order when it is enabled', async () => {
  const { id, partner } = await disabledByCount('waits.inline', { ordering: 'subscription' });
  for (const n of [1, 2]) await publish('waits.inline', { n });
  await isDisabled(id);
  for (const n of [3, 4]) await publish('waits.inline', { n });
  await deadLetterStates(id, 5, 'waiting');
  expect(numbersOf(partner)).toEqual([0, 0, 0]);

  expect((await api.request('POST', `/v1/webhooks/subscriptions/${id}/enable`)).status).toBe(200);
  await eventually(() => expect(numbersOf(partner)).toEqual([0, 0, 0, 0, 1, 2, 3, 4]), longTimeout);
  await deadLetterStates(id, 5, 'delivered');
  const { body } = await api.request('GET', `/v1/webhooks/subscriptions/${id}`);
  expect(body).toMatchObject({ is_active: true, disabled_reason: null, failure_count: 0 });
});

it('discards the waiting dead letters on request when an endpoint is enabled, and no later delivery', async () => {
  const { id, partner } = await disabledByCount('waits.discard', {});
  await isDisabled(id);
  for (const n of [3, 4]) await publish('waits.discard', { n });
  await deadLetterStates(id, 3, 'waiting');

  const enabled = await api.request('POST', `/v1/webhooks/subscriptions/${id}/enable`, {
    waiting: 'discard',
  });
  expect(enabled.status).toBe(200);
  await deadLetterStates(id, 3, 'discarded');
  await publish('waits.discard', { n: 5 });
  await eventually(() => expect(numbersOf(partner)).toContain(5), longTimeout);
  expect(numbersOf(partner)).toEqual([0, 0, 0, 5]);
});
