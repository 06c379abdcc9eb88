import { hashOfKey } from '@tidings/access';
import { encodeAccess, topics, workspaceId } from '@tidings/contracts';
import { connectKafka } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import { eventually, sharedBrokers } from '@tidings/testing';
import { expect, it, onTestFinished } from 'vitest';
import { aSite, startReadyRegistry } from './crashes/start-registry.ts';
import { accessCaller } from './memory/in-memory-access.ts';
import { aBody } from './registry-api.ts';

/** Publishes an admin's key of a workspace to the access topic. */
async function publishAdminKey(workspace: string, key: string): Promise<void> {
  const bus = await connectKafka({ brokers: sharedBrokers(), clientId: 'test', logger: silentLogger });
  onTestFinished(async () => bus.close());
  const producer = await bus.producer();
  const record = encodeAccess({
    type: 'ApiKeyChanged.v1',
    id: `key_${workspace}`,
    workspaceId: workspaceId(workspace),
    consumerId: null,
    version: 1,
    state: 'active',
    hash: hashOfKey(key),
    prefix: '',
    scopes: ['admin'],
    expiresAtMs: null,
    requestsPerSecond: null,
  });
  await producer.publish({ topic: topics.access, ...record });
}

it('isolates a second workspace: its rules, consumers and audit log are its own', async () => {
  const site = aSite();
  const { url, close } = await startReadyRegistry(site);
  const operator = accessCaller(url, site.adminKey);
  const second = `${site.workspace}_second`;
  const notice = { url: 'https://127.0.0.1:9/T0PSECRET', style: 'slack' };
  const body = { id: second, notice, max_subscriptions: 5 };
  expect(await operator('POST', 'workspaces', { body })).toMatchObject({
    status: 201,
    body: { event_type_policy: 'strict', propagated: true },
  });
  const key = `another-admin-key-${second}`;
  await publishAdminKey(second, key);
  const admin = accessCaller(url, key);
  await eventually(async () => expect((await admin('GET', 'consumers')).status).toBe(200));

  // Resources of the first workspace do not exist for the admin of the second.
  await operator('POST', 'consumers', { body: { id: 'acme', contact: 'ops@acme.example' } });
  const subscription = (await operator('POST', 'subscriptions', { body: aBody({ consumer_id: 'acme' }) }))
    .body;
  for (const below of [
    'consumers/acme',
    `subscriptions/${String(subscription['id'])}`,
    `workspaces/${site.workspace}`,
  ]) {
    expect([below, (await operator('GET', below)).status]).toEqual([below, 200]);
    expect([below, (await admin('GET', below)).status]).toEqual([below, 404]);
    expect((await admin('PATCH', below, { body: { name: 'mine' } })).status).toBe(404);
  }
  expect((await admin('GET', 'workspaces')).status).toBe(403);
  expect((await admin('POST', `workspaces/${second}/disable`)).status).toBe(403);

  // A strict workspace accepts no subscription for an unregistered consumer.
  await admin('POST', 'event-types', { body: { name: 'order.paid' } });
  const wanted = { body: aBody({ events: ['order.paid'], consumer_id: 'acme' }) };
  expect(await admin('POST', 'subscriptions', wanted)).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/consumer_id' }] },
  });
  await admin('POST', 'consumers', { body: { id: 'acme' } });
  expect((await admin('POST', 'subscriptions', wanted)).status).toBe(201);

  // The audit log has only entries of its own workspace, and no secrets.
  const log = await admin('GET', 'audit-log');
  expect(log.body['data']).toMatchObject([
    { kind: 'subscription', operation: 'created', consumer_id: 'acme' },
    { kind: 'consumer', operation: 'created', actor: { key_id: `key_${second}` } },
    { kind: 'event_type', operation: 'created' },
    { kind: 'workspace', operation: 'created', after: { notice: '***' } },
  ]);
  expect(JSON.stringify(log.body)).not.toMatch(/T0PSECRET|whsec_/);

  // Only the operator can access a disabled workspace, also after a restart.
  await operator('POST', `workspaces/${second}/disable`);
  await eventually(async () => expect((await admin('GET', 'consumers')).status).toBe(401));
  await close();
  const again = await startReadyRegistry(site);
  expect((await accessCaller(again.url, key)('GET', 'consumers')).status).toBe(401);
  const operatorAgain = accessCaller(again.url, site.adminKey);
  expect((await operatorAgain('GET', `workspaces/${second}`)).body).toMatchObject({
    state: 'disabled',
    notice: { url: 'https://127.0.0.1:9/***', style: 'slack' },
  });
  await operatorAgain('POST', `workspaces/${second}/enable`);
  await eventually(async () =>
    expect((await accessCaller(again.url, key)('GET', 'consumers')).status).toBe(200),
  );
});
