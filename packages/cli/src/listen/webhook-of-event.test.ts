import { InboundHeaders, providers } from '@tidings/inbound/tools';
import { expect, it } from 'vitest';
import type { ReadEvent } from './read-event.ts';
import { asReceived } from './webhook-of-event.ts';

const nowMs = 1_700_000_000_000;
const url = 'http://localhost:3000/hooks';
const anEvent = (receivedHeaders: ReadEvent['receivedHeaders']): ReadEvent => ({
  ...{ id: 'evt_1', type: 'a', time: 't', source: 's', workspaceId: 'main' },
  ...{ data: null, dataStatus: 'available', receivedHeaders },
});

it('sends a form as it was, signed for the local URL', () => {
  const body = Buffer.from('MessageSid=SM1&Body=gr%C3%BC%C3%9Fe');
  const contentType = 'application/x-www-form-urlencoded';
  const envelope = { content_type: contentType, form: { a: '1' }, body_base64: body.toString('base64') };
  const options = { public_url: 'https://hooks.example/in' };
  const render = asReceived({ provider: 'twilio', options, secret: 'a secret of theirs', url });
  const event = anEvent({ 'content-type': contentType, 'x-list': ['1', '2'] });
  const sent = render(event, Buffer.from(JSON.stringify(envelope)), nowMs);
  expect(sent.body).toEqual(body);
  expect(sent.headers).toMatchObject({ 'content-type': contentType, 'x-list': '1, 2' });
  const headers = new InboundHeaders(Object.entries(sent.headers).flat());
  const against = { secrets: ['a secret of theirs'], options: {}, nowSeconds: nowMs / 1_000 };
  expect(providers.get('twilio')?.verify({ url, headers, body }, against)).toBeNull();
});

it('keeps the id of a Standard Webhook in its new signature', () => {
  const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
  const render = asReceived({ provider: 'standard-webhooks', options: {}, secret, url });
  const body = Buffer.from('{"type":"a"}');
  const sent = render(anEvent({ 'webhook-id': 'msg_7', 'webhook-timestamp': '1' }), body, nowMs);
  expect(sent.headers).toMatchObject({ 'webhook-id': 'msg_7', 'webhook-timestamp': String(nowMs / 1_000) });
  const headers = new InboundHeaders(Object.entries(sent.headers).flat());
  const against = { secrets: [secret], options: {}, nowSeconds: nowMs / 1_000 };
  expect(providers.get('standard-webhooks')?.verify({ url, headers, body }, against)).toBeNull();
});

it('adds nothing without a secret', () => {
  const body = Buffer.from('{"body_base64":"x","content_type":1,"other":2}');
  expect(asReceived(null)(anEvent({ 'x-a': '1' }), body, nowMs)).toEqual({ headers: { 'x-a': '1' }, body });
});
