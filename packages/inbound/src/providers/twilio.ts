import { createHash } from 'node:crypto';
import { hmacOf, isAnyEqual } from '../constant-time.ts';
import { type FormFields, formFields, splitArray, textAt, valueAt } from '../payload.ts';
import {
  type Hook,
  type HookFailure,
  type InboundRequest,
  lengthFault,
  type Provider,
  requireHeader,
  type Verification,
} from '../provider.ts';

const header = 'x-twilio-signature';

/** Returns the fields of a form as they are signed: sorted by name, names and values joined; repeated values once each. */
const signedFields = (fields: FormFields): string =>
  Object.entries(fields)
    .sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
    .flatMap(([name, value]) =>
      typeof value === 'string' ? [name + value] : [...new Set(value)].sort().map((one) => name + one),
    )
    .join('');

/** Returns the URL with and without the port: Twilio signs one or the other, by scheme. */
function spellingsOf(url: string): readonly string[] {
  const [, origin, host, port = '', rest = ''] =
    /^(https?:\/\/)(\[[^\]]*\]|[^/?#:]*)(:\d+)?(.*)$/i.exec(url) ?? [];
  if (origin === undefined) return [url];
  const standard = origin.toLowerCase() === 'https://' ? ':443' : ':80';
  return [`${origin}${host}${rest}`, `${origin}${host}${port === '' ? standard : port}${rest}`];
}

/** Returns the URL as it is configured at Twilio: the option names what a proxy may have changed, the query is that received. */
function publicUrl({ url }: InboundRequest, { options }: Verification): string {
  const configured = options['public_url'];
  if (typeof configured !== 'string') return url;
  const query = url.indexOf('?');
  return query < 0 ? configured : `${configured.split('?', 1)[0]}${url.slice(query)}`;
}

/**
 * Returns what is signed after the URL: the fields of a form; nothing for any other body, whose hash the URL has. Null if
 * it cannot be one or the other: a URL with a hash signs no fields, so a form there would be any form.
 */
export function signedPartOf(body: Buffer, contentType: string, url: string): string | null {
  const hash = /[?&]bodySHA256=([^&#]*)/.exec(url)?.[1];
  if (/^application\/x-www-form-urlencoded/i.test(contentType)) {
    const fields = hash === undefined ? formFields(body) : null;
    return fields === null ? null : signedFields(fields);
  }
  const actual = createHash('sha256').update(body).digest('hex');
  return hash !== undefined && isAnyEqual([actual], [hash]) ? '' : null;
}

function verify(request: InboundRequest, against: Verification): HookFailure | null {
  const signature = request.headers.get(header) ?? '';
  const url = publicUrl(request, against);
  const part = signedPartOf(request.body, request.headers.get('content-type') ?? '', url);
  if (part === null) return 'malformed-signature';
  const expected = against.secrets.flatMap((secret) =>
    spellingsOf(url).map((spelling) =>
      hmacOf(secret, [spelling, part], { algorithm: 'sha1', encoding: 'base64' }),
    ),
  );
  return isAnyEqual(expected, [signature]) ? null : 'no-matching-signature';
}

/**
 * Returns the id of an item of Event Streams, which are CloudEvents; else the token of the request, with the index of the
 * item where there may be several. A field `id` of any other body is one of its content.
 */
function id({ headers, payload: { value }, index }: Hook): string | null {
  const isStreamed = index !== null && textAt(value, 'specversion') !== null;
  const own = isStreamed ? textAt(value, 'id') : null;
  if (own !== null) return own;
  const token = headers.get('i-twilio-idempotency-token');
  if (token === undefined) return null;
  return index === null ? token : `${token}/${index}`;
}

/** https://www.twilio.com/docs/usage/webhooks/webhooks-security: HMAC-SHA1 of the public URL and the sorted fields. */
export const twilio: Provider = {
  name: 'twilio',
  typePrefix: 'twilio',
  maxBytes: 1_000_000,
  contentTypes: ['application/x-www-form-urlencoded', 'application/json'],
  answerWithinMs: 15_000,
  // Event Streams: at least once within four hours.
  retrySpanSeconds: 4 * 3_600,
  options: {
    public_url: {
      type: 'string',
      maxLength: 2_048,
      pattern: '^https?://[^?#]+$',
      description:
        'The URL that is configured at Twilio, without its query. Default: that of the request, which is right if no proxy changes host, port or path.',
    },
  },
  reads: () => [header, 'i-twilio-idempotency-token', 'content-type'],
  secretFault: lengthFault,
  checkHeaders: requireHeader(header),
  verify,
  split: splitArray,
  id,
  type: ({ payload: { value } }) => {
    const type = textAt(value, 'type');
    if (type !== null) return type;
    const message = textAt(value, 'MessageStatus');
    if (message !== null) return `message.${message}`;
    const call = textAt(value, 'CallStatus');
    if (call !== null) return `call.${call}`;
    return textAt(value, 'MessageSid') === null ? null : 'message.received';
  },
  orderingKey: ({ payload: { value } }) =>
    [value, valueAt(value, 'data')].reduce<string | null>(
      (found, fields) =>
        found ??
        textAt(fields, 'MessageSid') ??
        textAt(fields, 'CallSid') ??
        textAt(fields, 'messageSid') ??
        textAt(fields, 'callSid'),
      null,
    ),
};
