import {
  decodeEventType,
  type EventTypeRecord,
  encodeEventTypeSeen,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { connectKafka } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import { eventually, sharedBrokers } from '@tidings/testing';
import { describe, expect, it } from 'vitest';
import { aSite, startReadyRegistry } from './crashes/start-registry.ts';
import { catalogueCaller } from './memory/in-memory-catalogue.ts';
import { aBody } from './registry-api.ts';

const recordsOf = async (workspace: string): Promise<readonly EventTypeRecord[]> => {
  const bus = await connectKafka({
    brokers: sharedBrokers(),
    clientId: 'tidings-test',
    logger: silentLogger,
  });
  const found: EventTypeRecord[] = [];
  try {
    await bus.readRange({
      topic: topics.eventTypes,
      partitions: [0],
      from: { timestampMs: 0 },
      service: 'subscription-test',
      onRecord: (record) => {
        if (record.key?.startsWith(`${workspace}/`) === true) found.push(decodeEventType(record));
      },
    });
  } finally {
    await bus.close();
  }
  return found;
};

describe('event types over MongoDB and Kafka', () => {
  it('are stored, found, changed and published, and exist after a restart', async () => {
    const site = aSite();
    const first = await startReadyRegistry(site);
    const call = catalogueCaller(first.url, site.adminKey);
    const schema = { type: 'object', properties: { 'a.b': { const: { $x: 1 } } }, required: ['a.b'] };
    const body = { name: 'order.paid', schema, example: { 'a.b': { $x: 1 } }, group: 'orders' };
    expect(await call('POST', '', { body })).toMatchObject({ status: 201, body: { propagated: true } });
    expect((await call('POST', '', { body })).status).toBe(409);
    await call('POST', '', { body: { name: 'order.sent' } });
    await call('POST', '/order.paid/schemas', { body: { schema: { ...schema, title: 'Second' } } });
    await first.close();
    const second = await startReadyRegistry(site);
    const again = catalogueCaller(second.url, site.adminKey);
    expect((await again('GET', '?group=orders&limit=1')).body).toMatchObject({
      data: [{ name: 'order.paid', active_schema: 2, example: { 'a.b': { $x: 1 } }, propagated: true }],
      next_cursor: null,
    });
    expect((await again('DELETE', '/order.sent')).body).toMatchObject({
      state: 'archived',
      propagated: true,
    });
    const records = await recordsOf(site.workspace);
    // The sweep may publish a version twice.
    expect(new Set(records.map(({ name, version, state }) => `${name} ${version} ${state}`))).toEqual(
      new Set(['order.paid 1 active', 'order.sent 1 active', 'order.paid 2 active', 'order.sent 2 archived']),
    );
    const changed = records.find(({ name, version }) => name === 'order.paid' && version === 2);
    expect(changed?.schema).toEqual({ version: 2, schema: { ...schema, title: 'Second' } });
    expect(workspaceId(site.workspace)).toBe(records[0]?.workspaceId);
  });

  it('are the only names that a subscription of a strict workspace can list', async () => {
    const site = aSite();
    const registry = await startReadyRegistry(site, { WORKSPACE_POLICY: 'strict' });
    const types = catalogueCaller(registry.url, site.adminKey);
    const body = aBody({ events: ['order.paid', 'order.*'], consumer_id: undefined });
    const refused = await registry.call('POST', '', { body });
    expect(refused.status).toBe(422);
    expect(refused.body.errors.map(({ pointer }) => pointer)).toEqual(['/events', '/events/0', '/events/1']);
    expect((await types('POST', '', { body: { name: 'order.paid' } })).status).toBe(201);
    const { status, body: made } = await registry.call('POST', '', { body });
    expect(status).toBe(201);
    const patched = await registry.call('PATCH', `/${made.id}`, { body: { events: ['order.lost'] } });
    expect(patched.status).toBe(422);
    expect(patched.body.errors[0]?.detail).toContain('registered are order.paid');
  });

  it('become drafts when an event or a subscription of an open workspace names them first', async () => {
    const site = aSite();
    const registry = await startReadyRegistry(site);
    const types = catalogueCaller(registry.url, site.adminKey);
    const wire = encodeEventTypeSeen({
      type: 'EventTypeSeen.v1',
      workspaceId: workspaceId(site.workspace),
      name: 'order.paid',
    });
    const bus = await connectKafka({
      brokers: sharedBrokers(),
      clientId: 'tidings-test',
      logger: silentLogger,
    });
    await (await bus.producer()).publish({ topic: topics.seenEventTypes, ...wire });
    await bus.close();
    const body = aBody({ events: ['order.sent', 'order.*', '*'] });
    expect((await registry.call('POST', '', { body })).status).toBe(201);
    const drafts = async () =>
      ((await types('GET', '?state=draft')).body['data'] as { name: string; origin: string }[]).map(
        ({ name, origin }) => [name, origin],
      );
    await eventually(
      async () =>
        expect(await drafts()).toEqual([
          ['order.paid', 'seen'],
          ['order.sent', 'seen'],
        ]),
      { timeoutMs: 20_000 },
    );
    const taken = await types('POST', '', { body: { name: 'order.paid' } });
    expect(taken).toMatchObject({ status: 201, body: { origin: 'registered', state: 'active' } });
  });
});
