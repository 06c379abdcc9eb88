import { type BodyFormat, bodyFormats, deliveryId, eventId, workspaceId } from '@tidings/contracts';
import { generateSecret } from '@tidings/signing';
import { bodyRenderer, requestHeaders } from '@tidings/webhook-request';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { webhooks } from './webhook-schemas.ts';

const event = {
  id: eventId(`evt_${'1'.repeat(32)}`),
  eventType: 'order.paid',
  time: '2026-11-22T10:00:00Z',
  source: 'shop',
  workspaceId: workspaceId('ws_shop'),
  data: Buffer.from('{"n":1}'),
};

function requestIn(format: BodyFormat) {
  const body = bodyRenderer(event, 0)(format);
  const secret = generateSecret();
  const headers = requestHeaders({
    state: {
      ...{ deliveryId: deliveryId(`dlv_${'2'.repeat(32)}`), eventId: event.id, eventType: event.eventType },
      ...{ workspaceId: event.workspaceId, chain: 0, trigger: 'event', format },
      cloudEvent: { source: event.source, time: event.time },
    },
    ownHeaders: {},
    body,
    keys: { secrets: [secret], plainSecret: secret, headers: {} },
    nowMs: Date.now(),
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  });
  return { body: JSON.parse(body.toString()) as unknown, headers };
}

it.each(bodyFormats)('describes the request that is sent in the format %s', (format) => {
  const { headers: published, required, bodies } = webhooks['event'] ?? {};
  if (published === undefined || required === undefined || bodies === undefined)
    throw new Error('no webhook');
  const { body, headers } = requestIn(format);
  const { 'content-type': type = '', ...more } = headers;
  expect(Object.keys(published)).toEqual(expect.arrayContaining(Object.keys(more)));
  expect(Object.keys(more)).toEqual(expect.arrayContaining([...required]));
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  for (const [name, value] of Object.entries(more))
    expect([name, ajv.validate(published[name] ?? false, value)]).toEqual([name, true]);
  const schema = bodies[type];
  expect(schema).toBeDefined();
  // In the binary mode the body is the data alone.
  if (schema === undefined || format === 'cloudevents-binary') return;
  const isValid = ajv.compile({ ...schema, additionalProperties: false });
  isValid(body);
  expect(isValid.errors).toBeNull();
});
