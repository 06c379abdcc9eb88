import { context, propagation, type SpanContext, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { node, tracing } from '@opentelemetry/sdk-node';
import { topics } from '@tidings/contracts';
import { newTraceparent, traceFields } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chain } from '../handlers/chain.ts';
import { World } from '../test/world.ts';

const second = 1_000;

/** Registers the SDK of an application until the test ends. Returns the spans that have ended. */
const startSdk = (): (() => readonly tracing.ReadableSpan[]) => {
  const exporter = new tracing.InMemorySpanExporter();
  const provider = new node.NodeTracerProvider({
    spanProcessors: [new tracing.SimpleSpanProcessor(exporter)],
  });
  provider.register();
  onTestFinished(async () => {
    trace.disable();
    context.disable();
    propagation.disable();
    await provider.shutdown();
  });
  return () => exporter.getFinishedSpans();
};

/** A run whose second step fails once. `within`: the contexts in which the steps were called. */
const runOnce = async (world: World, traceparent: string | null) => {
  const within: (SpanContext | undefined)[] = [];
  const logger = recordingLogger();
  const note = async (): Promise<void> => {
    await Promise.resolve();
    within.push(trace.getActiveSpan()?.spanContext());
  };
  const charge = async (_: unknown, { attempt }: { attempt: number }): Promise<void> => {
    await note();
    if (attempt === 1) throw new Error('a secret');
  };
  const start = async () =>
    world.start({
      logger,
      handlers: (step) => [
        {
          pattern: 'order.paid',
          node: chain([step('reserve', note), step('charge', charge, { backoff: [30] })]),
        },
      ],
    });
  const first = await start();
  const eventId = await world.publish('order.paid', {}, { traceparent });
  await world.clock.advance(second);
  // The wait outlives the worker.
  await first.worker.close();
  await world.remove(first);
  await start();
  await world.clock.advance(60 * second);
  expect(world.runs()).toMatchObject([{ status: 'completed' }]);
  return { within, eventId, lines: logger.lines };
};

describe('the spans of a run', () => {
  it('are its start and each attempt, in the trace of the event; one after a wait is linked with the one before', async () => {
    const spans = startSdk();
    const world = new World();
    const traceparent = newTraceparent();
    const { within, eventId, lines } = await runOnce(world, traceparent);
    const [started, reserve, failed, retried, ...others] = spans();
    expect(others).toEqual([]);
    const { trace_id: traceId, span_id: spanId } = traceFields(traceparent);
    for (const span of spans()) {
      expect(span.spanContext().traceId).toBe(traceId);
      expect(span.parentSpanContext?.spanId).toBe(spanId);
      expect(span.attributes).toMatchObject({ 'tidings.app': 'shop', 'tidings.handler': 'order.paid' });
      expect(span.attributes['tidings.run.id']).toBe(world.runs()[0]?.runId);
      expect(JSON.stringify([span.attributes, span.status, span.events])).not.toContain('a secret');
    }
    expect(started).toMatchObject({
      ...{ name: `process ${topics.events.name}`, kind: SpanKind.CONSUMER },
      attributes: { 'messaging.system': 'kafka', 'messaging.message.id': eventId },
    });
    expect(started?.links.map((link) => link.context.spanId)).toEqual([spanId]);
    expect([reserve, failed, retried].map((span) => span?.name)).toEqual([
      'step reserve',
      'step charge',
      'step charge',
    ]);
    expect(reserve).toMatchObject({ links: [], attributes: { 'tidings.outcome': 'succeeded' } });
    expect(failed).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'failed', 'tidings.attempt': 1, 'tidings.event.id': eventId },
    });
    expect(String(failed?.attributes['tidings.not_before'])).toMatch(/^20.*Z$/);
    expect(retried?.links.map((link) => link.context.spanId)).toEqual([failed?.spanContext().spanId]);
    expect(retried?.attributes).toMatchObject({ 'tidings.attempt': 2 });
    expect(retried?.attributes['tidings.wait_ms']).toBeGreaterThanOrEqual(30 * second);
    // What a step calls belongs to its span.
    expect(within.map((one) => one?.spanId)).toEqual(
      [reserve, failed, retried].map((span) => span?.spanContext().spanId),
    );
    const attempted = lines.filter(({ event }) => event === 'step.attempted');
    expect(attempted.map(({ fields }) => fields['span_id'])).toEqual(within.map((one) => one?.spanId));
  });

  it('are none in a trace that is not sampled, whose context goes on', async () => {
    const spans = startSdk();
    const world = new World();
    const traceparent = newTraceparent().replace(/1$/, '0');
    const { within, lines } = await runOnce(world, traceparent);
    expect(spans()).toEqual([]);
    const { trace_id: traceId } = traceFields(traceparent);
    expect(within.map((one) => [one?.traceId, one?.traceFlags])).toEqual([1, 2, 3].map(() => [traceId, 0]));
    // That of the event stays; attempts have none.
    const withoutEvents = JSON.stringify(world.runs(), (key, value: unknown) =>
      key === 'event' ? undefined : value,
    );
    expect(withoutEvents).toContain('"attempts"');
    expect(withoutEvents).not.toContain('traceparent');
    expect(lines.find(({ event }) => event === 'step.attempted')?.fields['trace_id']).toBe(traceId);
  });

  it('are none without an SDK, and its lines have the trace of the event', async () => {
    const world = new World();
    const traceparent = newTraceparent();
    const { within, lines } = await runOnce(world, traceparent);
    expect(within).toEqual([undefined, undefined, undefined]);
    const steps = world.runs()[0]?.steps ?? [];
    expect(steps.flatMap(({ attempts }) => attempts.map((one) => one.traceparent))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(lines.find(({ event }) => event === 'step.attempted')?.fields).toMatchObject(
      traceFields(traceparent),
    );
  });
});
