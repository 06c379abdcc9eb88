import { describe, expect, it } from 'vitest';
import {
  type AttemptRecorded,
  attemptId,
  consumerId,
  type DeliveryState,
  deadLetterIdOf,
  deadLetterRefOf,
  decodeAttempt,
  decodeDeadLetter,
  decodeDeadLetterFact,
  decodeDelivery,
  decodeEvent,
  decodeSource,
  decodeSubscription,
  deriveDeliveryId,
  deriveEventId,
  encodeAttempt,
  encodeDeadLetter,
  encodeDelivery,
  encodeEvent,
  encodePoison,
  encodeSettled,
  encodeSource,
  encodeSubscription,
  isEventId,
  isEventPattern,
  isReservedEventType,
  newEventId,
  type SourceRecord,
  type SubscriptionRecord,
  sourceId,
  subscriptionId,
  workspaceId,
} from './index.ts';

const event = deriveEventId({ workspaceId: 'ws_demo', source: '/orders', callerId: 'order-1' });
const subscription = subscriptionId('sub_0190');

const aState = (over: Partial<DeliveryState> = {}): DeliveryState => ({
  type: 'DeliveryRequested.v1',
  deliveryId: deriveDeliveryId(event, subscription),
  eventId: event,
  eventType: 'order.paid',
  workspaceId: workspaceId('ws_demo'),
  consumerId: null,
  subscriptionId: subscription,
  subscriptionVersion: 1,
  orderingKey: null,
  format: 'standard',
  chain: 0,
  attempt: 1,
  position: 0,
  trigger: 'event',
  acceptedAtMs: 1_790_000_000_000,
  firstAttemptAtMs: null,
  notBeforeMs: null,
  deferrals: 0,
  attempts: [],
  ...over,
});

const anAttempt = (over: Partial<AttemptRecorded> = {}): AttemptRecorded => ({
  type: 'AttemptRecorded.v1',
  deliveryId: aState().deliveryId,
  eventId: event,
  eventType: 'order.paid',
  workspaceId: workspaceId('ws_demo'),
  consumerId: consumerId('acme'),
  subscriptionId: subscription,
  subscriptionVersion: 3,
  chain: 0,
  attempt: 2,
  trigger: 'retry',
  atMs: 1_790_000_005_000,
  durationMs: 12,
  acceptedAtMs: 1_790_000_000_000,
  outcome: { kind: 'failed', reason: 'http-status', statusCode: 500, responseExcerpt: 'no' },
  next: { kind: 'retry', atMs: 1_790_000_065_000 },
  ...over,
});

const aSubscription: SubscriptionRecord = {
  type: 'SubscriptionChanged.v1',
  id: subscription,
  workspaceId: workspaceId('ws_demo'),
  consumerId: null,
  kind: 'webhook',
  state: 'active',
  version: 1,
  enabledVersion: 1,
  countedVersion: 1,
  onEnable: 'redrive',
  endpointUrl: 'https://example.com/hook',
  events: ['order.*'],
  filters: null,
  ordering: 'none',
  onExhausted: 'skip',
  format: 'standard',
  signatureStyle: 'v1',
  secrets: [{ id: 'sec_1', sealed: 'v1.a.b.c.d', createdAtMs: 1, expiresAtMs: null }],
  headers: { 'X-Plan': 'gold' },
  secretHeaders: [{ name: 'Authorization', sealed: 'v1.a.b.c.d' }],
  requestOrigin: 'tidings.example',
  timeoutMs: 10_000,
  retryScheduleSeconds: [5, 60],
  rateLimit: null,
  maxInFlight: 10,
  disabledReason: null,
};

describe('messages are decoded unchanged:', () => {
  it('an event keeps its data byte for byte, big integers and white space included', () => {
    const data = Buffer.from('{ "n": 9007199254740993, "é": "\\u00e9" }');
    const encoded = encodeEvent(
      {
        id: event,
        callerId: 'order-1',
        workspaceId: workspaceId('ws_demo'),
        consumerId: null,
        eventType: 'order.paid',
        source: '/orders',
        time: '2026-11-22T10:00:00Z',
        orderingKey: null,
        traceparent: null,
        data,
      },
      { isRepeatable: true },
    );
    const decoded = decodeEvent({ ...encoded, timestampMs: 1 });
    expect(encoded.key).toBe(event);
    expect(decoded.data.equals(data)).toBe(true);
    expect(decoded).toMatchObject({ id: event, callerId: 'order-1', eventType: 'order.paid' });
  });

  it('an event of a source keeps its audience and the headers that it came with', () => {
    const received = {
      sourceId: sourceId(`src_${'1'.repeat(32)}`),
      headers: { 'x-github-event': 'push', 'x-twice': ['a', 'ü'] },
    };
    const given = {
      ...{ id: event, callerId: 'gh-1', workspaceId: workspaceId('ws_demo'), consumerId: null, received },
      audience: 'internal',
      ...{ eventType: 'github.push', source: '/v1/sources/1', orderingKey: null },
      ...{ time: '2026-11-22T10:00:00Z', traceparent: null, data: Buffer.from('{}') },
    } as const;
    const encoded = encodeEvent(given, { isRepeatable: true });
    expect(decodeEvent({ ...encoded, timestampMs: 1 })).toEqual({ type: 'EventAccepted.v1', ...given });
    const { received: _, audience: __, ...plain } = given;
    const before = decodeEvent({ ...encodeEvent(plain, { isRepeatable: true }), timestampMs: 1 });
    expect(before).not.toHaveProperty('audience');
    expect(before).not.toHaveProperty('received');
  });

  it('a source', () => {
    const source: SourceRecord = {
      ...{
        type: 'SourceChanged.v1',
        id: sourceId(`src_${'1'.repeat(32)}`),
        workspaceId: workspaceId('ws_demo'),
      },
      ...{ state: 'active', version: 1, provider: 'github', audience: 'internal', consumerId: null },
      options: { header: 'X-A', tolerance_seconds: 5 },
      secrets: [{ id: 'sec_1', sealed: 'v1.a.b.c.d', createdAtMs: 1, expiresAtMs: null }],
    };
    expect(decodeSource(encodeSource(source))).toEqual(source);
    expect(() => decodeSource({ ...encodeSource(source), value: Buffer.from('{}') })).toThrow(
      'SourceChanged.v1',
    );
  });

  it('a command, an attempt, a dead letter and a subscription', () => {
    const body = Buffer.from('{"id":1}');
    const command = {
      state: aState({ orderingKey: 'k' }),
      body,
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    };
    expect(decodeDelivery(encodeDelivery(command))).toEqual(command);
    for (const attempt of [anAttempt(), anAttempt({ orderingKey: 'ord_7' })])
      expect(decodeAttempt(encodeAttempt(attempt, null))).toEqual(attempt);
    const deadLetter = {
      type: 'DeliveryDeadLettered.v1',
      reason: 'exhausted',
      recordedAtMs: 5,
      state: aState(),
    } as const;
    expect(decodeDeadLetter(encodeDeadLetter(deadLetter, body, null))).toEqual({ deadLetter, value: body });
    expect(decodeSubscription(encodeSubscription(aSubscription))).toEqual(aSubscription);
    const { secretHeaders: _, requestOrigin: __, ...before } = aSubscription;
    const old = { key: null, headers: {}, value: Buffer.from(JSON.stringify(before)) };
    expect(decodeSubscription(old)).toEqual({ ...before, secretHeaders: [], requestOrigin: null });
  });

  it('a subscription written before on_enable existed redrives its dead letters', () => {
    const { onEnable: _, ...before } = aSubscription;
    const record = { key: aSubscription.id, headers: {}, value: Buffer.from(JSON.stringify(before)) };
    expect(decodeSubscription(record)).toEqual(aSubscription);
  });

  it('the resolution of a dead letter, distinguished from a dead letter', () => {
    const deadLetter = {
      type: 'DeliveryDeadLettered.v1',
      reason: 'exhausted',
      recordedAtMs: 5,
      state: aState({ chain: 2 }),
    } as const;
    const settled = {
      type: 'DeadLetterSettled.v1',
      ref: deadLetterRefOf(deadLetter),
      how: 'redriven',
      chain: 3,
      by: 'key_1',
      reason: null,
      atMs: 7,
    } as const;
    expect(decodeDeadLetterFact(encodeSettled(settled))).toEqual(settled);
    expect(() => decodeDeadLetter(encodeSettled(settled))).toThrow(/missing/);
    expect(decodeDeadLetterFact(encodeDeadLetter(deadLetter, Buffer.alloc(0), null))).toMatchObject({
      deadLetter,
    });
    const other = { ...deadLetter, state: aState({ chain: 3 }) };
    expect(deadLetterIdOf(deadLetterRefOf(other))).not.toBe(deadLetterIdOf(settled.ref));
  });

  it('a poison record keeps its origin and its bytes', () => {
    const origin = {
      topic: 't',
      partition: 3,
      offset: '9007199254740993',
      timestampMs: 7,
      key: 'k',
      headers: { a: 'b' },
    };
    const raw = Buffer.from([0xff, 0x00]);
    const { deadLetter, value } = decodeDeadLetter(
      encodePoison({ reason: 'undecodable', detail: 'd', recordedAtMs: 9, group: 'g', origin }, raw),
    );
    expect(deadLetter).toMatchObject({ type: 'RecordPoisoned.v1', origin, hadValue: true });
    expect(value.equals(raw)).toBe(true);
  });
});

describe('an invalid message is refused with the reason:', () => {
  it('unknown fields, wrong values, missing parts and broken JSON', () => {
    const withState = (state: unknown) => ({
      key: null,
      headers: { 'tidings-delivery': JSON.stringify(state) },
      value: Buffer.alloc(0),
    });
    expect(() => decodeDelivery(withState({ ...aState(), surprise: 1 }))).toThrow(/surprise/);
    expect(() => decodeDelivery(withState({ ...aState(), attempt: 0 }))).toThrow(/\/attempt/);
    expect(() => decodeDelivery({ key: null, headers: {}, value: Buffer.alloc(0) })).toThrow(/missing/);
    expect(() => decodeAttempt({ key: null, headers: {}, value: Buffer.from('{') })).toThrow(/not JSON/);
    expect(() => decodeSubscription({ key: null, headers: {}, value: null })).toThrow(/missing/);
  });

  it('an event of another content type', () => {
    const headers = {
      ce_specversion: '1.0',
      ce_id: 'x',
      ce_type: 'a.b',
      ce_source: 's',
      ce_workspaceid: 'w',
      'content-type': 'text/plain',
    };
    expect(() => decodeEvent({ key: null, headers, value: Buffer.from('hi'), timestampMs: 0 })).toThrow(
      /text\/plain/,
    );
  });
});

describe('a record of any Kafka client', () => {
  it('has an event id derived from workspace, source and ce_id, so a repeat is the same event', () => {
    const headers = {
      ce_specversion: '1.0',
      ce_id: 'order-1',
      ce_type: 'order.paid',
      ce_source: '/orders',
      ce_workspaceid: 'ws_demo',
    };
    const decoded = decodeEvent({ key: null, headers, value: Buffer.from('{}'), timestampMs: 0 });
    expect(decoded).toMatchObject({ id: event, callerId: 'order-1', time: '1970-01-01T00:00:00.000Z' });
  });

  const structured = (value: string | null, contentType = 'application/cloudevents+json; charset=UTF-8') =>
    decodeEvent({
      ...{ key: null, timestampMs: 0, headers: { 'content-type': contentType } },
      value: value === null ? null : Buffer.from(value),
    });
  const whole = {
    ...{ specversion: '1.0', id: 'order-1', type: 'order.paid', source: '/orders', workspaceid: 'ws_demo' },
    ...{ consumerid: 'acme', orderingkey: 'k', time: '2026-11-22T10:00:00Z', audience: 'internal' },
  };

  it('may be of the structured mode: the same event, with its data byte for byte', () => {
    const attributes = JSON.stringify({ ...whole, traceparent: '00-a-b-01', own: 7, subject: null });
    const text = attributes.replace(/}$/, ', "data" : { "n": 9007199254740993 } }');
    expect(structured(text)).toMatchObject({
      ...{ id: event, callerId: 'order-1', eventType: 'order.paid', consumerId: 'acme', orderingKey: 'k' },
      ...{ source: '/orders', time: whole.time, audience: 'internal', traceparent: '00-a-b-01' },
      data: Buffer.from('{ "n": 9007199254740993 }'),
    });
    expect(structured(JSON.stringify(whole)).data.toString()).toBe('null');
  });

  it.each([
    ['no value', null, 'is not JSON'],
    ['no JSON', '{', 'is not JSON'],
    ['a list', '[]', 'is not an object'],
    ['no workspace', JSON.stringify({ ...whole, workspaceid: null }), 'ce_workspaceid'],
    ['an id that is a number', JSON.stringify({ ...whole, id: 1 }), "'id' is not text"],
    ['data in base64', JSON.stringify({ ...whole, data_base64: 'AA==' }), 'data_base64'],
    [
      'data that are no JSON',
      JSON.stringify({ ...whole, datacontenttype: 'text/xml', data: '' }),
      'text/xml',
    ],
    ['a member twice', JSON.stringify(whole).replace('{', '{"id":"x",'), 'more than once'],
  ])('of the structured mode with %s is refused', (_, value, text) => {
    expect(() => structured(value)).toThrow(text);
  });

  it('in a batch is refused: the Kafka binding has none', () => {
    expect(() => structured('[]', 'application/cloudevents-batch+json')).toThrow('ce_specversion');
  });
});

describe('ids', () => {
  it('fresh event ids are well formed, differ, and sort by time', () => {
    const ids = [1_790_000_000_000, 1_790_000_000_001].map(newEventId);
    expect(ids.every(isEventId)).toBe(true);
    expect(ids[0]?.charAt(16)).toBe('7');
    expect(ids[0] !== undefined && ids[1] !== undefined && ids[0] < ids[1]).toBe(true);
    expect(new Set(Array.from({ length: 2_000 }, () => newEventId(1)))).toHaveLength(2_000);
  });

  it('derived ids do not depend on where one part ends and the next begins', () => {
    const a = deriveEventId({ workspaceId: 'ab', source: 'c', callerId: 'd' });
    const b = deriveEventId({ workspaceId: 'a', source: 'bc', callerId: 'd' });
    expect(a).not.toBe(b);
  });

  it('attempt events without a request never have the id of an attempt', () => {
    const deferred = anAttempt({ outcome: { kind: 'deferred', reason: 'breaker-open' } });
    expect(attemptId(deferred)).not.toBe(attemptId(anAttempt()));
  });
});

describe('event type names', () => {
  it.each([
    ['order.*', true],
    ['*', true],
    ['order.paid', true],
    ['order..paid', false],
    ['*.paid', false],
    ['.*', false],
    ['', false],
    ['a*', false],
  ])('pattern %s: %s', (pattern, expected) => expect(isEventPattern(pattern)).toBe(expected));

  it('reserves tidings.* and webhook.test only', () => {
    expect(
      ['tidings', 'tidings.x', 'webhook.test', 'webhook.tests', 'tiding.x'].map(isReservedEventType),
    ).toEqual([true, true, true, false, false]);
  });
});
