import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, startReceiver } from '@tidings/testing';
import { Webhook } from 'standardwebhooks';
import { expect, inject, it, onTestFinished } from 'vitest';
import { Caller } from './harness/caller.ts';
import { inOwnWorkspace, sharedTidings } from './harness/shared-tidings.ts';

type Subscription = Readonly<{ id: string; secret: string }>;
type Job = Readonly<{ id: string; state: string }>;

it('an event of 5 MB reaches its endpoints byte for byte and signed, by reference too, again by a retry, and is erased', async () => {
  const local = await inOwnWorkspace(await sharedTidings(), 'ws_of_large_payloads');
  const api = new Caller(local.url, local.admin_key);
  const [full, binary, referred] = await Promise.all(
    [1, 2, 3].map(async () => startReceiver({ cleanUp: onTestFinished })),
  );
  if (full === undefined || binary === undefined || referred === undefined) throw new Error('no receiver');
  const subscribe = async (url: string, more: object = {}): Promise<Subscription> =>
    api.call('POST', '/webhooks/subscriptions', {
      ...{ endpoint_url: url, events: ['report.*'], send_test: false, ...more },
    });
  const { secret } = await subscribe(full.url);
  await subscribe(binary.url, { format: 'cloudevents-binary' });
  await subscribe(referred.url, { large_payloads: 'reference' });
  const text = randomBytes(3_900_000).toString('base64');
  const data = `{ "kind": "monthly", "n": 1.50, "text": "${text}" }`;
  const { id } = await api.call('POST', '/events', `{"type":"report.made","data":${data}}`);

  await eventually(
    () => expect([full, binary, referred].map(({ requests }) => requests.length)).toEqual([1, 1, 1]),
    {
      timeoutMs: 30_000,
    },
  );
  const [sent] = full.requests;
  const body = String(sent?.body);
  expect(body.endsWith(`"data":${data}}`)).toBe(true);
  expect(sent?.headers['content-length']).toBe(String(Buffer.byteLength(body)));
  expect(new Webhook(secret).verify(body, sent?.headers as Record<string, string>)).toMatchObject({
    id,
    type: 'report.made',
  });
  expect(String(binary.requests[0]?.body)).toBe(data);
  const reference = JSON.parse(String(referred.requests[0]?.body)) as { dataref: string; data: null };
  const read = async () =>
    fetch(`${local.url}${reference.dataref}`, { headers: { authorization: `Bearer ${local.admin_key}` } });
  expect(await (await read()).text()).toBe(data);

  const shown = await api.call('GET', `/webhooks/events/${id}`);
  expect(shown).toMatchObject({
    size_bytes: data.length,
    data_status: 'stored',
    data_url: reference.dataref,
  });
  const receivers = [full, binary, referred];
  for (const delivery of await api.list(`/webhooks/deliveries?event_id=${id}`, 3))
    await eventually(async () => api.call('POST', `/webhooks/deliveries/${delivery.id}/retry`));
  await eventually(() => expect(receivers.map(({ requests }) => requests.length)).toEqual([2, 2, 2]), {
    timeoutMs: 30_000,
  });
  for (const { requests } of receivers)
    expect(requests[1]?.body.equals(requests[0]?.body ?? Buffer.alloc(0))).toBe(true);

  const folder = join(inject('sharedTidings'), 'objects/objects/payloads/ws_of_large_payloads', id);
  expect(await readdir(folder)).toHaveLength(1);
  const job = await api.call<Job>('POST', '/webhooks/erasures', { event_id: id });
  await eventually(async () =>
    expect(await api.call('GET', `/webhooks/jobs/${job.id}`)).toMatchObject({ state: 'done' }),
  );
  await expect(readdir(folder)).rejects.toThrow('ENOENT');
  expect((await read()).status).toBe(404);
});

it('an event of 600 KB, which no filter evaluates, is a dead letter of a subscription with a filter, and sent to the others', async () => {
  const local = await inOwnWorkspace(await sharedTidings(), 'ws_of_large_filtered');
  const api = new Caller(local.url, local.admin_key);
  const { url, requests } = await startReceiver({ cleanUp: onTestFinished });
  const subscription = { endpoint_url: url, events: ['report.*'], send_test: false };
  await api.call('POST', '/webhooks/subscriptions', subscription);
  const filtered = await api.call<Subscription>('POST', '/webhooks/subscriptions', {
    ...subscription,
    filters: { kind: 'monthly' },
  });
  const data = { kind: 'monthly', text: 'x'.repeat(600_000) };
  const { id } = await api.call('POST', '/events', JSON.stringify({ type: 'report.made', data }));
  await eventually(
    async () => {
      const { data: found } = await api.call<{ data: readonly object[] }>(
        'GET',
        `/webhooks/deliveries?event_id=${id}`,
      );
      expect(found).toHaveLength(2);
      expect(found).toContainEqual(
        expect.objectContaining({
          subscription_id: filtered.id,
          status: 'dead_lettered',
          status_reason: 'filter-limit',
        }),
      );
    },
    { timeoutMs: 30_000 },
  );
  await eventually(() => expect(requests).toHaveLength(1));
});
