import { randomBytes } from 'node:crypto';
import { eventually } from '@tidings/testing';
import { expect, inject, it, onTestFinished } from 'vitest';
import { apiOf } from './harness/api.ts';
import { startCollector } from './harness/collector.ts';
import { inOwnWorkspace, sharedTidings } from './harness/shared-tidings.ts';
import { type ReceivedSpan, startSpanCollector } from './harness/span-collector.ts';

type Post = Readonly<{ path: string; body: object }>;

const publish: Post = { path: 'events', body: { type: 'traced.once', data: { text: 'in-the-body' } } };

type Tree = Readonly<{ [name: string]: readonly Tree[] }>;

const treeOf = (spans: readonly ReceivedSpan[], parent: string): readonly Tree[] =>
  spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .sort((one, other) => one.name.localeCompare(other.name))
    .map(({ name, spanId }) => ({ [name]: treeOf(spans, spanId) }));

const attributesOf = ({ attributes }: ReceivedSpan): Readonly<Record<string, unknown>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

it('an event has one trace, from its POST through Kafka to the endpoint, its retry and the history', async () => {
  const local = await inOwnWorkspace(await sharedTidings(), 'ws_tracing');
  const spanCollector = await startSpanCollector(inject('spanPort'));
  onTestFinished(async () => spanCollector.close());
  const endpoint = await startCollector();
  onTestFinished(async () => endpoint.close());
  const hidden = 'token-in-the-path';
  const url = `${endpoint.url}/${hidden}?key=${hidden}`;
  const { secret } = await apiOf(local).subscribe(url, ['traced.*'], { retry_schedule: [1] });
  endpoint.trust(secret);
  endpoint.failNext(1, 503);
  const traceId = randomBytes(16).toString('hex');
  const rootId = randomBytes(8).toString('hex');
  const post = async (flags: string, id: string, { path, body } = publish): Promise<string> => {
    const answer = await fetch(`${local.url}/v1/${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${local.admin_key}`,
        'content-type': 'application/json',
        traceparent: `00-${id}-${rootId}-${flags}`,
      },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(202);
    return ((await answer.json()) as { id: string }).id;
  };
  const eventId = await post('01', traceId);
  const isMove = ({ name }: ReceivedSpan): boolean => name.endsWith(' tidings.retry.1s');
  const allOfTrace = (): readonly ReceivedSpan[] =>
    spanCollector.spans().filter((span) => span.traceId === traceId);
  const ofTrace = (): readonly ReceivedSpan[] => allOfTrace().filter((span) => !isMove(span));
  const succeeded = { 'process tidings.deliveries': [{ POST: [] }, { 'process tidings.attempts': [] }] };
  await eventually(
    () =>
      expect(treeOf(ofTrace(), rootId)).toEqual([
        {
          POST: [
            {
              'POST /v1/events': [
                {
                  'send tidings.events': [
                    { 'process tidings.events': [{ 'send tidings.deliveries': [succeeded, succeeded] }] },
                  ],
                },
              ],
            },
          ],
        },
      ]),
    { timeoutMs: 30_000 },
  );

  const spans = ofTrace();
  const requests = spans.filter(({ kind }) => kind === 3);
  const statusOf = (span: ReceivedSpan) => attributesOf(span)['http.response.status_code'];
  expect(requests.map(statusOf).map(Number).toSorted()).toEqual([204, 503]);
  expect(requests.find((span) => statusOf(span) === 503)).toMatchObject({ status: { code: 2 } });
  for (const request of requests)
    expect(attributesOf(request)['url.full']).toBe(`${new URL(endpoint.url).origin}/REDACTED`);
  // Between the attempts are the rung and back, more than once if it was a little early.
  const failed = requests.find((span) => statusOf(span) === 503)?.parentSpanId;
  const moves = allOfTrace().filter(isMove);
  expect(moves.filter(({ parentSpanId }) => parentSpanId === failed).map(({ name }) => name)).toEqual([
    'send tidings.retry.1s',
  ]);
  expect(moves.some(({ name }) => name === 'process tidings.retry.1s')).toBe(true);
  // The endpoint was given the span of the request that it got.
  const given = endpoint.receipts.map(({ headers }) => String(headers['traceparent']).split('-')[2]);
  expect(requests.map(({ spanId }) => spanId)).toEqual(expect.arrayContaining(given));
  for (const span of spans.filter(({ kind }) => kind === 5)) {
    expect(span.links?.map(({ spanId }) => spanId)).toEqual([span.parentSpanId]);
    expect(attributesOf(span)).toMatchObject({
      'messaging.system': 'kafka',
      'messaging.operation.type': 'process',
    });
  }
  for (const text of [hidden, secret, 'in-the-body', local.admin_key])
    expect(spanCollector.text()).not.toContain(text);

  // What is sent again stays in the trace of its event, and is linked with the request for it.
  const retryId = randomBytes(16).toString('hex');
  await post('01', retryId, { path: `webhooks/events/${eventId}/retry`, body: {} });
  const created = await eventually(
    () => {
      const span = allOfTrace().find(({ name }) => name === 'create tidings.deliveries');
      expect(treeOf(allOfTrace(), span?.spanId ?? '')).toEqual([succeeded]);
      return span;
    },
    { timeoutMs: 30_000 },
  );
  const [sent] = spanCollector
    .spans()
    .filter((span) => span.traceId === retryId && span.name === 'send tidings.deliveries');
  expect(created?.links?.map(({ spanId }) => spanId)).toEqual([sent?.spanId]);
  expect(sent?.links?.map(({ spanId }) => spanId)).toEqual([created?.spanId]);

  // A trace that is not sampled goes on to the endpoint, and leaves no span.
  const silentId = randomBytes(16).toString('hex');
  await post('00', silentId);
  await eventually(() =>
    expect(endpoint.receipts.some(({ headers }) => String(headers['traceparent']).includes(silentId))).toBe(
      true,
    ),
  );
  const lastId = randomBytes(16).toString('hex');
  await post('01', lastId);
  await eventually(() => expect(spanCollector.text()).toContain(lastId), { timeoutMs: 30_000 });
  expect(spanCollector.text()).not.toContain(silentId);
});
