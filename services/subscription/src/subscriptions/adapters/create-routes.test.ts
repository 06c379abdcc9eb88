import { encodeSubscription, subscriptionId } from '@tidings/contracts';
import { generateKeyPair, prepareSecret } from '@tidings/signing';
import { makeAuthority } from '@tidings/testing';
import { describe, expect, it } from 'vitest';
import { serveInMemory } from '../../../test/memory/in-memory-api.ts';
import { publishedOn } from '../../../test/memory/in-memory-registry.ts';
import { aBody, pointersOf } from '../../../test/registry-api.ts';

describe('POST subscriptions', () => {
  it('returns 201 with id and secret, and the record is on the topic', async () => {
    const { call, bus, secretFactory } = await serveInMemory();
    const answer = await call('POST', '', { body: aBody({ consumer_id: 'acme', description: 'x' }) });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.headers.get('location')).toBe(`/v1/webhooks/subscriptions/${answer.body.id}`);
    expect(answer.body).toMatchObject({
      id: expect.stringMatching(/^sub_[0-9a-f]{32}$/) as string,
      secret: expect.stringMatching(/^whsec_/) as string,
      workspace_id: 'ws_own',
      consumer_id: 'acme',
      state: 'active',
      is_active: true,
      version: 1,
      propagated: true,
      timeout_seconds: 10,
      max_in_flight: 10,
      retry_schedule: [5, 60, 300, 1_800, 7_200, 18_000, 36_000],
    });
    const [record] = publishedOn(bus);
    expect(record).toMatchObject({ id: answer.body.id, version: 1, state: 'active', workspaceId: 'ws_own' });
    const owner = {
      workspaceId: record?.workspaceId ?? ('' as never),
      subscriptionId: subscriptionId(answer.body.id),
    };
    expect(secretFactory.open(record?.secrets[0]?.sealed ?? '', owner)).toBe(answer.body.secret);
    if (record != null)
      expect(encodeSubscription(record).value?.toString()).not.toContain(answer.body.secret);
  });

  it('is internal only without a consumer, whoever names it, at creation and by a change', async () => {
    const { call, bus } = await serveInMemory();
    const made = await call('POST', '', { body: aBody({ audience: 'internal' }) });
    expect([made.status, publishedOn(bus)[0]?.audience]).toEqual([201, 'internal']);
    const ofAcme = await call('POST', '', { body: aBody({ audience: 'internal', consumer_id: 'acme' }) });
    expect([ofAcme.status, pointersOf(ofAcme)]).toEqual([422, ['/audience']]);
    const byAcme = await call('POST', '', { key: 'acme', body: aBody({ audience: 'internal' }) });
    expect([byAcme.status, pointersOf(byAcme)]).toEqual([422, ['/audience']]);
    const { body } = await call('POST', '', { key: 'acme', body: aBody() });
    expect(body).toMatchObject({ audience: 'external', consumer_id: 'acme' });
    for (const key of ['acme', 'own']) {
      const changed = await call('PATCH', `/${body.id}`, { key, body: { audience: 'internal' } });
      expect([changed.status, pointersOf(changed)]).toEqual([422, ['/audience']]);
    }
  });

  it('neither shows the secret elsewhere nor logs it', async () => {
    const { call, logger } = await serveInMemory();
    const { body } = await call('POST', '', { body: aBody({ headers: { 'X-Api-Key': 'hush-hush' } }) });
    const shown = [await call('GET', `/${body.id}`), await call('GET', ''), logger.lines];
    expect(JSON.stringify(shown)).not.toContain(body.secret);
    expect(JSON.stringify(logger.lines)).not.toContain('hush-hush');
    expect(logger.lines).toContainEqual(
      expect.objectContaining({
        event: 'subscription.created',
        fields: expect.objectContaining({ subscriptionId: body.id, version: 1, propagated: true }) as object,
      }),
    );
  });

  it('accepts every field and returns it', async () => {
    const { call } = await serveInMemory();
    const given = {
      ordering: 'key',
      on_exhausted: 'skip',
      format: 'cloudevents',
      signature_style: 'plain',
      headers: { 'X-Plan': 'gold' },
      timeout_seconds: 30,
      rate_limit: { per_second: 2.5, burst: 4 },
      max_in_flight: 100,
      filters: { status: 'published' },
      consumer_id: null,
      description: null,
    };
    const { status, body } = await call('POST', '', {
      body: aBody({ ...given, retry_schedule: [0, 5], is_active: false }),
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      ...given,
      retry_schedule: [5],
      state: 'disabled',
      disabled_reason: 'manual',
    });
    const short = await call('POST', '', {
      body: aBody({ retry_schedule: 'short', rate_limit: { per_second: 2.5 } }),
    });
    expect(short.body).toMatchObject({
      retry_schedule: [60, 300, 1_800],
      rate_limit: { per_second: 2.5, burst: 3 },
    });
  });

  it.each([
    [{ endpoint: 'x' }, '/endpoint'],
    [{ endpoint_url: undefined }, '/endpoint_url'],
    [{ endpoint_url: 'https://internal/' }, '/endpoint_url'],
    [{ events: [] }, '/events'],
    [{ events: ['a', 'a'] }, '/events'],
    [{ events: ['a', 'b c'] }, '/events/1'],
    [{ consumer_id: 'a b' }, '/consumer_id'],
    [{ consumer_id: '..' }, '/consumer_id'],
    [{ description: 'half \ud800' }, '/description'],
    [{ headers: { 'X-A': '\udc00' } }, '/headers/X-A'],
    [{ ordering: 'strict' }, '/ordering'],
    [{ timeout_seconds: 0 }, '/timeout_seconds'],
    [{ timeout_seconds: 31 }, '/timeout_seconds'],
    [{ timeout_seconds: 1.5 }, '/timeout_seconds'],
    [{ retry_schedule: 'long' }, '/retry_schedule'],
    [{ retry_schedule: [0, 1.5] }, '/retry_schedule/1'],
    [{ retry_schedule: Array(21).fill(1) }, '/retry_schedule'],
    [{ rate_limit: { per_second: 0 } }, '/rate_limit/per_second'],
    [{ rate_limit: { per_second: 1, per_minute: 1 } }, '/rate_limit/per_minute'],
    [{ max_in_flight: 101 }, '/max_in_flight'],
    [{ headers: { 'webhook-id': 'x' } }, '/headers/webhook-id'],
    [{ headers: { authorization: 'x' } }, '/headers/authorization'],
    [{ headers: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`x-${i}`, 'v'])) }, '/headers'],
    [{ secret: 'whsec_short' }, '/secret'],
    [{ secret: generateKeyPair().secret }, '/secret'],
    [{ filters: [] }, '/filters'],
    [{ filters: { total: { $gte: null } } }, '/filters/total/$gte'],
    [{ filters: { $where: 'true' } }, '/filters/$where'],
    [{ version: 3 }, '/version'],
    [{ verify: 'pong' }, '/verify'],
    [{ secret_headers: { 'webhook-id': 'x' } }, '/secret_headers/webhook-id'],
    [{ secret_headers: { 'X-Key': false } }, '/secret_headers/X-Key'],
    [{ secret_headers: { 'X-Key': true } }, '/secret_headers/X-Key'],
    [{ secret_headers: { 'X-Key': 'a' }, headers: { 'x-key': 'b' } }, '/headers/x-key'],
    [
      {
        headers: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`x-${i}`, 'v'])),
        secret_headers: { 'X-Key': 'a' },
      },
      '/secret_headers',
    ],
  ])('rejects %j with a pointer to the error', async (wrong, pointer) => {
    const { call, bus } = await serveInMemory();
    const answer = await call('POST', '', { body: aBody(wrong) });
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(pointersOf(answer)).toContain(pointer);
    expect(publishedOn(bus)).toEqual([]);
  });

  it.each([
    ['{"endpoint_url":"https://a.example","events":["a"],"events":["b"]}', '/events'],
    [
      '{"endpoint_url":"https://a.example","events":["a"],"filters":{"n":{"$in":[9007199254740993]}}}',
      '/filters/n/$in/0',
    ],
  ])('rejects %s, which would be stored as another value', async (body, pointer) => {
    const { call, bus } = await serveInMemory();
    const { body: first } = await call('POST', '', { body: aBody() });
    for (const answer of [await call('POST', '', { body }), await call('PATCH', `/${first.id}`, { body })]) {
      expect(answer.status).toBe(422);
      expect(pointersOf(answer)).toEqual([pointer]);
    }
    expect(publishedOn(bus)).toHaveLength(1);
  });

  it('rejects a body that is nested too deeply, with and without an Idempotency-Key', async () => {
    const { call } = await serveInMemory();
    const deep = `{"endpoint_url":"https://a.example/","events":["*"],"filters":{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}}`;
    expect((await call('POST', '', { body: deep })).status).toBe(422);
    expect((await call('POST', '', { body: deep, headers: { 'idempotency-key': 'k' } })).status).toBe(422);
    const { body } = await call('POST', '', { body: aBody() });
    expect((await call('PATCH', `/${body.id}`, { body: deep })).status).toBe(422);
  });

  it('creates an operational subscription for tidings.* events, with and without kind', async () => {
    const { call, bus } = await serveInMemory();
    const events = ['tidings.subscription.failing', 'tidings.delivery.exhausted'];
    for (const body of [aBody({ events }), aBody({ events, kind: 'operational' })]) {
      expect((await call('POST', '', { body })).body).toMatchObject({ kind: 'operational', events });
    }
    expect(publishedOn(bus)).toMatchObject([{ kind: 'operational' }, { kind: 'operational' }]);
    expect((await call('POST', '', { body: aBody({ kind: 'webhook' }) })).body).toMatchObject({
      kind: 'webhook',
    });
  });

  it.each([
    { kind: 'operational', events: ['order.paid'] },
    { kind: 'operational', events: ['*'] },
    { kind: 'webhook', events: ['tidings.subscription.failing'] },
  ])('rejects the combination %j', async (body) => {
    const { call } = await serveInMemory();
    const answer = await call('POST', '', { body: aBody(body) });
    expect([answer.status, pointersOf(answer)]).toEqual([422, ['/events']]);
  });

  it('seals the TLS settings of an endpoint, and shows fingerprints and expiry', async () => {
    const { call, bus, secretFactory, store } = await serveInMemory();
    const authority = makeAuthority();
    const { cert: certificate, key } = authority.issue({ hosts: ['client'] });
    const body = aBody({ tls: { ca: authority.cert, certificate, key } });
    const answer = await call('POST', '', { body });
    const facts = {
      fingerprint_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      expires_at: expect.stringMatching(/Z$/) as string,
    };
    expect(answer.body).toMatchObject({ tls: { ca: [facts], certificate: [facts] } });
    const [record] = publishedOn(bus);
    const id = subscriptionId(answer.body.id);
    const owner = { workspaceId: record?.workspaceId ?? ('' as never), subscriptionId: id };
    expect(secretFactory.openTls(record?.tls?.sealed ?? '', owner)).toEqual({
      ca: authority.cert,
      cert: certificate,
      key,
    });
    const published = JSON.stringify([answer.body, record, await store.findAnywhere(id)]);
    expect(published).not.toContain('BEGIN');

    const again = await call('PATCH', `/${id}`, { body: { tls: { ca: authority.cert, certificate, key } } });
    expect(again.body.version).toBe(1);
    const without = await call('PATCH', `/${id}`, { body: { tls: null } });
    expect(without.body).toMatchObject({ version: 2, tls: null });
    expect(publishedOn(bus).at(-1)).not.toHaveProperty('tls');
  });

  it('stores indented PEM without the indent', async () => {
    const { call, bus, secretFactory } = await serveInMemory();
    const { cert: certificate, key } = makeAuthority().issue({ hosts: ['client'] });
    const indented = (pem: string) => pem.replaceAll(/^(?=.)/gm, '  ');
    const body = aBody({
      tls: { ca: indented(certificate), certificate: indented(certificate), key: indented(key) },
    });
    const answer = await call('POST', '', { body });
    expect(answer.status).toBe(201);
    const [record] = publishedOn(bus);
    const owner = {
      workspaceId: record?.workspaceId ?? ('' as never),
      subscriptionId: subscriptionId(answer.body.id),
    };
    const sealed = record?.tls?.sealed ?? '';
    expect(secretFactory.openTls(sealed, owner)).toEqual({ ca: certificate, cert: certificate, key });
  });

  it('rejects TLS material that does not match, with a pointer to the error', async () => {
    const { call } = await serveInMemory();
    const { cert: certificate } = makeAuthority().issue({ hosts: ['client'] });
    const { key } = makeAuthority().issue({ hosts: ['client'] });
    const answer = await call('POST', '', { body: aBody({ tls: { certificate, key } }) });
    expect([answer.status, pointersOf(answer)]).toEqual([422, ['/tls/key']]);
    expect(JSON.stringify(answer.body)).not.toContain('BEGIN');
  });

  it('returns 400 for invalid JSON, 415 for another type, 413 for a body that is too large', async () => {
    const { call } = await serveInMemory();
    expect((await call('POST', '', { body: '{' })).status).toBe(400);
    const text = { 'content-type': 'text/plain' };
    expect((await call('POST', '', { body: '{}', headers: text })).status).toBe(415);
    expect((await call('POST', '', { body: aBody({ description: 'x'.repeat(70_000) }) })).status).toBe(413);
  });

  it("accepts the caller's secret, and returns the public key instead for v1a", async () => {
    const { call } = await serveInMemory();
    const own = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    expect((await call('POST', '', { body: aBody({ secret: own }) })).body.secret).toBe(own);
    const pair = await call('POST', '', { body: aBody({ signature_style: 'v1a' }) });
    expect(pair.body).toMatchObject({ secret: null, public_key: expect.stringMatching(/^whpk_/) as string });
    expect((await call('GET', `/${pair.body.id}`)).body.public_key).toBe(pair.body.public_key);
    const { secret, publicKey } = generateKeyPair();
    expect(prepareSecret(secret).scheme).toBe('v1a');
    const imported = await call('POST', '', { body: aBody({ signature_style: 'v1a', secret }) });
    expect(imported.body).toMatchObject({ secret: null, public_key: publicKey });
  });

  it('rejects subscriptions above the limit of a workspace until one is deleted', async () => {
    const { call } = await serveInMemory();
    const made = [];
    for (let count = 0; count < 10; count += 1) made.push(await call('POST', '', { body: aBody() }));
    const full = await call('POST', '', { body: aBody() });
    expect(full.status).toBe(422);
    expect(full.body.detail).toContain('at most 10');
    expect((await call('POST', '', { body: aBody(), key: 'other' })).status).toBe(201);
    await call('DELETE', `/${made[0]?.body.id}`);
    expect((await call('POST', '', { body: aBody() })).status).toBe(201);
  });

  it('creates subscriptions of its own consumer for a key of a consumer', async () => {
    const { call } = await serveInMemory();
    expect((await call('POST', '', { key: 'acme', body: aBody() })).body.consumer_id).toBe('acme');
    const foreign = await call('POST', '', { key: 'acme', body: aBody({ consumer_id: 'globex' }) });
    expect(foreign.status).toBe(422);
    expect(pointersOf(foreign)).toEqual(['/consumer_id']);
  });
});
