// A program as a user writes it with a generated client: `npx openapi-typescript …/v1/openapi.json -o api.ts`. The test
// beside it generates `api.ts`, compiles this, and fails for a route that is not called here.
import createClient from 'openapi-fetch';
import type { components, paths } from './api.ts';

type Schemas = components['schemas'];

const client = createClient<paths>({ baseUrl: 'http://127.0.0.1:8700' });
const id = 'x';
const once = { header: { 'Idempotency-Key': 'once' } };
const newest = { header: { 'If-Match': '"1"', 'Idempotency-Key': 'once' } };

async function events(): Promise<Schemas['AcceptedEvent'] | undefined> {
  const body = { type: 'order.paid', data: { total: 19.9 } };
  const { data, error } = await client.POST('/v1/events', { body, params: once });
  if (error?.code === 'unprocessable') for (const { pointer, detail } of error.errors ?? []) console.log(pointer, detail);
  const batch = await client.POST('/v1/events/batch', { body: { events: [body] }, params: once });
  for (const { status, problem } of batch.data?.results ?? []) console.log(status, problem?.code);
  return data;
}

async function subscriptions(): Promise<void> {
  const path = { id };
  const created = await client.POST('/v1/webhooks/subscriptions', {
    body: {
      endpoint_url: 'https://partner.example/hooks',
      events: ['order.*'],
      filters: { total: { $gte: 1000 } },
      retry_schedule: [5, 60],
      headers: { 'x-tenant': 'acme' },
    },
    params: once,
  });
  const secret: string | null | undefined = created.data?.secret;
  const page = await client.GET('/v1/webhooks/subscriptions', { params: { query: { limit: 10 } } });
  const list: readonly Schemas['Subscription'][] = page.data?.data ?? [];
  const read = await client.GET('/v1/webhooks/subscriptions/{id}', { params: { path } });
  const filters: { [name: string]: unknown } | null | undefined = read.data?.filters;
  await client.PATCH('/v1/webhooks/subscriptions/{id}', {
    params: { path, header: { 'If-Match': '"1"' } },
    body: { retry_schedule: 'short', filters: { total: null }, headers: { 'x-tenant': null } },
  });
  await client.POST('/v1/webhooks/subscriptions/{id}/enable', {
    params: { path, ...newest },
    body: { waiting: 'discard' },
  });
  await client.POST('/v1/webhooks/subscriptions/{id}/disable', { params: { path, ...newest } });
  const rotated = await client.POST('/v1/webhooks/subscriptions/{id}/rotate-secret', { params: { path, ...newest } });
  const tested = await client.POST('/v1/webhooks/subscriptions/{id}/test', { params: { path, ...once } });
  const isRefused = tested.data?.error === 'blocked-address';
  await client.DELETE('/v1/webhooks/subscriptions/{id}', { params: { path, header: { 'If-Match': '"2"' } } });
  console.log(secret, list.length, filters, rotated.data?.secret, isRefused);
}

async function filters(): Promise<void> {
  const body = { filter: { total: 1 }, event: { type: 'order.paid', data: { total: 1 } } };
  const { data } = await client.POST('/v1/webhooks/filters/test', { body });
  console.log(data?.matches, data?.failed.map(({ found }) => found));
}

async function eventTypes(): Promise<void> {
  const path = { name: 'order.paid' };
  const schema = { type: 'object', properties: { total: { type: 'number' } } };
  await client.POST('/v1/webhooks/event-types', { body: { name: 'order.paid', schema }, params: once });
  const { data } = await client.GET('/v1/webhooks/event-types', { params: { query: { state: 'active' } } });
  const first: Schemas['EventType'] | undefined = data?.data[0];
  await client.GET('/v1/webhooks/event-types/{name}', { params: { path } });
  await client.PUT('/v1/webhooks/event-types/{name}', { params: { path }, body: { schema, example: { total: 1 } } });
  await client.PATCH('/v1/webhooks/event-types/{name}', { params: { path }, body: { mode: 'warn' } });
  await client.POST('/v1/webhooks/event-types/{name}/schemas', { params: { path, ...newest }, body: { schema } });
  const one = await client.GET('/v1/webhooks/event-types/{name}/schemas/{version}', {
    params: { path: { ...path, version: '1' } },
  });
  const exported = await client.GET('/v1/webhooks/event-types/export', { params: { query: { format: 'openapi' } } });
  const imported = await client.POST('/v1/webhooks/event-types/import', {
    params: { query: { dry_run: true, force: false }, ...once },
    body: exported.data ?? {},
  });
  await client.DELETE('/v1/webhooks/event-types/{name}', { params: { path } });
  console.log(first?.schema?.['type'], one.data?.schema['type'], imported.data?.counts.created);
}

async function history(): Promise<void> {
  const { data } = await client.GET('/v1/webhooks/events', { params: { query: { type: 'order.*', text: 'ord_7' } } });
  const first: Schemas['EventSummary'] | undefined = data?.data[0];
  const one = await client.GET('/v1/webhooks/events/{id}', { params: { path: { id } } });
  const alone = await client.GET('/v1/webhooks/events/{id}/data', { params: { path: { id } } });
  console.log(alone.data);
  console.log(first?.deliveries.total, data?.scanned_to, one.data?.data_status === 'expired', one.data?.delivery_list);
}

async function deliveries(): Promise<void> {
  const { data } = await client.GET('/v1/webhooks/deliveries', { params: { query: { status: 'dead_lettered' } } });
  const first: Schemas['DeliverySummary'] | undefined = data?.data[0];
  const ofOne = await client.GET('/v1/webhooks/subscriptions/{id}/deliveries', {
    params: { path: { id }, query: { status_class: '5xx' } },
  });
  const undelivered = await client.GET('/v1/webhooks/deliveries/undelivered', { params: { query: { limit: 5 } } });
  const why: string | null | undefined = undelivered.data?.data[0]?.reasons[0]?.reason;
  console.log(ofOne.data?.next_cursor, why);
  const one = await client.GET('/v1/webhooks/deliveries/{id}', { params: { path: { id } } });
  console.log(first?.status === 'delivered', one.data?.attempts.map(({ outcome }) => outcome === 'failed'));
  const many = await client.POST('/v1/webhooks/deliveries/retry', {
    params: once,
    body: { filter: { status: 'dead_lettered', event_type: 'order.*' }, rate_per_second: 50 },
  });
  const job: Schemas['Job'] | Schemas['DryRun'] | undefined = many.data;
  console.log(job);
}

async function retries(): Promise<void> {
  const params = { path: { id }, ...once };
  const retried = await client.POST('/v1/webhooks/deliveries/{id}/retry', { params });
  const ofEvent = await client.POST('/v1/webhooks/events/{id}/retry', { params, body: { subscription_ids: [id] } });
  const first: Schemas['RetriedDelivery'] | undefined = ofEvent.data?.data[0];
  console.log(retried.data?.chain, first?.out_of_order, ofEvent.data?.refused.map(({ detail }) => detail));
}

async function stream(): Promise<void> {
  const { data } = await client.POST('/v1/webhooks/stream-tickets');
  const opened = await client.GET('/v1/webhooks/stream', {
    params: { query: { types: 'order.*', kinds: 'state' } },
    parseAs: 'stream',
  });
  const statusOf = (message: Schemas['StreamMessage']) => (message.kind === 'state' ? message.status : undefined);
  console.log(data?.ticket, data?.expires_at, opened.response.ok, statusOf({ kind: 'ready' }));
}

async function deadLetters(): Promise<void> {
  const path = { id };
  const { data } = await client.GET('/v1/webhooks/dead-letters', { params: { query: { reason: 'exhausted' } } });
  const first: Schemas['DeadLetter'] | undefined = data?.data[0];
  const counts = await client.GET('/v1/webhooks/dead-letters/counts');
  const one = await client.GET('/v1/webhooks/dead-letters/{id}', { params: { path } });
  await client.POST('/v1/webhooks/dead-letters/{id}/redrive', { params: { path, ...once } });
  await client.POST('/v1/webhooks/dead-letters/{id}/discard', { params: { path, ...once }, body: { reason: 'old' } });
  const many = await client.POST('/v1/webhooks/dead-letters/redrive', { params: once, body: { all: true } });
  const job: Schemas['Job'] | Schemas['DryRun'] | undefined = many.data;
  await client.POST('/v1/webhooks/dead-letters/discard', {
    params: once,
    body: { filter: { reason: 'disabled' }, reason: 'old', dry_run: true },
  });
  console.log(first?.state === 'waiting', counts.data?.total, one.data?.body?.content, job);
}

async function jobs(): Promise<void> {
  const path = { id };
  const { data } = await client.GET('/v1/webhooks/jobs', { params: { query: { kind: 'redrive', state: 'running' } } });
  const replay = await client.POST('/v1/webhooks/replays', {
    params: once,
    body: { from: '2026-11-22T10:00:00Z', types: ['order.*'], target: { missing: true }, as_new: false },
  });
  console.log(replay.data?.progress.counts['sent']);
  const body = { consumer_id: 'acme', reason: 'request 4711' };
  const erasure = await client.POST('/v1/webhooks/erasures', { params: once, body });
  console.log(erasure.data?.kind === 'erasure');
  const first: Schemas['Job'] | undefined = data?.data[0];
  await client.GET('/v1/webhooks/jobs/{id}', { params: { path } });
  await client.POST('/v1/webhooks/jobs/{id}/pause', { params: { path, ...once } });
  await client.POST('/v1/webhooks/jobs/{id}/resume', { params: { path, ...once } });
  await client.POST('/v1/webhooks/jobs/{id}/cancel', { params: { path, ...once } });
  console.log(first?.state === 'paused', first?.progress.percent, first?.eta);
}

async function statistics(): Promise<void> {
  const query = { group_by: 'event_type', granularity: 'minute', limit: 5 } as const;
  const { data } = await client.GET('/v1/webhooks/stats', { params: { query } });
  const first: Schemas['Statistics']['buckets'][number] | undefined = data?.buckets[0];
  const { data: system } = await client.GET('/v1/webhooks/system');
  const { data: breakers } = await client.GET('/v1/webhooks/breakers');
  console.log(breakers?.data[0]?.state === 'open');
  console.log(first?.attempt_ms.p95, data?.groups?.[0]?.success_rate, system?.hops?.[0]?.lag, system?.breakers?.open);
}

async function exportFiles(): Promise<void> {
  const path = { id };
  const body = { of: 'deliveries', format: 'csv', filter: { status: 'dead_lettered' } } as const;
  const { data } = await client.POST('/v1/webhooks/exports', { params: once, body });
  const started: Schemas['Export'] | undefined = data;
  await client.GET('/v1/webhooks/exports');
  await client.GET('/v1/webhooks/exports/{id}', { params: { path } });
  const query = { expires: 1_795_424_402, signature: 'f'.repeat(64) };
  await client.GET('/v1/webhooks/exports/{id}/file', { params: { path, query }, parseAs: 'blob' });
  await client.DELETE('/v1/webhooks/exports/{id}', { params: { path } });
  console.log(started?.status === 'ready', started?.download_url);
}

async function consumers(): Promise<void> {
  const path = { id: 'acme' };
  await client.POST('/v1/webhooks/consumers', { params: once, body: { id: 'acme' } });
  const { data } = await client.GET('/v1/webhooks/consumers');
  const first: Schemas['Consumer'] | undefined = data?.data[0];
  await client.GET('/v1/webhooks/consumers/{id}', { params: { path } });
  await client.PATCH('/v1/webhooks/consumers/{id}', { params: { path }, body: { name: 'Acme' } });
  await client.POST('/v1/webhooks/consumers/{id}/disable', { params: { path, ...newest } });
  await client.POST('/v1/webhooks/consumers/{id}/enable', { params: { path, ...newest } });
  const identity = await client.GET('/v1/webhooks/identity');
  const token = await client.POST('/v1/webhooks/consumer-tokens', { params: once, body: { consumer_id: 'acme' } });
  const created: Schemas['ConsumerToken'] | undefined = token.data;
  const portal = await client.GET('/v1/webhooks/portal');
  const link = await client.POST('/v1/webhooks/portal-links', { params: once, body: { consumer_id: 'acme' } });
  const out = await client.POST('/v1/webhooks/identity/sign-out', { params: once, body: { ends: 'session' } });
  console.log(portal.data?.light.accent, link.data?.url, out.data?.propagated);
  console.log(first?.state === 'active', created?.token, identity.data?.scopes);
}

async function workspaces(): Promise<void> {
  const path = { id: 'ws_shop' };
  const created = await client.POST('/v1/webhooks/workspaces', { params: once, body: { id: 'ws_shop' } });
  const { data } = await client.GET('/v1/webhooks/workspaces');
  const first: Schemas['Workspace'] | undefined = data?.data[0];
  await client.GET('/v1/webhooks/workspaces/{id}', { params: { path } });
  await client.PATCH('/v1/webhooks/workspaces/{id}', { params: { path }, body: { event_type_policy: 'open' } });
  await client.POST('/v1/webhooks/workspaces/{id}/disable', { params: { path, ...newest } });
  await client.POST('/v1/webhooks/workspaces/{id}/enable', { params: { path, ...newest } });
  console.log(created.data?.first_key.path, first?.notice?.style === 'slack');
}

async function keys(): Promise<void> {
  const path = { id };
  const created = await client.POST('/v1/webhooks/api-keys', { params: once, body: { scopes: ['events:write'] } });
  const { data } = await client.GET('/v1/webhooks/api-keys', { params: { query: { state: 'active' } } });
  const first: Schemas['ApiKey'] | undefined = data?.data[0];
  await client.GET('/v1/webhooks/api-keys/{id}', { params: { path } });
  await client.POST('/v1/webhooks/api-keys/{id}/revoke', { params: { path, ...once } });
  console.log(created.data?.key, first?.scopes.includes('admin'));
}

async function sources(): Promise<void> {
  const path = { id };
  const provider = 'github' as const;
  const body = { provider, name: 'Our repositories', secrets: ['a secret of theirs'] };
  const created = await client.POST('/v1/webhooks/sources', { params: once, body });
  const { data } = await client.GET('/v1/webhooks/sources', { params: { query: { state: 'active' } } });
  const first: Schemas['Source'] | undefined = data?.data[0];
  await client.GET('/v1/webhooks/sources/{id}', { params: { path } });
  await client.PATCH('/v1/webhooks/sources/{id}', { params: { path }, body: { audience: 'broadcast' } });
  const rotation = { secret: 'another secret', overlap_seconds: 600 };
  await client.POST('/v1/webhooks/sources/{id}/rotate', { params: { path, ...once }, body: rotation });
  await client.POST('/v1/webhooks/sources/{id}/disable', { params: { path, ...newest } });
  await client.POST('/v1/webhooks/sources/{id}/enable', { params: { path, ...newest } });
  await client.DELETE('/v1/webhooks/sources/{id}', { params: { path } });
  await client.POST('/v1/sources/{id}', { params: { path }, body: { zen: 'of the provider' } });
  const { data: received } = await client.GET('/v1/webhooks/sources/{id}/received', {
    params: { path, query: { outcome: 'refused', reason: 'no-matching-signature', limit: 5 } },
  });
  console.log(received?.data[0]?.count, received?.data[0]?.deliveries?.delivered);
  console.log(first?.audience === 'internal', created.data?.path);
}

async function runs(): Promise<void> {
  const { data } = await client.GET('/v1/webhooks/runs', {
    params: { query: { status: 'failed', app: 'shop', handler: 'order.paid', ordering_key: 'order-7', limit: 5 } },
  });
  const path = { id: data?.data[0]?.id ?? '' };
  const { data: run } = await client.GET('/v1/webhooks/runs/{id}', { params: { path } });
  await client.POST('/v1/webhooks/runs/{id}/retry', { params: { path, ...once } });
  await client.POST('/v1/webhooks/runs/{id}/cancel', { params: { path, ...once }, body: { reason: 'a test' } });
  const many = await client.POST('/v1/webhooks/runs/retry', {
    params: once,
    body: { filter: { app: 'shop', reason: 'step-failed', step: 'make-invoice' }, rate_per_second: 50 },
  });
  const job: Schemas['Job'] | Schemas['DryRun'] | undefined = many.data;
  await client.POST('/v1/webhooks/runs/cancel', { params: once, body: { all: true, reason: 'a test', dry_run: true } });
  console.log(job, run?.failure?.step, run?.steps[0]?.attempts[0]?.outcome === 'failed', run?.step_counts.waiting);
}

async function others(): Promise<void> {
  const { data, error } = await client.GET('/v1/webhooks/audit-log', { params: { query: { kind: 'subscription' } } });
  const code: Schemas['Problem']['code'] | undefined = error?.code;
  const id = data?.data[0]?.id ?? '';
  const entry = await client.GET('/v1/webhooks/audit-log/{id}', { params: { path: { id } } });
  const described = await client.GET('/v1/openapi.json');
  console.log(entry.data?.after['state'], code === 'forbidden', described.data?.['openapi']);
}

const parts = [subscriptions, filters, eventTypes, history, deliveries, retries, stream, deadLetters, jobs, statistics, consumers];
for (const part of [...parts, exportFiles, workspaces, keys, sources, runs, others]) {
  await part();
}
await events();
