import { unseal } from '@tidings/runtime';
import { describe, expect, it } from 'vitest';
import { type SourceAnswer, serveSources } from '../../test/memory/serve-sources.ts';
import type { Answer } from '../../test/registry-api.ts';
import { endSecrets } from '../subscriptions/end-secrets.ts';
import { withoutExpiredSecrets, withSealedSecrets } from './domain/source.ts';

const secret = 'a secret of twenty characters';
const body = { provider: 'github', name: 'Our repositories', secrets: [secret] };
const pointersOf = ({ body: { errors } }: Answer<SourceAnswer>): string[] =>
  errors.map(({ pointer }) => pointer);

describe('a source', () => {
  it('is created, published with its secret sealed, and never shows or logs it', async () => {
    const { call, published, ring, logger, audit } = await serveSources();
    const made = await call('POST', '', { body });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      ...{ provider: 'github', audience: 'internal', consumer_id: null, state: 'active', version: 1 },
      path: `/v1/sources/${made.body.id}`,
      propagated: true,
    });
    const [record] = published();
    const [sealed] = record?.secrets ?? [];
    expect(unseal(ring, sealed?.sealed ?? '', ['ws_own', made.body.id, 'secrets'])).toBe(secret);
    const listed = await audit.list(
      { workspaceId: 'ws_own' as never, consumerId: null },
      {
        ...{ kind: 'source', entityId: made.body.id, keyId: null, afterId: null, limit: 10 },
      },
    );
    expect(listed.items).toMatchObject([{ operation: 'created' }]);
    const shown = [made.body, (await call('GET', `/${made.body.id}`)).body, logger.lines, listed.items];
    expect(JSON.stringify(shown)).not.toContain(secret);
    expect(JSON.stringify(shown)).not.toContain(sealed?.sealed);
  });

  it.each([
    [{ provider: 'gitbub' }, '/provider'],
    [{ secrets: [] }, '/secrets'],
    [{ secrets: [secret, secret] }, '/secrets'],
    [{ secrets: ['short'] }, '/secrets/0'],
    [{ provider: 'stripe' }, '/secrets/0'],
    [{ provider: 'sendgrid' }, '/secrets/0'],
    [{ options: { nothing: 'x' } }, '/options/nothing'],
    [{ provider: 'generic-hmac', options: { algorithm: 'md5' } }, '/options/algorithm'],
    [{ provider: 'generic-hmac', options: { timestamp_header: 'not a name' } }, '/options/timestamp_header'],
    [{ audience: 'addressed' }, '/consumer_id'],
    [{ audience: 'internal', consumer_id: 'acme' }, '/consumer_id'],
    [{ consumer_id: 'stranger' }, '/consumer_id'],
    [{ name: '' }, '/name'],
    [{ spool: 'yes' }, '/spool'],
    [{ max_payload_bytes: 1_000 }, '/max_payload_bytes'],
    [{ max_payload_bytes: 26_214_401 }, '/max_payload_bytes'],
  ])('is refused with %j at %s', async (change, pointer) => {
    const { call } = await serveSources();
    const answer = await call('POST', '', { body: { ...body, ...change } });
    expect([answer.status, pointersOf(answer)]).toEqual([422, [pointer]]);
    expect(JSON.stringify(answer.body)).not.toContain(secret);
  });

  it('is addressed by naming a consumer, and broadcast or internal again without one', async () => {
    const { call } = await serveSources();
    const { body: made } = await call('POST', '', { body: { ...body, consumer_id: 'acme' } });
    expect(made).toMatchObject({ audience: 'addressed', consumer_id: 'acme' });
    const { body: changed } = await call('PATCH', `/${made.id}`, { body: { audience: 'broadcast' } });
    expect(changed).toMatchObject({ audience: 'broadcast', consumer_id: null, version: 2 });
  });

  it('changes by a merge patch under If-Match, and not without a difference', async () => {
    const { call } = await serveSources();
    const options = { header: 'X-A', tolerance_seconds: 60 };
    const { body: made } = await call('POST', '', { body: { ...body, provider: 'generic-hmac', options } });
    const patch = { name: 'Renamed', options: { tolerance_seconds: null } };
    const first = await call('PATCH', `/${made.id}`, { body: patch, headers: { 'if-match': '"1"' } });
    expect(first.body).toMatchObject({ name: 'Renamed', options: { header: 'X-A' }, version: 2 });
    expect(first.headers.get('etag')).toBe('"2"');
    expect((await call('PATCH', `/${made.id}`, { body: patch })).body.version).toBe(2);
    const stale = await call('PATCH', `/${made.id}`, { body: patch, headers: { 'if-match': '"1"' } });
    expect(stale.status).toBe(412);
    expect((await call('PATCH', `/${made.id}`, { body: { secrets: ['x'] } })).status).toBe(422);
  });

  it('has a maximum for its webhooks, which can be changed and taken back', async () => {
    const { call, published } = await serveSources();
    const { body: made } = await call('POST', '', { body: { ...body, max_payload_bytes: 2_048 } });
    expect(made).toMatchObject({ max_payload_bytes: 2_048 });
    for (const max_payload_bytes of [26_214_400, null])
      expect((await call('PATCH', `/${made.id}`, { body: { max_payload_bytes } })).body).toMatchObject({
        max_payload_bytes,
      });
    // Without one a release before this one can read the record.
    expect(published().map(({ maxPayloadBytes }) => maxPayloadBytes)).toEqual([2_048, 26_214_400, undefined]);
    expect(published().at(-1)).not.toHaveProperty('maxPayloadBytes');
  });

  it('rotates its secret with an overlap, refuses a known one, and at most five are valid', async () => {
    const { call, published, documents } = await serveSources();
    const { body: made } = await call('POST', '', { body });
    const rotate = async (next: string, overlap = 600) =>
      call('POST', `/${made.id}/rotate`, { body: { secret: next, overlap_seconds: overlap } });
    const first = await rotate('another secret');
    expect(first.body.secrets.map(({ expires_at }) => expires_at === null)).toEqual([true, false]);
    expect(pointersOf(await rotate(secret))).toEqual(['/secret']);
    for (const next of ['third secret', 'fourth secret', 'fifth secret']) await rotate(next);
    expect((await rotate('sixth secret')).status).toBe(409);
    const last = await rotate('the only secret', 0);
    expect(last.body.secrets).toHaveLength(1);
    expect(published().at(-1)?.secrets).toHaveLength(1);
    expect(await endSecrets(documents, withoutExpiredSecrets)).toBe(0);
  });

  it('is disabled, enabled and deleted; a deleted one is published without secrets and found no more', async () => {
    const { call, published } = await serveSources();
    const { body: made } = await call('POST', '', { body });
    expect((await call('POST', `/${made.id}/disable`)).body).toMatchObject({ state: 'disabled', version: 2 });
    expect((await call('POST', `/${made.id}/disable`)).body.version).toBe(2);
    expect((await call('GET', '?state=disabled')).body.data).toHaveLength(1);
    expect((await call('POST', `/${made.id}/enable`)).body).toMatchObject({ state: 'active', version: 3 });
    expect((await call('DELETE', `/${made.id}`)).body).toMatchObject({ state: 'deleted', version: 4 });
    expect(published().at(-1)).toMatchObject({ state: 'deleted', secrets: [] });
    expect((await call('GET', `/${made.id}`)).status).toBe(404);
    expect((await call('GET', '')).body.data).toEqual([]);
  });

  it('is one for one Idempotency-Key, after a crash between write and response too', async () => {
    const { call, store, published } = await serveSources();
    const insert = store.insert.bind(store);
    store.insert = async (source) => {
      await insert(source);
      store.insert = insert;
      throw new Error('the connection broke after the write');
    };
    const keyed = { body, headers: { 'idempotency-key': 'k1' } };
    expect((await call('POST', '', keyed)).status).toBe(500);
    const repeat = await call('POST', '', keyed);
    expect(repeat.status).toBe(201);
    expect((await call('GET', '')).body.data).toHaveLength(1);
    expect(published().map(({ id }) => id)).toEqual([repeat.body.id]);
  });

  it('of a workspace does not exist for another, nor for a key of a consumer', async () => {
    const { call } = await serveSources();
    const { body: made } = await call('POST', '', { body: { ...body, consumer_id: 'acme' } });
    for (const key of ['other', 'acme']) {
      expect((await call('GET', `/${made.id}`, { key })).status).toBe(404);
      expect((await call('PATCH', `/${made.id}`, { key, body: { name: 'mine' } })).status).toBe(404);
      expect(
        (await call('POST', `/${made.id}/rotate`, { key, body: { secret: 'my own secret' } })).status,
      ).toBe(404);
      expect((await call('DELETE', `/${made.id}`, { key })).status).toBe(404);
    }
    expect((await call('GET', '', { key: 'other' })).body.data).toEqual([]);
    expect((await call('GET', '', { key: 'acme' })).status).toBe(403);
    expect((await call('POST', '', { key: 'acme', body })).status).toBe(403);
  });

  it('is sealed again secret by secret', async () => {
    const { call, store } = await serveSources();
    const { body: made } = await call('POST', '', { body: { ...body, secrets: [secret, 'another secret'] } });
    const source = await store.findAnywhere(made.id);
    if (source === null) throw new Error('it is not stored');
    expect(withSealedSecrets(source, (sealed) => sealed)).toBe(source);
    const [one, two] = withSealedSecrets(source, (_sealed, field) => field).secrets;
    expect([one?.sealed, two?.sealed]).toEqual(['secrets', 'secrets']);
  });
});
