import { decodeEvent, encodeEvent, workspaceId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stampEvent } from '../domain/stamp-event.ts';
import { readBatch, readEvent } from './event-reader.ts';

const read = (text: string) => {
  const json = Buffer.from(text);
  return readEvent(JSON.parse(text), { json, start: 0, pointer: '' });
};

const refusalOf = (work: () => unknown): AppError => {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('it was not refused');
};

const detailsOf = (text: string) => refusalOf(() => read(text)).details ?? [];

describe('readEvent', () => {
  it('accepts every field and keeps data byte for byte', () => {
    const text =
      '{"type":"order.paid","id":"1","source":"/o","time":"2026-11-22T10:00:00Z","consumer_id":"c","ordering_key":"k","data": {"n":9007199254740993, "f":1.0 } }';
    const { request, data } = read(text);
    expect(data.toString()).toBe('{"n":9007199254740993, "f":1.0 }');
    expect(request).toMatchObject({ type: 'order.paid', id: '1', consumer_id: 'c' });
  });

  it.each(['null', 'false', '0', '""', '[]'])('accepts %s as data', (data) => {
    expect(read(`{"data":${data},"type":"a"}`).data.toString()).toBe(data);
  });

  it('finds data under a name in escapes', () => {
    expect(read('{"\\u0064ata":[1],"type":"a"}').data.toString()).toBe('[1]');
  });

  it('reports all faults together', () => {
    const details = detailsOf('{"type":"a b","id":"","time":"noon","source":7,"wat":1}');
    expect(details.map(({ pointer }) => pointer).sort()).toEqual([
      '/data',
      '/id',
      '/source',
      '/time',
      '/type',
      '/wat',
    ]);
    expect(details.every(({ detail }) => detail.length > 0)).toBe(true);
  });

  it.each([
    ['{"type":"tidings.subscription.disabled","data":1}', '/type', /reserved/],
    ['{"type":"webhook.test","data":1}', '/type', /reserved/],
    ['{"type":"a..b","data":1}', '/type', /a\.\.b/],
    [`{"type":"${'a'.repeat(129)}","data":1}`, '/type', /128.*129/],
    ['{"type":"a","data":1,"time":"2026-02-30T00:00:00Z"}', '/time', /2026-02-30/],
    ['{"type":"a","data":1,"data":2}', '/data', /more than once/],
    ['{"type":"a","data":1,"\\u0064ata":2}', '/data', /more than once/],
    ['{"type":"a","type":"b","data":1}', '/type', /more than once/],
    ['{"type":"a","data":1,"id":"a\\u0000"}', '/id', /no control characters/],
    ['{"type":"a","data":1,"id":"a\\u009b31m"}', '/id', /no control characters/],
    ['{"type":"a","data":1,"source":"\\u0085"}', '/source', /no control characters/],
    ['{"type":"a","data":1,"ordering_key":"\\u007f"}', '/ordering_key', /no control characters/],
    ['{"type":"a","data":1,"id":"\\ud800"}', '/id', /no control characters/],
    ['{"type":"a","data":1,"consumer_id":".."}', '/consumer_id', /not '\.' or '\.\.'/],
    ['{"type":"a","data":1,"consumer_id":"ключ"}', '/consumer_id', /printable ASCII/],
    ['{"type":"a","data":1,"__proto__":{}}', '/__proto__', /unknown field/],
    ['{"type":"a","payload":{}}', '/payload', /unknown field 'payload': did you mean 'data'\?/],
    ['{"eventType":"a","data":1}', '/eventType', /unknown field 'eventType': did you mean 'type'\?/],
    ['{"type":"a","data":1,"orderingKey":"k"}', '/orderingKey', /did you mean 'ordering_key'\?/],
    ['{"type":"a"}', '/data', /missing/],
    ['[]', '', /object/],
    ['null', '', /object/],
    ['"x"', '', /object/],
  ])('refuses %s at %s', (text, pointer, detail) => {
    const details = detailsOf(text);
    expect(details.map((fault) => fault.pointer)).toContain(pointer);
    expect(details.find((fault) => fault.pointer === pointer)?.detail).toMatch(detail);
    expect(refusalOf(() => read(text)).code).toBe('unprocessable');
  });

  it('accepts data nested 128 levels deep and refuses more', () => {
    const nested = (depth: number) => `{"type":"a","data":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(read(nested(128)).data).toHaveLength(256);
    expect(detailsOf(nested(129))).toEqual([
      { pointer: '/data', detail: 'may nest arrays and objects 128 deep, got 129' },
    ]);
  });

  it('does not check thousands of unknown fields individually', () => {
    const fields = Array.from({ length: 10_000 }, (_, i) => `"f${i}":1`).join(',');
    expect(detailsOf(`{${fields}}`)).toEqual([{ pointer: '', detail: 'may have 32 fields, got 10000' }]);
  });

  it('accepts nothing that consumers of the log would not decode', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.constantFrom('a.b', '2026-11-22T10:00:00+23:59', '0000-01-01T00:00:00Z', '2026-11-22T10:00:00.1z'),
    );
    // Mostly valid values, otherwise hardly any request would be valid: a random text is never a time.
    const mostly = (...right: readonly string[]) =>
      fc.oneof({ arbitrary: fc.constantFrom(...right), weight: 3 }, { arbitrary: text, weight: 1 });
    const request = fc.record(
      {
        type: mostly('a', 'a.b'),
        data: fc.jsonValue(),
        id: text,
        source: text,
        time: mostly('2026-11-22T10:00:00Z', '2026-11-22T10:00:00+23:59', '2026-11-22T10:00:00.1z'),
        consumer_id: mostly('acme', '~', '...'),
        ordering_key: text,
      },
      { requiredKeys: ['data'] },
    );
    let taken = 0;
    fc.assert(
      fc.property(request, (body) => {
        let draft: ReturnType<typeof read>;
        try {
          draft = read(JSON.stringify({ type: 'a', ...body }));
        } catch {
          return;
        }
        taken += 1;
        const stamp = { workspaceId: workspaceId('w'), idempotencyKey: 'k', traceparent: null, nowMs: 0 };
        const stamped = stampEvent(draft, stamp);
        const decoded = decodeEvent({ ...encodeEvent(stamped.event, stamped), timestampMs: 0 });
        expect(decoded).toEqual({ type: 'EventAccepted.v1', ...stamped.event });
        expect(Number.isFinite(Date.parse(decoded.time))).toBe(true);
      }),
      { numRuns: 300 },
    );
    expect(taken).toBeGreaterThan(60);
  });
});

describe('readBatch', () => {
  const limits = { maxEvents: 3, maxEventBytes: 60 };
  const readAll = (text: string) => readBatch(JSON.parse(text), Buffer.from(text), limits);

  it('reads each item by itself, in order', () => {
    const items = readAll('{"events":[ {"type":"a","data": 1.0} , {"type":"tidings.x"}, 7 ]}');
    expect(items.map(({ ok }) => ok)).toEqual([true, false, false]);
    expect(items[0]?.ok === true && items[0].draft.data.toString()).toBe('1.0');
    const pointers = items.map((item) =>
      (item.ok ? [] : ((item.error as AppError).details ?? [])).map((d) => d.pointer),
    );
    expect(pointers).toEqual([[], ['/events/1/data', '/events/1/type'], ['/events/2']]);
  });

  it('refuses only the item that is too large', () => {
    const [small, large] = readAll(
      `{"events":[{"type":"a","data":1},{"type":"a","data":"${'x'.repeat(60)}"}]}`,
    );
    expect(small?.ok).toBe(true);
    expect(large?.ok === false && large.error).toMatchObject({
      code: 'payload-too-large',
      message: '/events/1 may have at most 60 bytes, got 82.',
    });
  });

  it.each([
    ['{"events":[]}', '/events', /at least 1/],
    ['{"events":[1,2,3,4]}', '/events', /at most 3 items, got 4/],
    ['{"events":{}}', '/events', /array/],
    ['{}', '/events', /missing/],
    ['[]', '', /object/],
    ['{"events":[1],"more":1}', '/more', /unknown field/],
    ['{"events":[1],"events":[2]}', '/events', /more than once/],
  ])('refuses all of %s', (text, pointer, detail) => {
    expect(refusalOf(() => readAll(text)).details).toEqual([
      { pointer, detail: expect.stringMatching(detail) as unknown },
    ]);
  });
});
