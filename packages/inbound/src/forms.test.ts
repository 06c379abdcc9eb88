import twilio from 'twilio';
import { expect, it } from 'vitest';
import { InboundHeaders } from './headers.ts';
import { formFields, readPayload } from './payload.ts';
import { providers } from './providers.ts';
import { type Reception, receiveHook } from './receive-hook.ts';

const type = 'application/x-www-form-urlencoded';
const maxFormFields = 1_000;
const token = 'a token';
const url = 'https://hooks.example/v1/sources/src_1';

function received(body: string, signature: string, to = url): Reception {
  const provider = providers.get('twilio');
  if (provider === undefined) throw new Error('there is no twilio');
  const headers = new InboundHeaders(['content-type', type, 'x-twilio-signature', signature]);
  const request = { url: to, headers, body: Buffer.from(body) };
  return receiveHook(provider, request, { secrets: [token], options: {}, nowSeconds: 0 });
}

it('refuses a form of more than 1,000 fields, repeated and empty ones included, before it is verified', () => {
  for (const body of [`${'a&'.repeat(maxFormFields)}a`, '&'.repeat(maxFormFields), 'a&'.repeat(450_000)])
    expect(received(body, 'any')).toEqual({ outcome: 'refused', reason: 'malformed-signature' });
});

it('takes a form of 1,000 fields of one name', () => {
  const values = Array.from({ length: maxFormFields }, (_, at) => String(at));
  const body = values.map((value) => `Tag=${value}`).join('&');
  expect(formFields(Buffer.from(body))).toEqual({ Tag: values });
  const signature = twilio.getExpectedTwilioSignature(token, url, { Tag: values });
  expect(received(body, signature)).toMatchObject({ outcome: 'events' });
});

it('keeps a verified form of too many fields as bytes alone', () => {
  const body = Buffer.from('a&'.repeat(maxFormFields));
  const { data, value } = readPayload(body, type);
  expect(value).toBeUndefined();
  expect(JSON.parse(data.toString())).toEqual({ content_type: type, body_base64: body.toString('base64') });
});

it('refuses a form at a URL with the hash of a body: its fields are not signed', () => {
  const hashed = `${url}?bodySHA256=${'0'.repeat(64)}`;
  const signature = twilio.getExpectedTwilioSignature(token, hashed, {});
  expect(received('', signature, hashed)).toEqual({ outcome: 'refused', reason: 'malformed-signature' });
});
