import { openAccess } from '@tidings/access';
import { topics, workspaceId } from '@tidings/contracts';
import type { Principal } from '@tidings/http';
import { createMetrics } from '@tidings/observability';
import { AppError, Health, keyRing, Resources } from '@tidings/runtime';
import { expect, it, onTestFinished } from 'vitest';
import { openInMemoryKinds } from '../../../test/memory/in-memory-kinds.ts';
import { aKeyRing } from '../../../test/memory/in-memory-registry.ts';
import { tokenKeysReport } from '../../maintenance/token-keys-report.ts';
import { readCopies } from '../../registry/adapters/read-copies.ts';
import type { Documents } from '../../registry/documents.ts';
import { systemActor } from '../../registry/domain/audit-entry.ts';
import type { Versioned } from '../../registry/domain/versioned.ts';
import { resealDocuments } from '../../registry/maintenance/reseal-documents.ts';
import { planRestore, restoreDocument } from '../../registry/maintenance/restore-documents.ts';
import { writeFirst } from '../../registry/write-version.ts';
import { beginKey } from '../domain/api-key.ts';
import type { Consumer } from '../domain/consumer.ts';
import { type TokenKey, withSealedPrivate } from '../domain/token-key.ts';
import { beginWorkspace, defaultRules, type Workspace } from '../domain/workspace.ts';
import { issueConsumerToken } from '../issue-consumer-token.ts';
import { signOut } from '../sign-out.ts';
import { replaceTokenKeys, type TokenKeysOf, type TokenKeysStep } from './replace-token-keys.ts';

const scopes = ['deliveries:read'] as const;
const minute = 60_000;
const limits = { expiresAtMs: null, requestsPerSecond: null, spool: false, maxPayloadBytes: null };
const [shop, other] = [workspaceId('ws_shop'), workspaceId('ws_other')];

/** Two workspaces that issue tokens, a service that verifies them, and the command. */
async function given() {
  const registry = await openInMemoryKinds();
  const { bus, producer, clock, of } = registry;
  const documents = <T extends Versioned>(name: string) => of(name) as unknown as Documents<T>;
  const sealingKeys = aKeyRing();
  const parts = {
    tokenKeys: documents<TokenKey>('token-key'),
    workspaces: documents<Workspace>('workspace'),
    consumers: documents<Consumer>('consumer'),
    ring: keyRing(sealingKeys),
  };
  for (const id of [shop, other]) {
    const rules = { ...defaultRules, name: id, eventTypePolicy: 'open' as const };
    await writeFirst(parts.workspaces, { entity: beginWorkspace(id, rules, clock.nowMs()), by: systemActor });
    const grant = { name: null, consumerId: null, scopes, ...limits };
    const key = { id: `key_${id}`, hash: id === shop ? 'a'.repeat(64) : 'b'.repeat(64), prefix: '' };
    const more = { workspaceId: id, nowMs: clock.nowMs(), isBootstrap: false, createdBy: null, grant };
    await writeFirst(of('api-key'), { entity: beginKey({ ...key, ...more }), by: systemActor });
  }
  const resources = new Resources();
  onTestFinished(async () => resources.close(1_000));
  const { authenticate, isStillValid } = await openAccess(
    {
      ...{ name: 'reader', config: { wrongKeysPerMinute: 1_000 }, logger: registry.logger, resources, clock },
      ...{ metrics: createMetrics({}, { service: 'test', nodeMetrics: false }), health: new Health(clock) },
    },
    { bus, producer },
  );
  const issue = async (id = shop, seconds = 3_600): Promise<string> => {
    const principal = { keyId: `key_${id}`, workspaceId: id, consumerId: null, scopes: new Set(scopes) };
    const body = { consumer_id: 'acme', scopes, expires_in_seconds: seconds };
    const request = { principal, body, id: `tok_${clock.nowMs()}`, by: systemActor };
    const { token } = await issueConsumerToken(parts, request);
    await clock.advance(0);
    return token;
  };
  const verify = async (token: string): Promise<Principal | null> =>
    authenticate(token, { address: '192.0.2.1' });
  const run = async (step: TokenKeysStep, of: TokenKeysOf = { workspace: shop }, isDryRun = false) => {
    const workspaces = await replaceTokenKeys(parts, { of, step, isDryRun });
    await clock.advance(0);
    return { done: workspaces, ...tokenKeysReport({ step, isDryRun, workspaces }) };
  };
  return { ...registry, parts, sealingKeys, issue, verify, isStillValid, run };
}

const kidOf = (token: string): unknown =>
  (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid?: unknown }).kid;

it('signs with the new pair once every service knows it, and the tokens of the old one stay valid', async () => {
  const { issue, verify, run, clock } = await given();
  const before = await issue();
  await issue(other);
  expect((await run('add')).done).toMatchObject([
    { workspaceId: shop, how: 'added', newest: 'ws_shop/2', older: ['ws_shop/1'], isPropagated: true },
  ]);
  await clock.advance(9_000);
  expect(kidOf(await issue())).toBe('ws_shop/1');
  await clock.advance(1_000);
  const after = await issue();
  expect([kidOf(before), kidOf(after), kidOf(await issue(other))]).toEqual([
    ...['ws_shop/1', 'ws_shop/2', 'ws_other/1'],
  ]);
  expect(await verify(before)).toMatchObject({ workspaceId: shop, tokenKeyId: 'ws_shop/1' });
  expect(await verify(after)).toMatchObject({ workspaceId: shop, tokenKeyId: 'ws_shop/2' });
});

it('does not sign with a pair that the log has not confirmed, and adding again publishes it', async () => {
  const { parts, issue, run, clock, verify } = await given();
  await issue();
  const { publish } = parts.tokenKeys.topic;
  const publishing = async (to: typeof publish) => Object.assign(parts.tokenKeys.topic, { publish: to });
  await publishing(async () => {
    throw new AppError({ code: 'unavailable', message: 'no brokers' });
  });
  const failed = await run('add');
  expect([failed.isOk, failed.done[0]?.how, failed.done[0]?.isPropagated]).toEqual([false, 'added', false]);
  expect(failed.text).toContain('the log has not confirmed it');
  await clock.advance(minute);
  expect(kidOf(await issue())).toBe('ws_shop/1');
  await clock.advance(30 * minute);
  // What the old pair signs meanwhile ends before it may be removed.
  const [late, endMs] = [await issue(), Number(failed.done[0]?.olderEndAtMs) - minute];
  expect(await verify(late)).toMatchObject({ tokenKeyId: 'ws_shop/1', expiresAtMs: endMs });
  await clock.advance(endMs - clock.nowMs());
  await expect(issue()).rejects.toMatchObject({ code: 'unavailable' });
  // Nothing but the old pair is known to the services: it stays, however often it is asked for.
  const refused = await run('remove-old-now');
  expect([refused.isOk, refused.done[0]?.how]).toEqual([false, 'kept']);
  await publishing(publish);
  expect((await run('add')).done).toMatchObject([{ how: 'kept', newest: 'ws_shop/2', isPropagated: true }]);
  const token = await issue();
  expect([kidOf(token), (await verify(token))?.tokenKeyId]).toEqual(['ws_shop/2', 'ws_shop/2']);
});

it('removes the old pair after its last token has ended, and says before how long to wait', async () => {
  const { issue, verify, run, clock } = await given();
  await issue();
  await run('add');
  await clock.advance(9_000);
  const last = await issue();
  expect(kidOf(last)).toBe('ws_shop/1');
  const early = await run('remove-old');
  expect([early.isOk, early.done[0]?.how]).toEqual([false, 'waiting']);
  expect(early.text).toMatch(/^ws_shop: nothing removed: .*ws_shop\/1 .* for another 62 min.* add --now/);
  await clock.advance(3_590_000);
  expect(await verify(last)).not.toBeNull();
  expect((await run('remove-old')).done).toMatchObject([{ how: 'waiting' }]);
  await clock.advance(early.done[0]?.waitMs ?? 0);
  expect(await verify(last)).toBeNull();
  const removed = await run('remove-old');
  expect([removed.isOk, removed.text]).toEqual([true, 'ws_shop: ws_shop/1 removed; ws_shop/2 stays\n']);
  expect((await run('remove-old')).done).toMatchObject([{ how: 'kept', older: [] }]);
  expect(kidOf(await issue())).toBe('ws_shop/2');
  // The next number, also when the removed ones are counted as text.
  for (let number = 3; number <= 11; number += 1) {
    expect((await run('add')).done).toMatchObject([{ how: 'added', newest: `ws_shop/${number}` }]);
    expect((await run('remove-old-now')).done).toMatchObject([{ older: [`ws_shop/${number - 1}`] }]);
  }
});

it('ends at once what the old pair signed, with what it holds open, and nothing of another workspace', async () => {
  const { issue, verify, isStillValid, run, parts } = await given();
  const [own, foreign] = [await issue(), await issue(other)];
  const [principal, stays] = [await verify(own), await verify(foreign)] as Principal[];
  const untouched = await parts.tokenKeys.store.findAnywhere('ws_other/1');
  await run('add');
  const { isOk, text } = await run('remove-old-now');
  expect([isOk, text]).toEqual([true, expect.stringContaining('that they signed end now')]);
  expect([await verify(own), isStillValid(principal as Principal)]).toEqual([null, false]);
  expect([await verify(foreign), isStillValid(stays as Principal)]).toEqual([stays, true]);
  expect(await parts.tokenKeys.store.findAnywhere('ws_other/1')).toEqual(untouched);
  // At once: no other pair could sign.
  expect((await verify(await issue()))?.tokenKeyId).toBe('ws_shop/2');
});

it('leaves nothing of the private half of a removed pair, which no sealing key would be kept for', async () => {
  const { issue, run, parts, sealingKeys } = await given();
  await issue();
  await run('add');
  await run('remove-old-now');
  const removed = (await parts.tokenKeys.store.findAnywhere('ws_shop/1')) as TokenKey;
  expect([removed.state, removed.sealedPrivate]).toEqual(['deleted', 'removed']);
  const next = keyRing(`k2:${Buffer.alloc(32, 2).toString('base64')},${sealingKeys}`);
  const options = { ...parts.tokenKeys, ring: next, withSeals: withSealedPrivate, onProgress: () => {} };
  const resealed = async () => resealDocuments(options, { isDryRun: false });
  expect(await resealed()).toMatchObject({ resealed: 1, failed: [] });
  expect((await resealed()).sealsByKey).toEqual({ k2: 1 });
});

it('does for all workspaces what is left of an interrupted run', async () => {
  const { issue, run, parts } = await given();
  await issue();
  await issue(other);
  const { insert } = parts.tokenKeys.store;
  Object.assign(parts.tokenKeys.store, {
    insert: async (key: TokenKey) => {
      if (key.workspaceId === shop) throw new AppError({ code: 'unavailable', message: 'MongoDB is away' });
      return insert.call(parts.tokenKeys.store, key);
    },
  });
  await expect(run('add', 'all')).rejects.toThrow('MongoDB is away');
  Object.assign(parts.tokenKeys.store, { insert });
  expect((await run('add', 'all')).done).toMatchObject([
    { workspaceId: other, how: 'kept', newest: 'ws_other/2' },
    { workspaceId: shop, how: 'added', newest: 'ws_shop/2' },
  ]);
  // Ended between the removal and its record: the pair verifies until it is repeated.
  const { publish } = parts.tokenKeys.topic;
  Object.assign(parts.tokenKeys.topic, {
    publish: async () => {
      throw new AppError({ code: 'unavailable', message: 'no brokers' });
    },
  });
  expect((await run('remove-old-now', 'all')).isOk).toBe(false);
  Object.assign(parts.tokenKeys.topic, { publish });
  expect(await run('remove-old-now', 'all')).toMatchObject({
    isOk: true,
    done: [{ older: [] }, { older: [] }],
  });
  const left = await parts.tokenKeys.store.listAll({ afterId: null, limit: 10 });
  expect(left.items.map(({ id, state, isUnpublished }) => [id, state, isUnpublished])).toEqual([
    ['ws_other/1', 'deleted', false],
    ['ws_other/2', 'active', false],
    ['ws_shop/1', 'deleted', false],
    ['ws_shop/2', 'active', false],
  ]);
});

it('changes nothing in a dry run', async () => {
  const { issue, run, bus, parts } = await given();
  await issue();
  const { text } = await run('add', 'all', true);
  expect(text).toContain('ws_shop: a key pair would be added beside ws_shop/1');
  expect(await parts.tokenKeys.store.findAnywhere('ws_shop/2')).toBeNull();
  await run('add');
  const written = bus.records(topics.access).length;
  expect((await run('remove-old-now', 'all', true)).text).toContain('ws_shop/1 would be removed');
  expect(bus.records(topics.access).length).toBe(written);
});

it('names a workspace that does not exist, or that has no pair', async () => {
  const { run } = await given();
  const none = run('add', { workspace: workspaceId('ws_none') });
  await expect(none).rejects.toThrow("There is no workspace 'ws_none'");
  await expect(run('add')).rejects.toThrow("The workspace 'ws_shop' has no key pair to replace");
  expect(await run('add', 'all')).toMatchObject({ isOk: true, text: 'no workspace has a key pair\n' });
});

it('signs out a token of either pair', async () => {
  const { issue, verify, run, clock, parts, of } = await given();
  const apiKeys = of('api-key') as never;
  const old = await issue();
  await run('add');
  await clock.advance(10_000);
  const next = await issue();
  for (const token of [old, next]) {
    const principal = (await verify(token)) as Principal;
    await signOut({ ...parts, apiKeys }, { principal, kind: 'token', by: systemActor });
    await clock.advance(0);
    expect(await verify(token)).toBeNull();
  }
  // A version that is being published is no reason to sign with the old pair again.
  const current = (await parts.tokenKeys.store.findAnywhere('ws_shop/2')) as TokenKey;
  await parts.tokenKeys.store.replace({ ...current, version: 3, isUnpublished: true }, current.version);
  expect(kidOf(await issue())).toBe('ws_shop/2');
});

it('restores both pairs of a lost database', async () => {
  const { issue, run, bus } = await given();
  await issue();
  await run('add');
  const { of } = await openInMemoryKinds(bus);
  const documents = of('token-key');
  const copies = (await readCopies(bus, ['token-key'])).of(documents.kind);
  const { missing, uncopied } = await planRestore({ ...documents, copies });
  expect([missing.map(({ id }) => id).sort(), uncopied]).toEqual([['ws_shop/1', 'ws_shop/2'], []]);
  for (const copy of missing) await restoreDocument(documents, { copy, replaced: null, above: null });
  const { items } = await documents.store.listAll({ afterId: null, limit: 10 });
  expect(items.map(({ id, state }) => [id, state])).toEqual([
    ['ws_shop/1', 'active'],
    ['ws_shop/2', 'active'],
  ]);
});
