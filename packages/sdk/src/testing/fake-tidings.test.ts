import { describe, expect, it } from 'vitest';
import { fakeTidings } from '../index.ts';

type Events = { 'order.paid': { order: number; total: string }; 'order.shipped': { order: number } };

async function aShop() {
  const tidings = fakeTidings<Events>();
  const data = { order: 17, total: '12.50' };
  await tidings.publish({ type: 'order.paid', data, orderingKey: 'order-17' }, { idempotencyKey: 'k' });
  await tidings.publishBatch([{ type: 'order.shipped', dataJson: '{"order":18}' }]);
  data.total = 'changed later';
  return tidings;
}

describe('fakeTidings', () => {
  it('records events with their data as a receiver gets them', async () => {
    const tidings = await aShop();
    expect(tidings.published).toEqual([
      {
        type: 'order.paid',
        data: { order: 17, total: '12.50' },
        orderingKey: 'order-17',
        options: { idempotencyKey: 'k' },
      },
      { type: 'order.shipped', data: { order: 18 }, options: {} },
    ]);
    tidings.clear();
    expect(() => tidings.assertNothingPublished()).not.toThrow();
  });

  it('returns an event that was published', async () => {
    const tidings = await aShop();
    expect(tidings.assertPublished('order.paid').orderingKey).toBe('order-17');
    expect(tidings.assertPublished('order.shipped', ({ data }) => data.order === 18).data.order).toBe(18);
    tidings.assertNotPublished('order.paid', ({ data }) => data.order === 18);
  });

  it('says what was published instead', async () => {
    const tidings = await aShop();
    const list =
      'published were\n  {"type":"order.paid","orderingKey":"order-17","data":{"order":17,"total":"12.50"}}\n  {"type":"order.shipped","data":{"order":18}}';
    expect(() => tidings.assertPublished('order.paid', ({ data }) => data.order === 18)).toThrow(
      new Error(`no 'order.paid' was published for which the predicate is true: ${list}`),
    );
    expect(() => fakeTidings<Events>().assertPublished('order.paid')).toThrow(
      new Error("no 'order.paid' was published: nothing was published"),
    );
    expect(() => tidings.assertNotPublished('order.shipped')).toThrow(
      new Error(`'order.shipped' was published: {"type":"order.shipped","data":{"order":18}}`),
    );
    expect(() => tidings.assertNothingPublished()).toThrow(new Error(`something was published: ${list}`));
  });

  it('gives access of a consumer that opens nothing', async () => {
    const { token, url } = await fakeTidings().createPortalLink({ consumerId: 'acme' });
    expect(url).toContain(token);
    expect((await fakeTidings().createConsumerToken({ consumerId: 'acme' })).token).toMatch(/^fake_/);
  });
});
