import { consumerId, encodeEvent, newEventId, topics } from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { anAttemptRecord } from '@tidings/testing/messages';
import { bodyRenderer } from '@tidings/webhook-request';
import { afterEach, describe, expect, it } from 'vitest';
import { aFailure } from '../../test/builders.ts';
import { acmeKey, startHere, stopAll } from '../../test/in-memory-history.ts';
import { anEventOf } from '../../test/retries/retry-harness.ts';

afterEach(stopAll);

const deliveries = '/v1/webhooks/deliveries';
const events = '/v1/webhooks/events';
const next = { kind: 'retry', atMs: Date.now() + 3_600_000 } as const;

/** Starts the service with a delivery that waits for an hour; its event is in the log unless `isExpired`. */
const start = async ({ isExpired = false, consumer = null as string | null } = {}) => {
  const service = await startHere();
  await service.subscribe();
  const eventId = newEventId(Date.now());
  const event = anEventOf(eventId);
  const logged = isExpired ? anEventOf(newEventId(Date.now())) : event;
  await service.publish({ topic: topics.events, ...encodeEvent(logged, { isRepeatable: true }) });
  const failure = aFailure(1, 1, {
    ...{ eventId, deliveryId: anAttemptRecord(1, { eventId }).deliveryId, next },
    ...(consumer !== null && { consumerId: consumerId(consumer) }),
  });
  await service.attempt(failure);
  await eventually(() => {
    expect(service.deliveries.all()).toHaveLength(1);
    expect(service.events.all()).toHaveLength(1);
  });
  const loggedAtMs = service.bus.records(topics.events)[0]?.timestampMs ?? 0;
  return { ...service, event, deliveryId: failure.deliveryId, loggedAtMs };
};

describe('POST of a retry', () => {
  it('sends the event of the log again, and returns the delivery with its chain', async () => {
    const { callAt, sent, event, deliveryId, loggedAtMs } = await start();
    const { status, body } = await callAt(`${deliveries}/${deliveryId}/retry`, 'POST');
    expect(status).toBe(202);
    expect(body).toMatchObject({
      ...{ id: deliveryId, event_id: event.id, status: 'retrying' },
      ...{ chain: 1, out_of_order: false },
    });
    expect(sent()).toMatchObject([
      {
        body: bodyRenderer(event, loggedAtMs)('standard'),
        state: { deliveryId, chain: 1, trigger: 'manual', supersedes: true, acceptedAtMs: loggedAtMs },
      },
    ]);
  });

  it('of an event returns its deliveries, and 409 if all are refused', async () => {
    const { callAt, event, deliveryId } = await start();
    const retry = async () => callAt(`${events}/${event.id}/retry`, 'POST', { body: {} });
    const first = await retry();
    expect(first).toMatchObject({
      status: 202,
      body: { event_id: event.id, data: [{ id: deliveryId, chain: 1 }], refused: [] },
    });
    expect(await retry()).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('in flight') as string },
    });
  });

  it('says what the log still has if it no longer has the event', async () => {
    const { callAt, deliveryId, loggedAtMs, sent } = await start({ isExpired: true });
    const { status, body } = await callAt(`${deliveries}/${deliveryId}/retry`, 'POST');
    expect(status).toBe(422);
    expect(body['detail']).toContain(`oldest event in the log is from ${new Date(loggedAtMs).toISOString()}`);
    expect(sent()).toEqual([]);
  });

  it.each([
    ['its own consumer', 'acme', 202],
    ['another consumer', 'globex', 404],
  ])('with a key of %s', async (_, consumer, status) => {
    const { callAt, event, deliveryId } = await start({ consumer });
    const byEvent = await callAt(`${events}/${event.id}/retry`, 'POST', { key: acmeKey, body: {} });
    expect(byEvent.status).toBe(status);
    const one = await callAt(`${deliveries}/${deliveryId}/retry`, 'POST', { key: acmeKey });
    expect(one.status).toBe(status === 202 ? 409 : 404);
  });
});
