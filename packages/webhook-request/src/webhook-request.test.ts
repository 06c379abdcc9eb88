import {
  bodyFormats,
  deriveDeliveryId,
  eventId,
  replayChainOf,
  subscriptionId,
  type Trigger,
  workspaceId,
} from '@tidings/contracts';
import { generateSecret, verify, verifyPlain } from '@tidings/signing';
import { describe, expect, it } from 'vitest';
import { type DeliveredEvent, deliveryRenderer } from './delivery-renderer.ts';
import { bodyRenderer, type RenderedEvent } from './render-body.ts';
import { requestHeaders, type SignedRequest } from './request-headers.ts';

const event: RenderedEvent = {
  id: eventId(`evt_${'0'.repeat(32)}`),
  eventType: 'order.paid',
  time: '2026-01-02T03:04:05Z',
  source: '/a "quoted" é%source',
  workspaceId: workspaceId('main'),
  data: Buffer.from('{ "n": 9007199254740993, "e": 1.0 }'),
};
const secret = generateSecret();
const nowMs = 1_700_000_000_000;
type MadeRequest = SignedRequest & Readonly<{ body: Buffer }>;
const request = (format: (typeof bodyFormats)[number], over: Partial<MadeRequest> = {}): MadeRequest => ({
  state: {
    deliveryId: deriveDeliveryId(event.id, subscriptionId('sub_1')),
    eventId: event.id,
    eventType: event.eventType,
    workspaceId: event.workspaceId,
    chain: 0,
    trigger: 'event',
    format,
    cloudEvent: { source: event.source, time: event.time },
  },
  ownHeaders: {},
  body: bodyRenderer(event, nowMs)(format),
  keys: { secrets: [secret], plainSecret: null, headers: {} },
  nowMs,
  traceparent: '00-trace',
  ...over,
});

describe('the body', () => {
  it('is rendered once for each format', () => {
    const bodyIn = bodyRenderer(event, nowMs);
    for (const format of bodyFormats) expect(bodyIn(format)).toBe(bodyIn(format));
  });

  it.each([
    ['standard', { id: event.id, type: 'order.paid', timestamp: event.time, workspace_id: 'main' }],
    ['plain', { created_at: '2023-11-14T22:13:20.000Z', timestamp: event.time, workspace_id: 'main' }],
    ['cloudevents', { specversion: '1.0', source: event.source, time: event.time, workspaceid: 'main' }],
  ] as const)('as %s contains the data byte for byte', (format, fields) => {
    const body = request(format).body.toString();
    expect(JSON.parse(body)).toMatchObject(fields);
    expect(body).toContain(`"data":${event.data.toString()}}`);
  });

  it('is the data alone in the binary mode of CloudEvents', () => {
    expect(request('cloudevents-binary').body).toEqual(event.data);
  });
});

describe('the body of an event whose data are in the storage', () => {
  const large = { bytes: event.data.length, sha256: 'a'.repeat(64) };
  const inStorage: DeliveredEvent = { ...event, large, data: Buffer.alloc(0) };

  it.each(bodyFormats)('as %s is that of the event itself once the data are inserted', (format) => {
    const { body, state } = deliveryRenderer(inStorage, nowMs)(format);
    const at = state.large?.at ?? -1;
    expect(state.large).toEqual({ ...large, at });
    expect(Buffer.concat([body.subarray(0, at), event.data, body.subarray(at)])).toEqual(
      bodyRenderer(event, nowMs)(format),
    );
  });

  it.each(bodyFormats)('as %s can refer to the data', (format) => {
    const { body, state } = deliveryRenderer(inStorage, nowMs)(format, true);
    const dataref = `/v1/webhooks/events/${event.id}/data`;
    expect(state.large).toBeUndefined();
    if (format === 'cloudevents-binary') {
      expect(body.toString()).toBe('null');
      const headers = requestHeaders({ ...request(format), state: { ...request(format).state, ...state } });
      expect(headers['ce-dataref']).toBe(dataref);
      return;
    }
    const sent = JSON.parse(body.toString()) as object;
    expect(sent).toMatchObject({ dataref, databytes: large.bytes, datasha256: large.sha256 });
    // CloudEvents: an event has its data or a reference to them. Standard Webhooks: data is required.
    expect(Object.hasOwn(sent, 'data')).toBe(format !== 'cloudevents');
  });

  it('is whole for an event with its data, reference or not', () => {
    const render = deliveryRenderer(event, nowMs);
    expect(render('standard', true).body).toEqual(render('standard').body);
    expect(render('standard', true).state).toEqual({});
  });
});

describe('the headers', () => {
  it.each([
    ['standard', 'application/json'],
    ['plain', 'application/json'],
    ['cloudevents', 'application/cloudevents+json'],
    ['cloudevents-binary', 'application/json'],
  ] as const)('of %s have the content type %s and sign the body as it is sent', (format, contentType) => {
    const made = request(format);
    const headers = requestHeaders(made);
    expect(headers['content-type']).toBe(contentType);
    expect(verify({ headers, body: made.body, secrets: [secret], nowSeconds: nowMs / 1_000 })).toMatchObject({
      ok: true,
    });
    expect(Object.keys(headers).some((name) => name.startsWith('ce-'))).toBe(format === 'cloudevents-binary');
  });

  it('of the binary mode identify the event, percent-encoded as the HTTP binding requires', () => {
    expect(requestHeaders(request('cloudevents-binary'))).toMatchObject({
      'ce-specversion': '1.0',
      'ce-id': event.id,
      'ce-source': '/a%20%22quoted%22%20%C3%A9%25source',
      'ce-type': 'order.paid',
      'ce-time': event.time,
      'ce-workspaceid': 'main',
    });
  });

  it('of a subscription never replace the headers of Tidings', () => {
    const headers = requestHeaders(
      request('standard', { ownHeaders: { 'Webhook-Id': 'forged', 'X-Own': 'kept' } }),
    );
    expect(headers['webhook-id']).toMatch(/^dlv_/);
    expect(headers['x-own']).toBe('kept');
  });

  it('of a replay and of its retries say so, and no others do', () => {
    const replayChain = replayChainOf({ jobId: `job_${'1'.repeat(32)}`, createdAtMs: nowMs });
    const triggerOf = (chain: number, trigger: Trigger) => {
      const made = request('standard', { ownHeaders: { 'X-Own': 'kept' } });
      return requestHeaders({ ...made, state: { ...made.state, chain, trigger } })['x-webhook-trigger'];
    };
    expect(triggerOf(replayChain, 'replay')).toBe('replay');
    expect(triggerOf(replayChain, 'retry')).toBe('replay');
    for (const trigger of ['event', 'retry', 'manual', 'redrive'] as const) {
      expect(triggerOf(0, trigger)).toBeUndefined();
    }
  });

  it('of the plain style include its signature too', () => {
    const made = request('standard', { keys: { secrets: [secret], plainSecret: secret, headers: {} } });
    const headers = requestHeaders(made);
    const signature = headers['x-webhook-signature'];
    expect(verifyPlain({ signature, body: made.body, secrets: [secret] })).toBe(true);
    expect(headers['x-webhook-id']).toBe(headers['webhook-id']);
  });
});
