import { AppError } from '@tidings/runtime';
import { beforeEach, describe, expect, it } from 'vitest';
import { acme, aSubscription, ownScope } from '../../test/a-subscription.ts';
import { type InMemoryRegistry, openInMemoryRegistry } from '../../test/memory/in-memory-registry.ts';
import { amended, deleted, type Subscription } from '../subscriptions/domain/subscription.ts';
import type { Actor } from './domain/audit-entry.ts';
import { sweepUnaudited } from './maintenance/sweep-unpublished.ts';
import { writeFirst, writeVersion } from './write-version.ts';

const by: Actor = { keyId: 'key_1', address: '192.0.2.7' };
const everything = { kind: null, entityId: null, keyId: null, afterId: null, limit: 100 };

describe('the audit log entry of a write', () => {
  let registry: InMemoryRegistry;
  beforeEach(async () => {
    registry = await openInMemoryRegistry();
  });
  const create = async (overrides: Parameters<typeof aSubscription>[0] = {}): Promise<Subscription> => {
    const written = await writeFirst(registry, { entity: aSubscription(overrides), by });
    if (written === null) throw new Error('the id is taken');
    return written.entity;
  };
  const describeAs = async (id: string, description: string | null) =>
    writeVersion(
      registry,
      { scope: ownScope, id, ifMatch: null, by },
      {
        operation: 'changed',
        change: (current) => {
          const settings = { ...current.settings, description };
          return amended(current, { settings, isActive: true, reason: '' }, 5);
        },
      },
    );
  const entries = async () => (await registry.audit.list(ownScope, everything)).items;

  it('contains who did what, when and from where, with only the changed fields', async () => {
    const { id } = await create({ consumerId: acme });
    await registry.clock.advance(1_000);
    await describeAs(id, 'new');
    const [changed, created] = await entries();
    expect(created).toMatchObject({ operation: 'created', kind: 'subscription', entityId: id, version: 1 });
    expect(created).toMatchObject({ before: null, after: { state: 'active', events: ['order.*'] } });
    expect(changed).toMatchObject({ operation: 'changed', version: 2, consumerId: acme, actor: by });
    expect(changed?.atMs).toBe(registry.clock.nowMs());
    expect([changed?.before, changed?.after]).toEqual([{ description: null }, { description: 'new' }]);
    const stored = await registry.store.findAnywhere(id);
    expect(stored).toMatchObject({ audit: null, isUnpublished: false });
  });

  it('contains no secret, header value, or credential of a URL', async () => {
    await create({
      settings: { headers: { 'x-token': 'hush' }, endpointUrl: 'https://u:hush@a.example/p?key=hush' },
    });
    const [created] = await entries();
    expect(JSON.stringify(created)).not.toMatch(/hush|v1\.k\.iv/);
    expect(created?.after).toMatchObject({
      endpoint_url: 'https://u:***@a.example/p?key=***',
      headers: [{ name: 'x-token', value: '***' }],
      secrets: [{ id: 'sec_1', sealed: '***' }],
    });
  });

  it('stays in the document while the log is not writable, and is copied by the sweep', async () => {
    const append = registry.audit.append.bind(registry.audit);
    registry.audit.append = async () => {
      throw new AppError({ code: 'unavailable', message: 'no log' });
    };
    const { id } = await create();
    expect((await registry.store.findAnywhere(id))?.audit).toMatchObject({ operation: 'created' });
    // The next version would replace the entry, so it is not written until the entry is in the log.
    await expect(describeAs(id, 'too early')).rejects.toThrow('no log');
    expect(await sweepUnaudited(registry)).toBe(1);
    expect((await registry.store.findAnywhere(id))?.version).toBe(1);
    registry.audit.append = append;
    expect(await sweepUnaudited(registry)).toBe(1);
    expect(await sweepUnaudited(registry)).toBe(0);
    expect(await entries()).toMatchObject([{ operation: 'created', entityId: id }]);
    expect((await registry.store.findAnywhere(id))?.audit).toBeNull();
  });

  it('exists for each of many versions in rapid succession', async () => {
    const { id } = await create();
    await Promise.all(Array.from({ length: 8 }, async (_, index) => describeAs(id, `${index}`)));
    await sweepUnaudited(registry);
    expect((await entries()).map(({ version }) => version)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it('of a deletion does not contain the deleted secrets', async () => {
    const { id } = await create();
    await writeVersion(
      registry,
      { scope: ownScope, id, ifMatch: null, by },
      { operation: 'deleted', change: (current) => deleted(current, 9) },
    );
    const [entry] = await entries();
    expect(entry).toMatchObject({
      operation: 'deleted',
      before: { state: 'active' },
      after: { state: 'deleted' },
    });
    expect(entry?.before).toMatchObject({ secrets: [{ sealed: '***' }] });
  });
});
