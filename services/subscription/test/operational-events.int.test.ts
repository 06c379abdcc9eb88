import {
  type AttemptRecorded,
  decodeEvent,
  encodeAttempt,
  newEventId,
  subscriptionId as subscriptionIdOf,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { connectKafka, type OutgoingRecord } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import { eventually, sharedBrokers, startReceiver } from '@tidings/testing';
import { anAttemptRecord } from '@tidings/testing/messages';
import { expect, it, onTestFinished } from 'vitest';
import { aSite, type RegistrySite, startReadyRegistry } from './crashes/start-registry.ts';
import { accessCaller } from './memory/in-memory-access.ts';
import { aBody } from './registry-api.ts';

/** Creates a failed attempt unless the overrides state otherwise. */
function attemptOf(id: string, site: RegistrySite, overrides: Partial<AttemptRecorded> = {}): OutgoingRecord {
  const attemptEvent = anAttemptRecord(1, {
    eventId: newEventId(Date.now()),
    workspaceId: workspaceId(site.workspace),
    subscriptionId: subscriptionIdOf(id),
    atMs: Date.now(),
    outcome: { kind: 'failed', reason: 'timeout', statusCode: null, responseExcerpt: null },
    ...overrides,
  });
  return { topic: topics.attempts, ...encodeAttempt(attemptEvent, null) };
}

it('publishes each transition once, regardless of which instance counts and how often', async () => {
  const site = aSite();
  const bus = await connectKafka({ brokers: sharedBrokers(), clientId: 'test', logger: silentLogger });
  onTestFinished(async () => bus.close());
  const producer = await bus.producer();
  const events: { id: string; type: string; reason: unknown }[] = [];
  await bus.runPartitions({
    group: `operational-${site.database}`,
    topics: [topics.events],
    decode: decodeEvent,
    onBatch: ({ items }) => {
      for (const item of items) {
        const { message } = item;
        if (message.workspaceId === site.workspace) {
          const { reason } = JSON.parse(message.data.toString()) as { reason: unknown };
          events.push({ id: message.id, type: message.eventType.replace('tidings.', ''), reason });
        }
        item.done();
      }
    },
  });
  const env = { SUBSCRIPTION_DISABLE_AFTER_FAILURES: '6' };
  const { call } = await startReadyRegistry(site, env);
  // A second instance of the same group; `third` below has its own group and reads everything again.
  await startReadyRegistry(site, env);
  const { body } = await call('POST', '', { body: aBody() });
  const attempt = async (version: number, ok: boolean, isLast = false): Promise<void> => {
    const outcome: AttemptRecorded['outcome'] = ok
      ? { kind: 'delivered', statusCode: 200, responseExcerpt: null }
      : { kind: 'failed', reason: 'timeout', statusCode: null, responseExcerpt: null };
    const next: AttemptRecorded['next'] = isLast
      ? { kind: 'dead-letter', reason: 'exhausted' }
      : { kind: 'none' };
    await producer.publish(attemptOf(body.id, site, { subscriptionVersion: version, outcome, next }));
  };
  for (let count = 0; count < 8; count += 1) await attempt(1, false, count === 1);
  await eventually(async () =>
    expect((await call('GET', `/${body.id}`)).body).toMatchObject({
      state: 'disabled',
      disabled_reason: 'consecutive-failures',
      version: 2,
      failure_count: 8,
    }),
  );
  const third = await startReadyRegistry(site, { ...env, SUBSCRIPTION_HEALTH_GROUP: `${site.database}_2` });
  const enabled = await third.call('POST', `/${body.id}/enable`);
  expect(enabled.body.version).toBe(3);
  await attempt(1, false);
  await attempt(3, true);
  const types = [
    'delivery.exhausted',
    'subscription.failing',
    'subscription.disabled',
    'subscription.recovered',
  ];
  await eventually(() => expect(new Set(events.map(({ type }) => type))).toEqual(new Set(types)));
  expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(types));
  expect(new Set(events.map(({ id }) => id)).size).toBe(4);
  expect(events.find(({ type }) => type === 'subscription.disabled')?.reason).toBe('consecutive-failures');
});

it('applies the rules of the workspace, and sends it notices', async () => {
  const site = aSite();
  const bus = await connectKafka({ brokers: sharedBrokers(), clientId: 'test', logger: silentLogger });
  onTestFinished(async () => bus.close());
  const producer = await bus.producer();
  const chat = await startReceiver({ cleanUp: onTestFinished });
  const { url, call } = await startReadyRegistry(site, { ALLOW_HTTP_ENDPOINTS: 'true' });
  const rules = { disable_after_failures: 2, notice: { url: chat.url, style: 'slack' } };
  const changed = await accessCaller(url, site.adminKey)('PATCH', `workspaces/${site.workspace}`, {
    body: rules,
  });
  expect(changed).toMatchObject({ status: 200, body: { disable_after_failures: 2, propagated: true } });
  const { body } = await call('POST', '', { body: aBody() });
  for (let count = 0; count < 2; count += 1) await producer.publish(attemptOf(body.id, site));
  const disabled = { state: 'disabled', failure_count: 2 };
  await eventually(async () => expect((await call('GET', `/${body.id}`)).body).toMatchObject(disabled));
  const [notice] = await chat.waitFor(1);
  expect(JSON.parse(notice?.body.toString() ?? '')).toEqual({
    text: expect.stringContaining(
      `${body.id} to partner.example was disabled (consecutive-failures)`,
    ) as string,
  });
});
