import { encodeDeadLetter, encodeEvent, encodeRun, newEventId, topics } from '@tidings/contracts';
import { type FinishedSpan, newTraceparent } from '@tidings/observability';
import { recordSpans } from '@tidings/observability/testing';
import { eventually } from '@tidings/testing';
import { anAttemptRecord } from '@tidings/testing/messages';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { aFailure } from '../test/builders.ts';
import { aCommandState, aDeadLetter } from '../test/dead-letters/dead-letter-builders.ts';
import { bodyOf, isDone, newBacking, startHere, stopAll } from '../test/in-memory-history.ts';
import { anEventOf } from '../test/retries/retry-harness.ts';
import { aFailure as aFailureOfRun, aRun } from '../test/runs/run-builders.ts';

afterEach(stopAll);

const unsampled = (): string => newTraceparent().replace(/1$/, '0');
const traceId = (traceparent: string | null | undefined): string => String(traceparent).slice(3, 35);
const deliveries = topics.deliveries.name;

const spanOf = async (
  spans: readonly FinishedSpan[],
  { name, traceparent }: Readonly<{ name: string; traceparent: string }>,
): Promise<FinishedSpan> =>
  eventually(() => {
    const found = spans.filter(
      (one) => one.name === name && traceId(one.traceparent) === traceId(traceparent),
    );
    expect(found).toHaveLength(1);
    return found[0] ?? expect.fail();
  });

it('a retry stays in the trace of its event, which is recorded from then on, and is linked with its request', async () => {
  const spans = recordSpans(onTestFinished);
  const service = await startHere();
  await service.subscribe();
  const eventId = newEventId(Date.now());
  const event = { ...anEventOf(eventId), traceparent: unsampled() };
  await service.publish({ topic: topics.events, ...encodeEvent(event, { isRepeatable: true }) });
  const { deliveryId } = anAttemptRecord(1, { eventId });
  const next = { kind: 'retry', atMs: Date.now() + 3_600_000 } as const;
  await service.attempt(aFailure(1, 1, { eventId, deliveryId, next }));
  await eventually(() => {
    expect(service.deliveries.all()).toHaveLength(1);
    expect(service.events.all()).toHaveLength(1);
  });
  for (const path of [`deliveries/${deliveryId}`, `events/${eventId}`]) {
    const traceparent = newTraceparent();
    const { status } = await service.callAt(`/v1/webhooks/${path}/retry`, 'POST', {
      ...{ headers: { traceparent }, body: path.startsWith('events') ? {} : undefined },
    });
    expect(status).toBe(202);
    const carried = service.sent().at(-1)?.traceparent;
    const created = spans.find((one) => one.traceparent === carried);
    expect(created).toMatchObject({ name: `create ${deliveries}`, parent: event.traceparent });
    expect(created?.attributes).toMatchObject({
      'messaging.message.id': deliveryId,
      'tidings.trigger': 'manual',
    });
    const sent = await spanOf(spans, { name: `send ${deliveries}`, traceparent });
    expect(created?.links).toEqual([sent.traceparent]);
    const kind = path.startsWith('events') ? 'events' : 'deliveries';
    const request = await spanOf(spans, { name: `POST /v1/webhooks/${kind}/:id/retry`, traceparent });
    expect(sent).toMatchObject({ parent: request.traceparent, links: [carried] });
    await service.attempt(aFailure(1, 1, { eventId, deliveryId, next, chain: 1 }));
    await eventually(() => expect(service.deliveries.all()[0]?.attemptEvents).toHaveLength(2));
  }
});

it('a redrive has one span for a batch in the trace of its request, linked with the traces that are recorded', async () => {
  const spans = recordSpans(onTestFinished);
  const service = await startHere();
  await service.subscribe({ version: 7 });
  const older = [newTraceparent(), unsampled(), newTraceparent()];
  for (const [at, traceparent] of older.entries()) {
    const deadLetter = aDeadLetter(aCommandState(at + 1));
    const record = encodeDeadLetter(deadLetter, bodyOf(at + 1), traceparent);
    await service.publish({ topic: topics.deadLetters, ...record });
  }
  await service.stored(3);
  const traceparent = newTraceparent();
  const { body } = await service.callAt('/v1/webhooks/dead-letters/redrive', 'POST', {
    ...{ headers: { traceparent }, body: { all: true, rate_per_second: 1_000 } },
  });
  await isDone(service, body['id']);
  const sent = await spanOf(spans, { name: `send ${deliveries}`, traceparent });
  const carried = service.sent().map((command) => command.traceparent);
  expect(carried.map(traceId)).toEqual(older.map(traceId));
  expect(carried[1]).toBe(older[1]);
  expect(sent).toMatchObject({
    ...{ kind: 'client', links: [carried[0], carried[2]] },
    attributes: {
      'messaging.batch.message_count': 3,
      'tidings.job.id': body['id'],
      'tidings.job.kind': 'redrive',
    },
  });
  const created = spans.filter(({ name }) => name === `create ${deliveries}`);
  expect(created.map(({ parent, links }) => [parent, links])).toEqual(
    [older[0], older[2]].map((parent) => [parent, [sent.traceparent]]),
  );
});

const eventOfErasure = newEventId(Date.now());

it.each([
  ['run_retry', 'runs/retry', { all: true, rate_per_second: 1_000 }],
  ['run_cancel', 'runs/cancel', { all: true, rate_per_second: 1_000 }],
  ['discard', 'dead-letters/discard', { all: true, reason: 'a test' }],
  ['export', 'exports', { of: 'events', format: 'ndjson' }],
  ['erasure', 'erasures', { event_id: eventOfErasure }],
])('a batch of a job of kind %s has a span in the trace of its request', async (kind, path, order) => {
  const spans = recordSpans(onTestFinished);
  const backing = newBacking();
  const service = await startHere(backing);
  await service.subscribe();
  const startedAtMs = Date.now() - 1_000;
  for (const run of [aRun({ status: 'failed', failure: aFailureOfRun, startedAtMs }), aRun({ startedAtMs })])
    await service.publish({ topic: topics.runs, ...encodeRun(run) });
  const deadLetter = encodeDeadLetter(aDeadLetter(aCommandState(1)), bodyOf(1), unsampled());
  await service.publish({ topic: topics.deadLetters, ...deadLetter });
  const id = eventOfErasure;
  const event = encodeEvent(anEventOf(id), { isRepeatable: true });
  await service.publish({ topic: topics.events, ...event });
  await service.stored(1);
  await eventually(() => {
    expect(backing.runs.all()).toHaveLength(2);
    expect(service.events.all().map((one) => one.id)).toContain(id);
  });
  const traceparent = newTraceparent();
  const started = await service.callAt(`/v1/webhooks/${path}`, 'POST', {
    headers: { traceparent },
    body: order,
  });
  expect(started.status).toBe(202);
  const batch = await spanOf(spans, { name: `batch ${kind}`, traceparent });
  const request = await spanOf(spans, { name: `POST /v1/webhooks/${path}`, traceparent });
  expect(batch).toMatchObject({
    ...{ kind: 'internal', parent: request.traceparent },
    attributes: {
      'tidings.job.id': started.body['id'] ?? started.body['export_id'],
      'tidings.job.kind': kind,
    },
  });
});
