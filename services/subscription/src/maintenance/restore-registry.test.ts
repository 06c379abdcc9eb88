import { topics } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { beforeEach, describe, expect, it } from 'vitest';
import { type InMemoryKinds, oneOfEachKind, openInMemoryKinds } from '../../test/memory/in-memory-kinds.ts';
import { auditPublisher } from '../registry/adapters/kafka-audit-topic.ts';
import { readCopies } from '../registry/adapters/read-copies.ts';
import { systemActor } from '../registry/domain/audit-entry.ts';
import { nextVersion, type Versioned } from '../registry/domain/versioned.ts';
import { sweepUnpublished } from '../registry/maintenance/sweep-unpublished.ts';
import { verifyDocuments } from '../registry/maintenance/verify-documents.ts';
import { publishAudit } from '../registry/publish-audit.ts';
import { writeFirst, writeVersion } from '../registry/write-version.ts';
import { restoreAudit } from './restore-audit.ts';
import { type RestoreOptions, restoreRegistry } from './restore-registry.ts';
import { restoredReport } from './restore-report.ts';

const everyPage = { afterId: null, limit: 1_000 };
const documentsIn = async ({ kinds }: InMemoryKinds) => {
  const lists = await Promise.all(
    kinds.map(async ({ kind, store }) => [kind.name, (await store.listAll(everyPage)).items] as const),
  );
  return Object.fromEntries(lists);
};

const restore = async (registry: InMemoryKinds, options: Partial<RestoreOptions> = {}) => {
  const { bus, kinds, audit } = registry;
  const names = kinds.map(({ kind }) => kind.name);
  const restored = await restoreRegistry(
    {
      ...{ kinds, copies: await readCopies(bus, names), onProgress: () => {} },
      restoreAudit: async (how) => restoreAudit(bus, audit, how),
    },
    { mode: 'all', isDryRun: false, withOutdated: false, ...options },
  );
  const ofKind = (name: string) => restored.kinds.find(({ kind }) => kind === name);
  return { ...restored, ofKind, report: restoredReport(restored) };
};

const disagreements = async ({ kinds }: InMemoryKinds) =>
  (await Promise.all(kinds.map(async (documents) => verifyDocuments(documents)))).flatMap(
    (one) => one.disagreements,
  );

/** Writes one more version of the only document of a kind. */
const writeNext = async (registry: InMemoryKinds, name: string) => {
  const documents = registry.of(name);
  const [entity] = (await documents.store.listAll(everyPage)).items;
  if (entity === undefined) throw new Error(`there is no ${name}`);
  const { id, workspaceId } = entity;
  const target = { scope: { workspaceId, consumerId: null }, id, ifMatch: null, by: systemActor };
  const change = (current: Versioned) => nextVersion(current, {}, registry.clock.nowMs());
  return writeVersion(documents, target, { operation: 'changed', change });
};

describe('a registry whose database is lost', () => {
  let before: InMemoryKinds;
  beforeEach(async () => {
    before = await openInMemoryKinds();
    for (const [name, entity] of oneOfEachKind()) {
      await writeFirst(before.of(name), { entity, by: { keyId: 'key_1', address: '192.0.2.7' } });
      await writeNext(before, name);
    }
    await publishAudit({ audit: before.audit, publish: auditPublisher(before.producer) });
  });
  const lost = async (): Promise<InMemoryKinds> => openInMemoryKinds(before.bus);

  it('comes back as it was, with its audit log, and nothing is published', async () => {
    const after = await lost();
    const written = [topics.registry, topics.subscriptions, topics.access].map(
      (topic) => after.bus.records(topic).length,
    );
    const { report, kinds, audit } = await restore(after);
    expect([report.isOk, kinds.map(({ restored }) => restored)]).toEqual([true, kinds.map(() => 1)]);
    const [subscription] = (await before.of('subscription').store.listAll(everyPage)).items;
    // Its test was queued; a restore must not queue it again.
    await before.of('subscription').store.setFlags(subscription?.id ?? '', 2, { test_owed: false });
    expect(await documentsIn(after)).toEqual(await documentsIn(before));
    expect(await disagreements(after)).toEqual([]);
    expect(audit).toEqual({ entries: 14, restored: 14, unreadable: 0 });
    expect(await after.audit.listUnpublished(100)).toEqual([]);
    expect(await after.audit.listUncopied(100)).toEqual([]);
    const whole = { scope: { workspaceId: subscription?.workspaceId as never, consumerId: null } };
    const query = { kind: null, entityId: null, keyId: null, afterId: null, limit: 100 };
    expect(await after.audit.list(whole.scope, query)).toEqual(await before.audit.list(whole.scope, query));
    expect(
      [topics.registry, topics.subscriptions, topics.access].map((topic) => after.bus.records(topic).length),
    ).toEqual(written);
  });

  it('continues with the next version, which readers take for the newest', async () => {
    const after = await lost();
    await restore(after);
    for (const { kind } of after.kinds) {
      expect((await writeNext(after, kind.name)).entity.version).toBe(3);
      const { store, topicVersions, copyVersions } = after.of(kind.name);
      const [entity] = (await store.listAll(everyPage)).items;
      const id = entity?.id ?? '';
      expect([topicVersions, copyVersions].map((one) => one.newestVersionOf(id))).toEqual([3, 3]);
    }
    expect(await disagreements(after)).toEqual([]);
  });

  it('is restored by repeating a restore that was interrupted, its workspaces last', async () => {
    const after = await lost();
    const { store } = after.of('workspace');
    const { insert } = store;
    Object.assign(store, {
      insert: async () => {
        throw new AppError({ code: 'unavailable', message: 'MongoDB is away' });
      },
    });
    await expect(restore(after)).rejects.toThrow('MongoDB is away');
    const halfway = await documentsIn(after);
    expect([halfway['subscription']?.length, halfway['workspace']?.length]).toEqual([1, 0]);
    Object.assign(store, { insert });
    const { report, kinds } = await restore(after);
    expect([report.isOk, kinds.map(({ restored }) => restored)]).toEqual([true, [0, 0, 0, 0, 0, 0, 1]]);
    expect((await restore(after)).kinds.every(({ equal, restored }) => equal === 1 && restored === 0)).toBe(
      true,
    );
  });

  it('is not changed by a dry run', async () => {
    const after = await lost();
    const { report, ofKind } = await restore(after, { isDryRun: true });
    expect([report.isOk, ofKind('subscription')?.restored]).toEqual([true, 1]);
    expect(report.text).toContain('subscription: 1 would be restored, 0 there already');
    expect(report.text).toContain('audit: 14 entries on the topic');
    expect(Object.values(await documentsIn(after)).flat()).toEqual([]);
    expect((await after.audit.listUncopied(1)).length).toBe(0);
  });

  it.each([false, true])('that is refused counts what is missing, dry run: %s', async (isDryRun) => {
    const after = await lost();
    const [newest] = (await before.of('subscription').store.listAll(everyPage)).items;
    await after.of('subscription').store.insert({ ...(newest as Versioned), id: 'sub_alone' });
    const { isRefused, report } = await restore(after, { isDryRun });
    expect(isRefused).toBe(true);
    expect(report.text).toContain('subscription: 1 missing, 0 there already, 1 differ');
    expect(report.text).toContain('consumer: 1 missing, 0 there already\n');
  });

  it('refuses version 1 of a document that the topics have', async () => {
    const after = await lost();
    const [entity] = [...oneOfEachKind()].filter(([name]) => name === 'consumer').map(([, one]) => one);
    const writing = writeFirst(after.of('consumer'), { entity: entity as Versioned, by: systemActor });
    await expect(writing).rejects.toThrow(/has lost the consumer .* have version 2: run registry:restore/);
  });

  it('keeps what the purge removed away', async () => {
    const [entity] = (await before.of('source').store.listAll(everyPage)).items;
    await before.of('source').topic.publishTombstone(entity?.id ?? '');
    const { ofKind, report } = await restore(await lost());
    expect([report.isOk, ofKind('source')?.restored]).toEqual([true, 0]);
  });

  it('gets the newest version, also if a stalled instance wrote an older one after it', async () => {
    const consumers = before.of('consumer');
    const [current] = (await consumers.store.listAll(everyPage)).items;
    if (current === undefined) throw new Error('there is no consumer');
    await consumers.topic.publish({ ...current, version: 1 });
    const after = await lost();
    await restore(after);
    expect((await documentsIn(after))['consumer']).toMatchObject([{ version: 2, isUnpublished: true }]);
  });
});

describe('a registry whose database differs from the copies', () => {
  const openWith = async (name: string, versions: number): Promise<InMemoryKinds> => {
    const registry = await openInMemoryKinds();
    const entity = oneOfEachKind().get(name) as Versioned;
    await writeFirst(registry.of(name), { entity, by: systemActor });
    for (let version = 2; version <= versions; version += 1) await writeNext(registry, name);
    return registry;
  };

  it('is refused with what differs, unless the command says what to do with it', async () => {
    const registry = await openWith('subscription', 3);
    const { bus } = registry;
    const after = await openInMemoryKinds(bus);
    const { store } = after.of('subscription');
    const [newest] = (await registry.of('subscription').store.listAll(everyPage)).items;
    await store.insert({ ...(newest as Versioned), version: 2 });
    const alone = { ...(newest as Versioned), id: 'sub_alone' };
    await store.insert(alone);
    const refused = await restore(after);
    expect([refused.isRefused, refused.report.isOk]).toEqual([true, false]);
    expect(refused.ofKind('subscription')?.differing).toEqual([
      { id: newest?.id, how: 'older' },
      { id: 'sub_alone', how: 'uncopied' },
    ]);
    expect(refused.report.text).toContain('--missing-only');
    expect((await documentsIn(after))['subscription']).toMatchObject([{ version: 2 }, alone]);

    const kept = await restore(after, { mode: 'missing-only' });
    expect([kept.isRefused, kept.report.isOk, kept.ofKind('subscription')?.replaced]).toEqual([
      ...[false, true, 0],
    ]);
    const replaced = await restore(after, { mode: 'replace-older' });
    expect(replaced.ofKind('subscription')).toMatchObject({ restored: 0, replaced: 1 });
    expect(await store.findAnywhere(newest?.id ?? '')).toEqual({ ...newest, isTestPending: false });
  });

  it('reports a document of which there is no copy, and leaves it to its topic', async () => {
    const registry = await openWith('consumer', 1);
    const { kind, store } = registry.of('consumer');
    const [entity] = (await store.listAll(everyPage)).items;
    const next = nextVersion(entity as Versioned, {}, 5);
    await registry.producer.publish({ topic: kind.topic, ...kind.encode(next) });
    const after = await openInMemoryKinds(registry.bus);
    const { report, ofKind } = await restore(after);
    expect(report.isOk).toBe(false);
    expect(ofKind('consumer')).toMatchObject({
      restored: 0,
      uncopied: [{ id: next.id, version: 2, copyVersion: 1 }],
    });
    expect(report.text).toContain('its topic has version 2, its newest copy is version 1');
  });

  it('can be set back to the newest copy, above the version that readers hold, if that has no copy', async () => {
    const registry = await openWith('consumer', 2);
    const { kind, store } = registry.of('consumer');
    const [entity] = (await store.listAll(everyPage)).items;
    const next = { ...(entity as Versioned), version: 5 };
    await registry.producer.publish({ topic: kind.topic, ...kind.encode(next) });
    const after = await openInMemoryKinds(registry.bus);
    const options = { withOutdated: true };
    const { report, ofKind } = await restore(after, options);
    expect([report.isOk, ofKind('consumer')]).toMatchObject([
      true,
      { restored: 0, setBack: 1, uncopied: [] },
    ]);
    expect(await after.of('consumer').store.findAnywhere(next.id)).toMatchObject({
      ...{ version: 6, isUnpublished: true, audit: { operation: 'raised', version: 6 } },
    });
    // It is not published yet: an interrupted restore must not be refused for it.
    const again = await restore(after, options);
    expect([again.report.isOk, again.ofKind('consumer')?.equal]).toEqual([true, 1]);
    await sweepUnpublished(after.of('consumer'));
    expect(await disagreements(after)).toEqual([]);
  });

  it('does not get back what readers hold as deleted, though the copy of the deletion is missing', async () => {
    const registry = await openWith('subscription', 2);
    const { kind, store } = registry.of('subscription');
    const [entity] = (await store.listAll(everyPage)).items;
    const gone = { ...(entity as Versioned), version: 3, state: 'deleted', deletedAtMs: 5 };
    await registry.producer.publish({ topic: kind.topic, ...kind.encode(gone) });
    const after = await openInMemoryKinds(registry.bus);
    const { report, ofKind } = await restore(after, { withOutdated: true });
    expect([report.isOk, ofKind('subscription')]).toMatchObject([true, { restored: 0, setBack: 0 }]);
    expect(await after.of('subscription').store.findAnywhere(gone.id)).toBeNull();
  });

  it('is not reported for a version that it has itself, though there is no copy of it yet', async () => {
    const registry = await openWith('consumer', 1);
    const { kind, store } = registry.of('consumer');
    const [entity] = (await store.listAll(everyPage)).items;
    const next = { ...(entity as Versioned), version: 2 };
    await store.replace(next, 1);
    await registry.producer.publish({ topic: kind.topic, ...kind.encode(next) });
    const { ofKind } = await restore(registry, { mode: 'missing-only' });
    expect(ofKind('consumer')).toMatchObject({ uncopied: [], differing: [{ id: next.id, how: 'newer' }] });
  });

  it('is reported for a document that another writer stored first', async () => {
    const registry = await openWith('consumer', 1);
    const after = await openInMemoryKinds(registry.bus);
    Object.assign(after.of('consumer').store, { insert: async () => false });
    const { report, ofKind } = await restore(after);
    expect([report.isOk, ofKind('consumer')?.restored, ofKind('consumer')?.refused]).toMatchObject([
      ...[false, 0, [expect.any(String)]],
    ]);
  });

  it('still publishes audit entries that are on no topic', async () => {
    const registry = await openWith('consumer', 1);
    const [entity] = (await registry.of('consumer').store.listAll(everyPage)).items;
    expect(await registry.audit.listUncopied(1)).toMatchObject([{ entityId: entity?.id }]);
    await restore(registry);
    expect(await registry.audit.listUncopied(1)).toHaveLength(1);
  });

  it('reports copies that this release cannot read, and restores the others', async () => {
    const registry = await openWith('consumer', 1);
    const [record] = registry.bus.records(topics.registry);
    const copy = JSON.parse(record?.value?.toString() ?? '') as { document: object };
    const put = async (key: string, over: object, document: object) => {
      const value = { ...copy, ...over, document: { ...copy.document, ...document } };
      await registry.producer.publish({
        topic: topics.registry,
        key,
        value: Buffer.from(JSON.stringify(value)),
      });
    };
    await put('consumer/ws_own/later', {}, { _id: 'ws_own/later', schema_version: 99 });
    await put('consumer/ws_own/more', {}, { _id: 'ws_own/more', surprise: 1 });
    await put('planet/earth', { kind: 'planet' }, { _id: 'earth' });
    await registry.producer.publish({ topic: topics.registry, key: 'x', value: Buffer.from('{') });
    await registry.producer.publish({ topic: topics.audit, key: 'x', value: Buffer.from('{') });
    const { report, ofKind, unknown, audit } = await restore(await openInMemoryKinds(registry.bus));
    expect([report.isOk, ofKind('consumer')?.restored, audit?.unreadable]).toEqual([false, 1, 1]);
    expect(ofKind('consumer')?.unreadable.map(({ key }) => key)).toEqual([
      'consumer/ws_own/later',
      'consumer/ws_own/more',
    ]);
    expect(unknown.map(({ key }) => key)).toEqual(['planet/earth', 'x']);
    expect(report.text).toMatch(/later cannot be restored: .*schema version 99/);
  });
});
