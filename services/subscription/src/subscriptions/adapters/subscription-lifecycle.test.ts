import { generateKeyPair, generateSecret } from '@tidings/signing';
import { describe, expect, it } from 'vitest';
import { serveInMemory } from '../../../test/memory/in-memory-api.ts';
import { publishedOn } from '../../../test/memory/in-memory-registry.ts';
import { aBody, pointersOf } from '../../../test/registry-api.ts';

describe('the lifecycle of a subscription', () => {
  it('is disabled and enabled by its own routes', async () => {
    const { call, bus } = await serveInMemory();
    const { body } = await call('POST', '', { body: aBody() });
    const off = await call('POST', `/${body.id}/disable`, { body: { reason: 'partner asked' } });
    expect(off.body).toMatchObject({ state: 'disabled', version: 2, disabled_reason: 'partner asked' });
    expect(off.body.disabled_at).toMatch(/Z$/);
    expect((await call('POST', `/${body.id}/disable`)).body.version).toBe(2);
    const on = await call('POST', `/${body.id}/enable`);
    expect(on.body).toMatchObject({ state: 'active', version: 3, disabled_at: null, disabled_reason: null });
    expect(publishedOn(bus).at(-1)).toMatchObject({ version: 3, enabledVersion: 3 });
    expect((await call('POST', `/${body.id}/enable`, { body: { force: true } })).status).toBe(422);
    expect((await call('POST', `/${body.id}/enable`, { body: { waiting: 'forget' } })).status).toBe(422);
    await call('POST', `/${body.id}/disable`);
    await call('POST', `/${body.id}/enable`, { body: { waiting: 'discard' } });
    expect(publishedOn(bus).at(-1)).toMatchObject({ enabledVersion: 5, onEnable: 'discard' });
  });

  it('ends with a deletion, which is a version like any other', async () => {
    const { call, bus } = await serveInMemory();
    const { body } = await call('POST', '', { body: aBody() });
    const gone = await call('DELETE', `/${body.id}`, { headers: { 'if-match': '"1"' } });
    expect(gone.status).toBe(200);
    expect(gone.body).toEqual({ id: body.id, state: 'deleted', version: 2, propagated: true });
    expect(publishedOn(bus).at(-1)).toMatchObject({ version: 2, state: 'deleted', secrets: [] });
    for (const [method, below] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/enable'],
    ] as const) {
      expect((await call(method, `/${body.id}${below}`)).status).toBe(404);
    }
  });

  it('gets a new secret in addition to the old one for the overlap', async () => {
    const { call, bus } = await serveInMemory();
    const { body } = await call('POST', '', { body: aBody() });
    const rotated = await call('POST', `/${body.id}/rotate-secret`, { body: { overlap_seconds: 3_600 } });
    expect(rotated.status).toBe(200);
    expect(rotated.body.secret).toMatch(/^whsec_/);
    expect(rotated.body.secret).not.toBe(body.secret);
    expect(rotated.body.version).toBe(2);
    const [current, old] = rotated.body.secrets;
    expect(current).toMatchObject({ expires_at: null });
    expect(old?.id).toBe(body.secrets[0]?.id);
    const overlapMs = Date.parse(old?.expires_at ?? '') - Date.parse(current?.created_at ?? '');
    expect(overlapMs).toBe(3_600_000);
    expect(publishedOn(bus).at(-1)?.secrets).toHaveLength(2);
    const usual = await call('POST', `/${body.id}/rotate-secret`);
    const [newest, second] = usual.body.secrets;
    expect(Date.parse(second?.expires_at ?? '') - Date.parse(newest?.created_at ?? '')).toBe(600_000);
    const cut = await call('POST', `/${body.id}/rotate-secret`, { body: { overlap_seconds: 0 } });
    expect(cut.body.secrets).toHaveLength(1);
    expect(
      (await call('POST', `/${body.id}/rotate-secret`, { body: { overlap_seconds: 604_801 } })).status,
    ).toBe(422);
  });

  it.each(['v1', 'v1a'] as const)('is not rotated to a secret that is in use: %s', async (style) => {
    const { call } = await serveInMemory();
    const own = () => (style === 'v1a' ? generateKeyPair().secret : generateSecret());
    const [first, second] = [own(), own()];
    const { body } = await call('POST', '', { body: aBody({ secret: first, signature_style: style }) });
    const rotate = async (secret: string, overlap = 3_600) =>
      call('POST', `/${body.id}/rotate-secret`, { body: { secret, overlap_seconds: overlap } });
    const refused = async (secret: string) => {
      const answer = await rotate(secret);
      expect([answer.status, pointersOf(answer)]).toEqual([422, ['/secret']]);
      expect(JSON.stringify(answer.body)).not.toContain(secret);
      return answer.body.errors[0]?.detail;
    };
    expect(await refused(first)).toBe(
      `is that of '${body.secrets[0]?.id}', which is in force: send a new one`,
    );
    expect((await rotate(second)).status).toBe(200);
    expect(await refused(first)).toContain('still signs');
    expect(await refused(second)).toContain('in force');
    expect((await rotate(own(), 0)).status).toBe(200);
    // An expired secret may be used again.
    expect((await rotate(first)).status).toBe(200);
  });

  it('has at most five signing secrets at a time', async () => {
    const { call } = await serveInMemory();
    const { body } = await call('POST', '', { body: aBody() });
    const statuses: number[] = [];
    for (let count = 0; count < 5; count += 1) {
      statuses.push((await call('POST', `/${body.id}/rotate-secret`)).status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 409]);
    expect((await call('POST', `/${body.id}/rotate-secret`, { body: { overlap_seconds: 0 } })).status).toBe(
      200,
    );
  });
});
