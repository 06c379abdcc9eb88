import { consumerId, encodeEvent, subscriptionId, topics } from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { anEvent, exchange, nowMs, startErasing, storedText } from '../../test/erasure/erasure-harness.ts';
import { acmeKey, newBacking, startHere, stopAll } from '../../test/in-memory-history.ts';

afterEach(stopAll);

const acme = consumerId('acme');

describe('the erasure of a consumer', () => {
  it('covers what is addressed to it and what its subscriptions got, until the request', async () => {
    const service = await startErasing();
    const own = anEvent({ consumerId: acme });
    const broadcast = anEvent({ data: Buffer.from('{"name":"all"}'), callerId: null, orderingKey: null });
    const others = anEvent({ consumerId: consumerId('globex') });
    await service.accept(own, broadcast, others);
    const ofAcme = { consumerId: acme, subscriptionId: subscriptionId('sub_acme') };
    await service.deliver(own, { addressedTo: acme });
    await service.deliver(broadcast, ofAcme);
    await service.deliver(others, { subscriptionId: subscriptionId('sub_2') });
    await service.erase({ consumer_id: 'acme' });
    const later = anEvent({ consumerId: acme, data: Buffer.from('{"name":"alice again"}') });
    await service.accept(later);
    await service.deliver(later, { ...ofAcme, acceptedAtMs: Date.now() });
    const { body } = await service.get('/events');
    const erased = new Map((body['data'] as { id: string; erased: boolean }[]).map((e) => [e.id, e.erased]));
    expect([own, broadcast, others, later].map(({ id }) => erased.get(id))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    const byEvent = new Map(
      service.deliveries.all().map((delivery) => [delivery.eventId, delivery.isErased]),
    );
    expect([own, broadcast, others, later].map(({ id }) => byEvent.get(id) === true)).toEqual([
      ...[true, true, false, false],
    ]);
    expect((await service.get(`/events/${broadcast.id}`)).body).toMatchObject({ data_status: 'available' });
    expect((await service.get(`/events/${own.id}`, acmeKey)).body).toMatchObject({ data_status: 'erased' });
  });

  it('applies to records that arrive later, twice, in another order, and after a restart', async () => {
    const backing = newBacking();
    const first = await startErasing(backing);
    const event = anEvent({ consumerId: acme });
    await first.accept(event);
    await first.erase({ consumer_id: 'acme' });
    await first.stop();
    const second = await startErasing(backing);
    const ofAcme = { consumerId: acme, subscriptionId: subscriptionId('sub_acme') };
    const failure = { kind: 'failed', reason: 'http-status', statusCode: 500 } as const;
    const record = {
      ...{ ...ofAcme, eventId: event.id, acceptedAtMs: nowMs, orderingKey: 'alice', exchange },
      outcome: { ...failure, responseExcerpt: 'hello alice' },
    };
    const retried = { ...record, attempt: 2, atMs: nowMs + 10 };
    for (const one of [retried, record, record, retried]) await second.attempt(one);
    await second.deadLetter(1, { ...ofAcme, eventId: event.id, acceptedAtMs: nowMs, orderingKey: 'alice' });
    await second.stored(1);
    await eventually(() => expect(second.deliveries.all()[0]?.attemptEvents).toHaveLength(2));
    await second.publish({
      topic: topics.events,
      ...encodeEvent(anEvent({ ...event }), { isRepeatable: true }),
    });
    expect(await storedText(second)).not.toContain('alice');
    expect(second.deadLetters.all()).toMatchObject([{ isErased: true, detail: null }]);
  });

  it('stays erased in a history that is built again from the log', async () => {
    const service = await startErasing();
    await service.accept(anEvent({ consumerId: acme }));
    await service.attempt({
      ...{ consumerId: acme, acceptedAtMs: nowMs, orderingKey: 'alice', exchange },
    });
    await eventually(() => expect(service.deliveries.all()).toHaveLength(1));
    await service.erase({ consumer_id: 'acme' });
    const { bus, deliveries, events } = service;
    await service.stop();
    const again = newBacking();
    const rebuilt = await startHere({ ...again, bus }, { HISTORY_GROUP: 'tidings-history-again' });
    await eventually(() => {
      expect(again.deliveries.all()).toEqual(deliveries.all());
      expect(again.events.all()).toEqual(events.all());
    });
    await rebuilt.stop();
  });
});
