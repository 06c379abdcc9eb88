import { describe, expect, it } from 'vitest';
import { aSignedDelivery, fakeClient, generateSecret, verifyWebhook } from './index.ts';

describe('verifyWebhook', () => {
  const delivery = aSignedDelivery({ id: 'dlv_1', timestampSeconds: 1_700_000_000, event: { type: 'a.b' } });
  const input = { headers: delivery.headers, secrets: [delivery.secret], nowSeconds: 1_700_000_000 };

  it('returns id, time and event, from bytes or text', () => {
    for (const body of [delivery.body, delivery.body.toString(), new Uint8Array(delivery.body)]) {
      expect(verifyWebhook({ ...input, body })).toMatchObject({
        ok: true,
        id: 'dlv_1',
        sentAt: new Date(1_700_000_000_000),
        event: { type: 'a.b', data: { hello: 'world' } },
      });
    }
  });

  it('reads only the bytes of a view of a larger buffer', () => {
    const larger = new Uint8Array([1, 2, ...delivery.body, 3]);
    expect(verifyWebhook({ ...input, body: larger.subarray(2, -1) }).ok).toBe(true);
  });

  it('throws with the reason of the refusal', () => {
    const other = { ...input, secrets: [generateSecret()], body: delivery.body };
    expect(verifyWebhook(other)).toEqual({ ok: false, reason: 'no-matching-signature' });
  });
});

describe('the fake client', () => {
  it('records published events', async () => {
    const client = fakeClient();
    expect((await client.publish({ type: 'a.b', data: 1 }, { idempotencyKey: 'k' })).type).toBe('a.b');
    await client.publishBatch([{ type: 'c.d', data: 2 }]);
    expect(client.published).toEqual([
      { event: { type: 'a.b', data: 1 }, options: { idempotencyKey: 'k' } },
      { event: { type: 'c.d', data: 2 }, options: {} },
    ]);
  });
});
