import {
  encodeAttempt,
  newEventId,
  subscriptionId as subscriptionIdOf,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { connectKafka, type Producer } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import { eventually, sharedBrokers } from '@tidings/testing';
import { anAttemptRecord } from '@tidings/testing/messages';
import { expect, it, onTestFinished } from 'vitest';
import { aSite, type RegistrySite, startReadyRegistry } from './crashes/start-registry.ts';
import { aBody } from './registry-api.ts';

async function openProducer(): Promise<Producer> {
  const bus = await connectKafka({ brokers: sharedBrokers(), clientId: 'test', logger: silentLogger });
  onTestFinished(async () => bus.close());
  return bus.producer();
}

async function attempt(
  producer: Producer,
  to: Readonly<{ id: string; version: number; site: RegistrySite; ok: boolean }>,
) {
  const attemptEvent = encodeAttempt(
    anAttemptRecord(1, {
      eventId: newEventId(Date.now()),
      workspaceId: workspaceId(to.site.workspace),
      subscriptionId: subscriptionIdOf(to.id),
      subscriptionVersion: to.version,
      atMs: 1_700_000_000_000,
      outcome: to.ok
        ? { kind: 'delivered', statusCode: 200, responseExcerpt: null }
        : { kind: 'failed', reason: 'timeout', statusCode: null, responseExcerpt: null },
    }),
    null,
  );
  await producer.publish({ topic: topics.attempts, ...attemptEvent });
}

it('shows endpoint health without creating a version, also after the topic is read again', async () => {
  const site = aSite();
  const producer = await openProducer();
  const { call, close } = await startReadyRegistry(site);
  const { body, headers } = await call('POST', '', { body: aBody() });
  expect(body).toMatchObject({ failure_count: 0, last_delivery_at: null });
  await attempt(producer, { id: body.id, version: 1, site, ok: true });
  for (let count = 0; count < 3; count += 1)
    await attempt(producer, { id: body.id, version: 1, site, ok: false });
  const expected = { failure_count: 3, last_delivery_at: '2023-11-14T22:13:20.000Z', version: 1 };
  await eventually(async () => expect((await call('GET', `/${body.id}`)).body).toMatchObject(expected));
  expect((await call('GET', `/${body.id}`)).headers.get('etag')).toBe(headers.get('etag'));
  expect((await call('GET', '')).body.data[0]).toMatchObject(expected);
  await close();

  const again = await startReadyRegistry(site, { SUBSCRIPTION_HEALTH_GROUP: `${site.database}_again` });
  // One more attempt after all the others: when it is counted, the others have been read again.
  await attempt(producer, { id: body.id, version: 1, site, ok: false });
  const one = { ...expected, failure_count: 4 };
  await eventually(async () => expect((await again.call('GET', `/${body.id}`)).body).toMatchObject(one));

  await again.call('POST', `/${body.id}/disable`);
  const enabled = await again.call('POST', `/${body.id}/enable`);
  expect(enabled.body).toMatchObject({ version: 3, failure_count: 0 });
  await attempt(producer, { id: body.id, version: 1, site, ok: false });
  await attempt(producer, { id: body.id, version: 3, site, ok: false });
  const forgiven = { ...expected, version: 3, failure_count: 1 };
  await eventually(async () => expect((await again.call('GET', `/${body.id}`)).body).toMatchObject(forgiven));
});
