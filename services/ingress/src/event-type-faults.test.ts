import { eventTypeKey } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { anEventType, demo, startWithTypes, wrong } from '../test/ingress-with-types.ts';

describe('a type with a fault blocks no event:', () => {
  const unusable = async (metric: (name: string) => Promise<string[]>) =>
    Number((await metric('tidings_ingress_unusable_event_types'))[0]?.split(' ')[1]);

  it('an unusable schema is logged and counted until it is fixed', async () => {
    const schema = { version: 1, schema: { properties: { total: { pattern: '(a+)+\\1' } } } };
    const { post, register, metric, logger } = await startWithTypes([anEventType({ schema })]);
    expect((await post(wrong)).status).toBe(202);
    expect((await post(wrong)).status).toBe(202);
    expect(await unusable(metric)).toBe(1);
    const lines = logger.lines.filter(({ event }) => event === 'event-type.schema-unusable');
    expect(lines).toMatchObject([
      { level: 'error', fields: { key: 'ws_demo/order.paid', schemaVersion: 1 } },
    ]);
    await register(anEventType({ version: 2 }));
    expect((await post(wrong)).status).toBe(422);
    expect(await unusable(metric)).toBe(0);
  });

  it('an undecodable record leaves the type unchecked until it is fixed', async () => {
    const { post, register, write, metric, logger } = await startWithTypes([anEventType({ version: 5 })]);
    await write({
      key: eventTypeKey(demo, 'order.paid'),
      value: Buffer.from('{"type":"EventTypeChanged.v9"}'),
    });
    expect((await post(wrong)).status).toBe(202);
    expect(await unusable(metric)).toBe(1);
    expect(logger.lines.some(({ event }) => event === 'event-type.unreadable')).toBe(true);
    await register(anEventType({ version: 6 }));
    expect((await post(wrong)).status).toBe(422);
    expect(await unusable(metric)).toBe(0);
  });

  it('data that take too many steps to check are refused by a type that enforces, and accepted by one that warns', async () => {
    const schema = { version: 1, schema: { pattern: '[ab]*a[ab]{400}[cd]' } };
    const { post } = await startWithTypes([
      anEventType({ schema }),
      anEventType({ name: 'order.warns', mode: 'warn', schema }),
    ]);
    const data = 'ab'.repeat(20_000);
    expect(await post({ type: 'order.paid', data })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/data', detail: expect.stringContaining('1000000 steps') as unknown }] },
    });
    expect((await post({ type: 'order.warns', data })).status).toBe(202);
  });
});
