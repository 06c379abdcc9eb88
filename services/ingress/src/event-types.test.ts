import {
  type EventTypeRecord,
  eventTypeKey,
  topics,
  type WorkspaceId,
  workspaceId,
} from '@tidings/contracts';
import { createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { eventually } from '@tidings/testing';
import { describe, expect, it } from 'vitest';
import { anEventType, demo, right, startWithTypes, wrong } from '../test/ingress-with-types.ts';

describe('an event of a registered type', () => {
  it('is refused with pointers into its data if the mode is enforce', async () => {
    const { post, accepted, metric } = await startWithTypes([anEventType()]);
    expect((await post(right)).status).toBe(202);
    const { status, body } = await post(wrong);
    expect(status).toBe(422);
    expect(body).toMatchObject({
      code: 'unprocessable',
      errors: [{ pointer: '/data/total', detail: "must be an integer, got 'much'" }],
    });
    expect(await post({ type: 'order.paid', data: {} })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/data/total' }] },
    });
    expect(accepted()).toBe(1);
    const line = 'tidings_ingress_event_type_checks_total{verdict="invalid",service="ingress"} 2';
    expect(await metric('tidings_ingress_event_type_checks_total')).toContain(line);
    expect(await metric('tidings_ingress_events_total')).toContain(
      'tidings_ingress_events_total{outcome="invalid",service="ingress"} 2',
    );
  });

  it('is validated by all digits of its numbers, alone and in a batch', async () => {
    const schema = { properties: { total: { maximum: 9007199254740992 } } };
    const { post, accepted } = await startWithTypes([anEventType({ schema: { version: 1, schema } })]);
    const event = (total: string): string => `{"type":"order.paid","data":{"total":${total}}}`;
    expect((await post(event('9007199254740992'))).status).toBe(202);
    expect(await post(event('9007199254740993'))).toMatchObject({
      status: 422,
      body: {
        errors: [{ pointer: '/data/total', detail: 'must be <= 9007199254740992, got 9007199254740993' }],
      },
    });
    const batch = `{"events":[${event('9007199254740993')},${event('1')}]}`;
    const { body } = await post(batch, '/v1/events/batch');
    expect(body).toMatchObject({ results: [{ status: 422 }, { status: 202 }] });
    expect(accepted()).toBe(2);
  });

  it('is accepted with a warning if the mode is warn; the log has the pointer and not the data', async () => {
    const { post, accepted, metric, logger } = await startWithTypes([anEventType({ mode: 'warn' })]);
    const { status, body } = await post(wrong);
    expect(status).toBe(202);
    expect(body).toMatchObject({ warnings: [{ pointer: '/data/total' }] });
    expect((await post(right)).body).not.toHaveProperty('warnings');
    expect(accepted()).toBe(2);
    const lines = logger.lines.filter(({ event }) => event === 'event.schema-warned');
    expect(lines).toMatchObject([{ fields: { eventType: 'order.paid', pointers: ['/data/total'] } }]);
    expect(JSON.stringify(lines)).not.toContain('much');
    const line = 'tidings_ingress_event_type_checks_total{verdict="warned",service="ingress"} 1';
    expect(await metric('tidings_ingress_event_type_checks_total')).toContain(line);
  });

  it.each<[string, Partial<EventTypeRecord>]>([
    ['the type does not check', { mode: 'off' }],
    ['the type has no schema', { schema: null }],
    ['another workspace has the type', { workspaceId: workspaceId('ws_other') as WorkspaceId }],
    ['the type is a draft without a schema', { state: 'draft', schema: null }],
  ])('is accepted unchecked if %s', async (_name, over) => {
    const { post } = await startWithTypes([anEventType(over)]);
    const { status, body } = await post(wrong);
    expect(status).toBe(202);
    expect(body).not.toHaveProperty('warnings');
  });

  it('is answered with Deprecation and Sunset if the type is deprecated', async () => {
    const times = { deprecatedAtMs: Date.UTC(2026, 0, 2), sunsetAtMs: Date.UTC(2027, 5, 30, 23, 59, 59) };
    const { post } = await startWithTypes([
      anEventType({ state: 'deprecated', ...times }),
      anEventType({ name: 'order.sent', state: 'deprecated', deprecatedAtMs: times.deprecatedAtMs }),
    ]);
    const { status, headers } = await post(right);
    expect(status).toBe(202);
    expect(headers.get('deprecation')).toBe('@1767312000');
    expect(headers.get('sunset')).toBe('Wed, 30 Jun 2027 23:59:59 GMT');
    const second = await post({ ...right, type: 'order.sent' });
    expect([second.headers.get('deprecation'), second.headers.get('sunset')]).toEqual(['@1767312000', null]);
    const other = await post({ ...right, type: 'order.made' });
    expect([other.headers.get('deprecation'), other.headers.get('sunset')]).toEqual([null, null]);
  });

  it('is refused if the type is archived', async () => {
    const { post, accepted } = await startWithTypes([anEventType({ state: 'archived' })]);
    expect(await post(right)).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/type', detail: expect.stringContaining('archived') as unknown }] },
    });
    expect(accepted()).toBe(0);
  });

  it('requires a consumer if the type is addressed', async () => {
    const { post } = await startWithTypes([anEventType({ audience: 'addressed' })]);
    expect(await post(right)).toMatchObject({ status: 422, body: { errors: [{ pointer: '/consumer_id' }] } });
    expect((await post({ ...right, consumer_id: 'acme' })).status).toBe(202);
  });

  it('has its own result in a batch', async () => {
    const { post, accepted } = await startWithTypes([
      anEventType(),
      anEventType({
        name: 'order.old',
        state: 'deprecated',
        schema: null,
        deprecatedAtMs: 0,
        sunsetAtMs: 1_000,
      }),
      anEventType({ name: 'order.gone', state: 'archived' }),
      anEventType({ name: 'order.warns', mode: 'warn' }),
    ]);
    const events = [
      right,
      wrong,
      { type: 'order.old', data: 1 },
      { type: 'order.gone', data: 1 },
      { ...wrong, type: 'order.warns' },
    ];
    const { status, body, headers } = await post({ events }, '/v1/events/batch');
    expect(status).toBe(207);
    expect((body as { results: unknown[] }).results).toMatchObject([
      { status: 202, type: 'order.paid' },
      { status: 422, problem: { errors: [{ pointer: '/events/1/data/total' }] } },
      { status: 202, deprecated_at: '1970-01-01T00:00:00.000Z', sunset_at: '1970-01-01T00:00:01.000Z' },
      { status: 422, problem: { errors: [{ pointer: '/events/3/type' }] } },
      { status: 202, warnings: [{ pointer: '/events/4/data/total' }] },
    ]);
    expect(headers.get('deprecation')).toBeNull();
    expect(accepted()).toBe(3);
  });
});

describe('an event of a type that is not registered', () => {
  it('is refused by a strict workspace until the type is registered, and accepted by an open one', async () => {
    const { post, register, accepted } = await startWithTypes([], createMemoryBus(), { policy: 'strict' });
    expect(await post(right)).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/type', detail: "'order.paid' is not registered; none is registered" }] },
    });
    expect(accepted()).toBe(0);
    await register(anEventType());
    expect((await post(right)).status).toBe(202);
    const lost = await post({ ...right, type: 'order.lost' });
    expect(lost).toMatchObject({
      status: 422,
      body: { errors: [{ detail: expect.stringContaining('registered are order.paid') as unknown }] },
    });
    const open = await startWithTypes();
    expect((await open.post(right)).status).toBe(202);
    await eventually(() => expect(open.seen()).toEqual(['order.paid']));
  });
});

describe('a change of a type', () => {
  it('applies with its record, and an older record changes nothing', async () => {
    const { post, register, write } = await startWithTypes([anEventType()]);
    expect((await post(wrong)).status).toBe(422);
    await register(anEventType({ version: 3, mode: 'off' }));
    expect((await post(wrong)).status).toBe(202);
    await register(anEventType({ version: 2 }));
    expect((await post(wrong)).status).toBe(202);
    const schema = { version: 2, schema: { required: ['sum'] } };
    await register(anEventType({ version: 4, schema }));
    expect(await post(right)).toMatchObject({ status: 422, body: { errors: [{ pointer: '/data/sum' }] } });
    await write({ key: eventTypeKey(demo, 'order.paid'), value: null });
    expect((await post(right)).status).toBe(202);
  });
});

describe('before the types are known', () => {
  it('events receive 503 and nothing is written', async () => {
    const bus = createMemoryBus();
    let finish = (): void => {};
    const loaded = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const table: MemoryBus['table'] = async (options) => ({
      ...(await bus.table(options)),
      ...(options.topic === topics.eventTypes ? { ready: async () => loaded } : {}),
    });
    const { post, url, accepted } = await startWithTypes([anEventType()], { ...bus, table });
    const { status, headers, body } = await post(wrong);
    expect([status, headers.get('retry-after')]).toEqual([503, '1']);
    expect(body).toMatchObject({ detail: expect.stringContaining('nothing was written') as unknown });
    expect((await fetch(`${url}/ready`)).status).toBe(503);
    finish();
    await loaded;
    expect((await post(wrong)).status).toBe(422);
    expect(accepted()).toBe(0);
  });
});
