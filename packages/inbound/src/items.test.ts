import { createHash } from 'node:crypto';
import twilio from 'twilio';
import { describe, expect, it } from 'vitest';
import { InboundHeaders } from './headers.ts';
import { providers } from './providers.ts';
import { type Reception, receiveHook } from './receive-hook.ts';

const secret = 'a secret of them';
const url = 'https://hooks.example/v1/sources/src_1';

type Sent = Readonly<{ headers: readonly (readonly [string, string])[]; body: string; url?: string }>;

function received(name: string, sent: Sent): Reception {
  const provider = providers.get(name);
  if (provider === undefined) throw new Error(`there is no ${name}`);
  const request = {
    url: sent.url ?? url,
    headers: new InboundHeaders(sent.headers.flat()),
    body: Buffer.from(sent.body),
  };
  return receiveHook(provider, request, { secrets: [secret], options: {}, nowSeconds: 0 });
}

const hooksOf = (reception: Reception) => (reception.outcome === 'events' ? reception.hooks : null);

describe('CloudEvents', () => {
  const post = (
    type: string,
    body: string,
    attributes: readonly (readonly [string, string])[] = [],
  ): Reception => {
    const authorization = ['authorization', `Bearer ${secret}`] as const;
    return received('cloudevents', { headers: [authorization, ['content-type', type], ...attributes], body });
  };
  const batch = 'application/cloudevents-batch+json; charset=utf-8';
  const binary = (source: string, id: string) =>
    [
      ['ce-specversion', '1.0'],
      ['ce-type', 'order.paid'],
      ['ce-source', source],
      ['ce-id', id],
    ] as const;
  const event = (source: string, id: string) => ({ specversion: '1.0', type: 'order.paid', source, id });

  it('keep an array that is the data of binary mode as one event, an empty one too', () => {
    for (const body of ['[1, 2]', '[]']) {
      const hooks = hooksOf(post('application/json', body, binary('/shop', '1')));
      expect(hooks?.map(({ id, data }) => [id, data.toString()])).toEqual([['/shop#1', body]]);
    }
  });

  it('of a batch have the attributes of each, whatever headers say', () => {
    const body = JSON.stringify([event('/shop', '1'), event('/shop', '2')]);
    const hooks = hooksOf(post(batch, body, binary('/other', 'x')));
    expect(hooks?.map(({ id }) => id)).toEqual(['/shop#1', '/shop#2']);
  });

  it('of a batch without any are reported', () => {
    expect(post(batch, '[]')).toEqual({ outcome: 'empty' });
  });

  it('have an id for each pair of source and id', () => {
    const pairs = [
      ['/a', 'b#c'],
      ['/a#b', 'c'],
      ['/a%23b', 'c'],
    ] as const;
    const ids = pairs.map(
      ([source, id]) => hooksOf(post(batch, JSON.stringify([event(source, id)])))?.[0]?.id,
    );
    expect(new Set(ids).size).toBe(pairs.length);
  });

  it('are refused with two versions of the specification', () => {
    const twice = [...binary('/shop', '1'), ['ce-specversion', '0.3']] as const;
    expect(post('application/json', '{}', twice)).toEqual({ outcome: 'refused', reason: 'repeated-header' });
  });
});

describe('Twilio', () => {
  const idsOf = (type: string, body: string, token?: string) => {
    const isForm = !type.includes('json');
    const hash = createHash('sha256').update(body).digest('hex');
    const to = isForm ? url : `${url}?bodySHA256=${hash}`;
    const fields = isForm ? Object.fromEntries(new URLSearchParams(body)) : {};
    const headers = [
      ['content-type', type],
      ['x-twilio-signature', twilio.getExpectedTwilioSignature(secret, to, fields)],
      ...(token === undefined ? [] : [['i-twilio-idempotency-token', token] as const]),
    ] as const;
    return hooksOf(received('twilio', { headers, body, url: to }))?.map(({ id }) => id);
  };
  const form = 'application/x-www-form-urlencoded';
  const json = 'application/json';

  it('has the id of a form in the token alone: a field `id` is content', () => {
    expect(idsOf(form, 'id=1&MessageSid=SM1', 'tw-1')).toEqual(['tw-1']);
    expect(idsOf(form, 'id=1&MessageSid=SM1')).toEqual([null]);
  });

  it('has the id of an item of Event Streams, else the token and the index of the item', () => {
    const items = JSON.stringify([{ specversion: '1.0', id: 'one' }, { id: 'mine' }, {}]);
    expect(idsOf(json, items, 'tw-1')).toEqual(['one', 'tw-1/1', 'tw-1/2']);
    expect(idsOf(json, items)).toEqual(['one', null, null]);
  });

  it('has the id of any other JSON in the token', () => {
    expect(idsOf(json, '{"id":"mine"}', 'tw-1')).toEqual(['tw-1']);
  });
});
