import { encodeSubscription, topics } from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { describe, expect, it } from 'vitest';
import { aSite, type RegistrySite, startReadyRegistry, startRegistry } from './crashes/start-registry.ts';
import { aBody } from './registry-api.ts';
import { openTopic } from './topic-reader.ts';

/**
 * A registry that has run before. A first start waits for Kafka: an empty database may be one that was lost, and then the
 * topics have what must not be created again.
 */
const aKnownSite = async (): Promise<RegistrySite> => {
  const site = aSite();
  await (await startReadyRegistry(site)).close();
  return site;
};

describe('the registry over Kafka and MongoDB', () => {
  it('has the created version on the topic when it returns propagated: true', async () => {
    const topic = await openTopic();
    const { call } = await startReadyRegistry(aSite());
    const created = await call('POST', '', { body: aBody({ endpoint_url: 'http://127.0.0.1:9999/hook' }) });
    expect([created.status, created.body.propagated]).toEqual([201, true]);
    const changed = await call('PATCH', `/${created.body.id}`, { body: { events: ['*'] } });
    expect(changed.body).toMatchObject({ version: 2, propagated: true });
    await eventually(() =>
      expect(topic.of(created.body.id).at(-1)).toMatchObject({ version: 2, events: ['*'] }),
    );
    expect(topic.of(created.body.id)[0]).toMatchObject({ version: 1 });
    const { warnings: _, ...shown } = changed.body;
    expect((await call('GET', `/${created.body.id}`)).body).toEqual(shown);
  });

  it('keeps every change of concurrent writers of two instances', async () => {
    const site = aSite();
    const topic = await openTopic();
    const instances = [await startReadyRegistry(site), await startReadyRegistry(site)];
    const { body } = (await instances[0]?.call('POST', '', { body: aBody() })) ?? { body: { id: '' } };
    const changes = Array.from({ length: 6 }, (_, index) => ({ headers: { [`x-${index}`]: 'v' } }));
    const stale = { 'if-match': '"1"' };
    const raced = await Promise.all(
      instances.map(async ({ call }, index) =>
        call('PATCH', `/${body.id}`, { body: { description: `${index}` }, headers: stale }),
      ),
    );
    expect(raced.map(({ status }) => status).sort()).toEqual([200, 412]);
    const answers = await Promise.all(
      changes.map(async (change, index) =>
        instances[index % 2]?.call('PATCH', `/${body.id}`, { body: change }),
      ),
    );
    expect(answers.map((answer) => answer?.status)).toEqual(changes.map(() => 200));
    const versions = answers.map((answer) => answer?.body.version ?? 0).sort();
    expect(versions).toEqual([3, 4, 5, 6, 7, 8]);
    await eventually(() => expect(topic.of(body.id).at(-1)).toMatchObject({ version: 8 }));
  });

  it('publishes after a restart the version that a crash left between write and publish', async () => {
    const site = await aKnownSite();
    const topic = await openTopic();
    const dying = await startReadyRegistry(site, {
      KAFKA_BROKERS: '127.0.0.1:1',
      SUBSCRIPTION_PUBLISH_WAIT: '100ms',
      SUBSCRIPTION_SWEEP_EVERY: '60s',
    });
    const { body } = await dying.call('POST', '', { body: aBody() });
    expect(body.propagated).toBe(false);
    await dying.call('PATCH', `/${body.id}`, { body: { description: 'second' } });
    await dying.close();
    expect(topic.of(body.id)).toEqual([]);
    const { call } = await startReadyRegistry(site);
    // The sweep and the comparison at startup may both publish it.
    await eventually(() => expect(new Set(topic.versionsOf(body.id))).toEqual(new Set([2])));
    await eventually(async () => expect((await call('GET', `/${body.id}`)).body.propagated).toBe(true));
  });

  it('publishes the current version again when an older one follows it', async () => {
    const topic = await openTopic();
    const { call, logger } = await startReadyRegistry(aSite());
    const { body } = await call('POST', '', { body: aBody() });
    await call('DELETE', `/${body.id}`);
    await eventually(() => expect(topic.versionsOf(body.id).at(-1)).toBe(2));
    // The comparison at startup would publish it as well.
    await eventually(() =>
      expect(logger.lines).toContainEqual(
        expect.objectContaining({
          event: 'registry.compared',
          fields: expect.objectContaining({ kind: 'subscription' }) as object,
        }),
      ),
    );
    const [first] = topic.of(body.id);
    if (first == null) throw new Error('the first version is not on the topic');
    await topic.producer.publish({ topic: topics.subscriptions, ...encodeSubscription(first) });
    // The sweep may publish version 2 once more before that.
    await eventually(() => {
      const versions = topic.versionsOf(body.id);
      expect(versions.lastIndexOf(1)).toBeGreaterThan(versions.indexOf(2));
      expect(versions.at(-1)).toBe(2);
    });
  });

  it('publishes at startup a record that is missing although it was marked as published', async () => {
    const site = aSite();
    const topic = await openTopic();
    const first = await startReadyRegistry(site);
    const { body } = await first.call('POST', '', { body: aBody() });
    await first.close();
    const tombstone = { topic: topics.subscriptions, key: body.id, value: null };
    await topic.producer.publish(tombstone);
    await eventually(() => expect(topic.of(body.id).at(-1)).toBeNull());
    await startReadyRegistry(site);
    await eventually(() => expect(topic.of(body.id).at(-1)).toMatchObject({ version: 1 }));
  });

  it('returns 201 with propagated: false while Kafka is unavailable', async () => {
    const registry = await startReadyRegistry(await aKnownSite(), {
      KAFKA_BROKERS: '127.0.0.1:1',
      SUBSCRIPTION_PUBLISH_WAIT: '100ms',
    });
    const { status, body } = await registry.call('POST', '', { body: aBody() });
    expect([status, body.propagated]).toEqual([201, false]);
  });

  it('starts without MongoDB, is not ready, and returns 503', async () => {
    const site = aSite();
    await (await startReadyRegistry(site)).close();
    const registry = await startRegistry(site, { MONGODB_URI: 'mongodb://127.0.0.1:1' });
    await eventually(() =>
      expect(registry.logger.lines.map(({ event }) => event)).toContain('mongodb.not-connected'),
    );
    expect(await registry.isReady()).toBe(false);
    // Keys are read from the topic, so that a wrong key is recognised while the database is unavailable.
    await eventually(async () => expect((await registry.call('GET', '', { key: 'x' })).status).toBe(401));
    const answer = await registry.call('POST', '', { body: aBody() });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).not.toBeNull();
    expect(JSON.stringify(answer.body)).not.toContain('127.0.0.1');
  });

  it('returns the stored response of an Idempotency-Key from another instance', async () => {
    const site = aSite();
    const [one, two] = [await startReadyRegistry(site), await startReadyRegistry(site)];
    const request = { body: aBody(), headers: { 'idempotency-key': 'k1' } };
    const first = await one.call('POST', '', request);
    const second = await two.call('POST', '', request);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(second.body).toEqual(first.body);
  });

  it('rejects an endpoint in a private network', async () => {
    const { call } = await startReadyRegistry(aSite(), { DANGEROUSLY_ALLOWED_NETWORKS: '10.1.0.0/16' });
    for (const url of [
      'http://127.0.0.1:9999/',
      'https://169.254.169.254/',
      'http://10.2.0.1/',
      'https://localhost/',
    ]) {
      expect((await call('POST', '', { body: aBody({ endpoint_url: url }) })).status).toBe(422);
    }
    expect((await call('POST', '', { body: aBody({ endpoint_url: 'http://10.1.2.3:8080/x' }) })).status).toBe(
      201,
    );
  });

  it('rejects an invalid setting with its name', async () => {
    await expect(startRegistry({ ...aSite(), sealingKeys: 'k1:short' })).rejects.toThrow('sealing key ring');
  });
});
