import { workspaceId } from '@tidings/contracts';
import { createMetrics } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { AppError } from '@tidings/runtime';
import { fakeClock } from '@tidings/runtime/testing';
import { describe, expect, it } from 'vitest';
import { createAcceptEvent } from './accept-event.ts';
import { type BatchItem, createAcceptEventBatch } from './accept-event-batch.ts';
import type { StampedEvent } from './domain/stamp-event.ts';
import { metricsCatalogue } from './metrics.ts';

const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const submission = {
  workspaceId: workspaceId('ws_demo'),
  idempotencyKey: null,
  traceparent,
  maySpool: false,
};

const item = (type: string, data = '{}'): BatchItem => ({
  ok: true,
  draft: { request: { type, data: JSON.parse(data) as unknown }, data: Buffer.from(data) },
});

const away = new AppError({ code: 'unavailable', message: 'away' });

const given = (publish: (stamped: StampedEvent) => Promise<void> = async () => {}) => {
  const published: StampedEvent[] = [];
  const logger = recordingLogger();
  const metrics = createMetrics(metricsCatalogue, { service: 'ingress', nodeMetrics: false });
  const ports = {
    checkConsumer: () => {},
    checkEventType: () => null,
    publish: async (events: readonly StampedEvent[]) => {
      for (const stamped of events) await publish(stamped);
      published.push(...events);
      return 'log' as const;
    },
    clock: fakeClock(),
    logger,
    metrics: metrics.handles,
  };
  return { ports, published, logger, metrics };
};

describe('a batch', () => {
  it('has a result for each item in order, independent of the others', async () => {
    const refusal = new AppError({ code: 'unprocessable', message: 'bad' });
    const { ports, published, logger, metrics } = given(async ({ event }) => {
      if (event.eventType === 'b') throw away;
      if (event.eventType === 'c') throw new TypeError('a defect');
    });
    const items: BatchItem[] = [
      item('a', '[1]'),
      { ok: false, error: refusal },
      item('b'),
      item('c'),
      item('d', '2'),
    ];
    const results = await createAcceptEventBatch(ports)(items, submission);
    expect(
      results.map((result) => (result.ok ? result.accepted.type : (result.error as Error).message)),
    ).toEqual(['a', 'bad', 'away', 'a defect', 'd']);
    expect(published.map(({ event }) => event.eventType)).toEqual(['a', 'd']);
    const counts = { accepted: 2, invalid: 1, unavailable: 1, failed: 1, bytes: 4 };
    expect(logger.lines).toMatchObject([{ event: 'batch.accepted', fields: { events: 5, ...counts } }]);
    const text = await metrics.text();
    expect(text).toContain('tidings_ingress_events_total{outcome="accepted",service="ingress"} 2');
    expect(text).toContain('tidings_ingress_events_total{outcome="failed",service="ingress"} 1');
    expect(text).toContain('tidings_ingress_accepted_bytes_total{service="ingress"} 4');
  });

  it('gives the items of one key different ids, the same for each repeat', async () => {
    const { ports } = given();
    const accept = createAcceptEventBatch(ports);
    const ids = async () =>
      (await accept([item('a'), item('a')], { ...submission, idempotencyKey: 'k' })).map(
        (result) => result.ok && result.accepted.id,
      );
    const first = await ids();
    expect(new Set(first)).toHaveLength(2);
    expect(await ids()).toEqual(first);
  });

  it('continues one trace', async () => {
    const { ports, published } = given();
    await createAcceptEventBatch(ports)([item('a'), item('b')], submission);
    expect(published.map(({ event }) => event.traceparent?.slice(0, 35))).toEqual([
      traceparent.slice(0, 35),
      traceparent.slice(0, 35),
    ]);
  });
});

describe('one event', () => {
  const draft = { request: { type: 'a', data: 1 }, data: Buffer.from('1') };

  it('is accepted only when the log has acknowledged it', async () => {
    let acknowledge = (): void => {};
    const { ports, logger } = given(
      () =>
        new Promise((resolve) => {
          acknowledge = resolve;
        }),
    );
    let isAnswered = false;
    const acceptedAtMs = ports.clock.nowMs();
    const answer = createAcceptEvent(ports)(() => draft, submission).finally(() => {
      isAnswered = true;
    });
    await ports.clock.advance(3_000);
    expect(isAnswered).toBe(false);
    acknowledge();
    const accepted = await answer;
    // The time of the answer would be later than that of the record in the log.
    expect(accepted).toMatchObject({ type: 'a', acceptedAtMs });
    expect(logger.lines).toMatchObject([
      { event: 'event.accepted', fields: { eventId: accepted.id, eventType: 'a', bytes: 1, tookMs: 3_000 } },
    ]);
  });

  it('is neither accepted nor logged as accepted when the log does not acknowledge it', async () => {
    const { ports, logger, metrics } = given(async () => {
      throw away;
    });
    await expect(createAcceptEvent(ports)(() => draft, submission)).rejects.toBe(away);
    expect(logger.lines).toEqual([]);
    expect(await metrics.text()).toContain(
      'tidings_ingress_events_total{outcome="unavailable",service="ingress"} 1',
    );
  });
});
