import { consumerId, topics, workspaceId } from '@tidings/contracts';
import { expect, it } from 'vitest';
import { openInMemoryKinds } from '../../test/memory/in-memory-kinds.ts';
import type { Documents } from '../registry/documents.ts';
import { systemActor } from '../registry/domain/audit-entry.ts';
import { RegistryPresence } from '../registry/registry-presence.ts';
import { createConsumer } from './create-consumer.ts';
import type { ApiKey } from './domain/api-key.ts';
import type { Consumer } from './domain/consumer.ts';
import type { Workspace } from './domain/workspace.ts';
import { ensureBootstrap } from './ensure-bootstrap.ts';

const settings = {
  adminKey: 'an-admin-key-of-a-test',
  workspaceId: workspaceId('ws_own'),
  eventTypePolicy: 'strict',
  allowHttp: false,
  maxSubscriptions: 10,
  disableAfterFailures: 5,
} as const;

const openParts = async (bus?: Awaited<ReturnType<typeof openInMemoryKinds>>['bus']) => {
  const registry = await openInMemoryKinds(bus, new RegistryPresence());
  const workspaces = registry.of('workspace') as unknown as Documents<Workspace>;
  const apiKeys = registry.of('api-key') as unknown as Documents<ApiKey>;
  const consumers = registry.of('consumer') as unknown as Documents<Consumer>;
  return { ...registry, workspaces, apiKeys, consumers, settings };
};

it('creates workspace and key only once it is known that the topics have none', async () => {
  const parts = await openParts();
  expect(await ensureBootstrap({ ...parts, areTopicsRead: false })).toBe('waiting');
  expect(parts.bus.records(topics.access)).toEqual([]);
  expect(await ensureBootstrap({ ...parts, areTopicsRead: true })).toBe('done');
  expect(parts.bus.records(topics.access)).toHaveLength(2);
  // The brokers may be away when it starts again.
  expect(await ensureBootstrap({ ...parts, areTopicsRead: false })).toBe('done');
});

it('leaves a database that is lost as it is, so that no version 1 takes the place of what the topics have', async () => {
  const before = await openParts();
  await ensureBootstrap({ ...before, areTopicsRead: true });
  const after = await openParts(before.bus);
  expect(await ensureBootstrap({ ...after, areTopicsRead: true })).toBe('lost');
  expect(await after.workspaces.store.findAnywhere(settings.workspaceId)).toBeNull();
  const [key] = (await before.apiKeys.store.listAll({ afterId: null, limit: 1 })).items;
  const [workspace] = (await before.workspaces.store.listAll({ afterId: null, limit: 1 })).items;
  if (key === undefined || workspace === undefined) throw new Error('nothing was created');
  await after.workspaces.store.insert(workspace);
  expect(await ensureBootstrap({ ...after, areTopicsRead: true })).toBe('lost');
  await after.apiKeys.store.insert(key);
  expect(await ensureBootstrap({ ...after, areTopicsRead: true })).toBe('done');
  expect(after.bus.records(topics.access)).toHaveLength(2);
});

it('creates nothing before it is known that the database is not a lost one', async () => {
  const ref = { workspaceId: settings.workspaceId, consumerId: consumerId('acme') };
  const create = async ({ consumers }: Awaited<ReturnType<typeof openParts>>) =>
    createConsumer(consumers, { ref, details: { name: null, contact: null }, by: systemActor });
  const before = await openParts();
  await expect(create(before)).rejects.toMatchObject({ code: 'unavailable', isPublic: true });
  await ensureBootstrap({ ...before, areTopicsRead: false });
  await expect(create(before)).rejects.toThrow('repeat the request in a moment');
  await ensureBootstrap({ ...before, areTopicsRead: true });
  expect(await create(before)).toMatchObject({ entity: { version: 1 } });

  const after = await openParts(before.bus);
  // As while the topics are being read back.
  for (const { topicVersions, copyVersions } of after.kinds) {
    for (const versions of [topicVersions, copyVersions]) {
      for (const key of [...versions.keys()]) versions.remove(key);
    }
  }
  await ensureBootstrap({ ...after, areTopicsRead: false });
  await expect(create(after)).rejects.toMatchObject({ code: 'unavailable' });
  expect(before.bus.records(topics.registry).filter(({ key }) => key?.startsWith('consumer/'))).toHaveLength(
    1,
  );

  const lost = await openParts(before.bus);
  await ensureBootstrap({ ...lost, areTopicsRead: true });
  await expect(create(lost)).rejects.toThrow('run registry:restore');
});
