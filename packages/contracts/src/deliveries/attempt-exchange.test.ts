import { describe, expect, it } from 'vitest';
import {
  type AttemptExchange,
  type AttemptRecorded,
  decodeAttempt,
  deliveryId,
  derivedRequestHeaders,
  encodeAttempt,
  exchangeText,
  parseExchange,
  shortExchangeText,
  textStart,
} from '../index.ts';

/** The value of a record as the first release wrote it. */
const oldValue =
  '{"type":"AttemptRecorded.v1","deliveryId":"dlv_0b8e1a3c5d7f4e6a9b2c4d6e8f0a1b3c","eventId":"evt_019aab3cf4007c3d8e4f5a6b7c8d9e0f","eventType":"order.paid","workspaceId":"ws_demo","consumerId":"acme","subscriptionId":"sub_0190","subscriptionVersion":3,"chain":0,"attempt":2,"trigger":"retry","atMs":1790000005000,"durationMs":12,"acceptedAtMs":1790000000000,"outcome":{"kind":"failed","reason":"http-status","statusCode":500,"responseExcerpt":"no"},"next":{"kind":"retry","atMs":1790000065000}}';

const decodeOld = (): AttemptRecorded =>
  decodeAttempt({ key: 'sub_0190', headers: {}, value: Buffer.from(oldValue) });

const exchange: AttemptExchange = {
  phases: { dnsMs: 1, connectMs: 2, tlsMs: 3, firstByteMs: 4.25, bodyMs: 0, totalMs: 12 },
  request: { headers: { 'x-plan': 'gold' }, omitted: 1 },
  response: {
    headers: { 'set-cookie': ['a=1', 'b=2'] },
    omitted: 2,
    body: 'AAE=',
    encoding: 'base64',
    truncated: true,
  },
};

describe('an attempt event', () => {
  it('of an earlier release has no exchange', () => {
    expect(decodeOld()).toMatchObject({ attempt: 2, outcome: { responseExcerpt: 'no' } });
    expect(decodeOld()).not.toHaveProperty('exchange');
  });

  it('carries its exchange beside a value that earlier releases can read', () => {
    const text = exchangeText(exchange);
    const wire = encodeAttempt({ ...decodeOld(), exchange: text }, null);
    expect(wire.value?.toString()).toBe(oldValue);
    expect(decodeAttempt(wire)).toEqual({ ...decodeOld(), exchange: text });
    expect(parseExchange(text)).toEqual(exchange);
  });
});

describe('the text of an exchange', () => {
  it.each([
    ['no JSON', '{'],
    ['no phases', exchangeText({ ...exchange, phases: {} } as unknown as AttemptExchange)],
    ['an unknown field', exchangeText({ ...exchange, more: 1 } as unknown as AttemptExchange)],
    ['a header that is a number', '{"phases":{"totalMs":1},"request":{"headers":{"a":1}}}'],
    ['a negative phase', '{"phases":{"totalMs":-1},"request":{"headers":{}}}'],
  ])('with %s is refused', (_fault, text) => expect(parseExchange(text)).toBeNull());

  it('keeps headers of any name', () => {
    const text = '{"phases":{"totalMs":1},"request":{"headers":{"__proto__":"a","constructor":"b"}}}';
    const parsed = parseExchange(text) as AttemptExchange;
    expect(Object.entries(parsed.request.headers)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  it('is shortened to its phases, once', () => {
    const short = shortExchangeText(exchangeText(exchange));
    expect(parseExchange(short)).toEqual({ phases: exchange.phases, dropped: true, truncated: true });
    expect(shortExchangeText(short)).toBe(short);
    const { request, phases } = exchange;
    expect(parseExchange(shortExchangeText(exchangeText({ phases, request })))).toEqual({
      phases,
      dropped: true,
    });
  });
});

it('the derived request headers of stored attempts never change', () => {
  const attempt = {
    deliveryId: deliveryId(`dlv_${'0'.repeat(32)}`),
    eventType: 'a.b',
    atMs: 1_790_000_005_999,
  };
  expect(derivedRequestHeaders(attempt)).toEqual({
    'content-type': 'application/json',
    'webhook-id': `dlv_${'0'.repeat(32)}`,
    'webhook-timestamp': '1790000005',
    'webhook-signature': 'v1,***',
    'x-webhook-event': 'a.b',
  });
});

describe('the start of a text', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['aé', 2, 'a'],
    ['aé', 3, 'aé'],
    ['a€', 2, 'a'],
    ['a€', 3, 'a'],
    ['a😀b', 4, 'a'],
    ['a😀b', 5, 'a😀'],
    ['', 5, ''],
  ])('of %j in %i bytes is %j', (text, bytes, expected) =>
    expect(textStart(Buffer.from(text), bytes).toString()).toBe(expected),
  );
});
