import { gzipSync } from 'node:zlib';
import { type AttemptExchange, type CompletedRequest, deliveryId, parseExchange } from '@tidings/contracts';
import { generateSecret, signHeaders, signPlain } from '@tidings/signing';
import { describe, expect, it } from 'vitest';
import { exchangeView } from './exchange-view.ts';
import { type BodyRule, exchangeLimits, recordExchange } from './record-exchange.ts';
import { type EndpointSecrets, redactionOf } from './redaction.ts';

const secret = generateSecret();
const id = deliveryId(`dlv_${'ab'.repeat(16)}`);
const atMs = 1_790_000_000_123;
const body = Buffer.from('{"id":1}');
const signed = {
  'content-type': 'application/json',
  'user-agent': 'Tidings/0.1.0',
  ...signHeaders({ id, timestampSeconds: 1_790_000_000, body, secrets: [secret] }),
  'x-webhook-event': 'order.paid',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
};
const signature = signed['webhook-signature'].slice('v1,'.length);

type Given = Readonly<{
  response?: Partial<Extract<CompletedRequest, { kind: 'response' }>>;
  failed?: Partial<Extract<CompletedRequest, { kind: 'failed' }>>;
  secrets?: Partial<EndpointSecrets>;
  headers?: Readonly<Record<string, string>>;
  rule?: BodyRule;
}>;

const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: 1.2, bodyMs: 0, totalMs: 1.4 };

const record = ({ response, failed, secrets, headers = signed, rule = 'bodies-of-failures' }: Given) => {
  const redaction = redactionOf({ secrets: [secret], secretHeaders: [], headers: {}, ...secrets });
  const sent: CompletedRequest =
    failed === undefined
      ? {
          kind: 'response',
          status: 500,
          headers: {},
          body: Buffer.alloc(0),
          truncated: false,
          timings,
          ...response,
        }
      : {
          kind: 'failed',
          reason: 'reset',
          detail: 'cut',
          status: null,
          headers: {},
          body: Buffer.alloc(0),
          beforeAnyByte: false,
          timings,
          ...failed,
        };
  const attempt = { deliveryId: id, eventType: 'order.paid', atMs };
  const recorded = recordExchange({ ...attempt, headers }, sent, { redaction, rule });
  const exchange = parseExchange(recorded.exchange) as AttemptExchange | null;
  if (exchange === null) throw new Error(`not valid: ${recorded.exchange}`);
  const { responseExcerpt } = recorded.outcome;
  const view = exchangeView({ ...attempt, responseExcerpt, exchange: recorded.exchange });
  return { ...recorded, text: recorded.exchange, exchange, view };
};

describe('the request of a recorded exchange', () => {
  it('has the headers that do not follow from the attempt, and is shown with all', () => {
    const { exchange, view } = record({});
    expect(Object.keys(exchange.request.headers)).toEqual(['user-agent', 'traceparent']);
    expect(view['request_headers']).toEqual({ ...signed, 'webhook-signature': 'v1,***' });
  });

  it('masks each signature, secret header, and secret in a header that may be shown', () => {
    const headers = {
      ...signed,
      ...signHeaders({ id, timestampSeconds: 1_790_000_000, body, secrets: [secret, generateSecret()] }),
      'x-webhook-signature': signPlain({ body, secret }),
      authorization: 'abc',
      'x-plan': `gold ${secret}`,
    };
    const secrets = {
      secretHeaders: [['Authorization', 'abc']] as const,
      headers: { 'X-Plan': headers['x-plan'] },
    };
    const { view } = record({ headers, secrets });
    expect(view['request_headers']).toMatchObject({
      'webhook-signature': 'v1,*** v1,***',
      'x-webhook-signature': 'sha256=***',
      authorization: '***',
      'x-plan': 'gold ***',
    });
  });
});

describe('the response of a recorded exchange', () => {
  it('is absent if none was read', () => {
    const { exchange, view } = record({ failed: { reason: 'refused' } });
    expect(exchange).not.toHaveProperty('response');
    expect(view).toMatchObject({
      response_headers: null,
      response_body: null,
      response_body_truncated: false,
    });
  });

  it('has the part of the body that was read before a failure', () => {
    const failed = { status: 200, headers: { a: 'b' }, body: Buffer.from('half') };
    expect(record({ failed }).view).toMatchObject({
      response_headers: { a: 'b' },
      response_body: 'half',
      response_body_truncated: true,
    });
  });

  it('has 16 KiB of the body of a failure, and one KiB of a success unless every body is recorded', () => {
    const long = Buffer.from('x'.repeat(16_384));
    const ok = { status: 200, body: long };
    expect(record({ response: { body: long } }).view).toMatchObject({
      response_body: long.toString(),
      response_body_truncated: false,
    });
    const excerpt = record({ response: ok });
    expect(excerpt.exchange.response).toEqual({ headers: {}, truncated: true });
    expect(excerpt.view).toMatchObject({ response_body: 'x'.repeat(1_024), response_body_truncated: true });
    expect(record({ response: ok, rule: 'every-body' }).view['response_body']).toBe(long.toString());
    expect(record({ response: { status: 200, body: Buffer.from('ok') } }).exchange.response).toEqual({
      headers: {},
    });
  });

  it('ends before a character that is cut in two', () => {
    const cut = Buffer.from(`${'x'.repeat(16_382)}€`).subarray(0, 16_384);
    expect(record({ response: { body: cut, truncated: true } }).view).toMatchObject({
      response_body: 'x'.repeat(16_382),
      response_body_encoding: 'utf8',
      response_body_truncated: true,
    });
    const ok = Buffer.from(`${'x'.repeat(1_023)}€`);
    expect(record({ response: { status: 200, body: ok } }).outcome.responseExcerpt).toBe('x'.repeat(1_023));
  });

  it.each([200, 500])('is base64 for bytes that are no text, with status %i', (status) => {
    const binary = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff, 0, 1, 2]);
    expect(record({ response: { status, body: binary } }).view).toMatchObject({
      response_body: binary.toString('base64'),
      response_body_encoding: 'base64',
      response_body_truncated: false,
    });
    const controls = Buffer.alloc(16_384);
    const { view, text } = record({ response: { status, body: controls } });
    expect(view['response_body_encoding']).toBe('base64');
    expect(text.length).toBeLessThan(24_000);
  });

  it('keeps the bytes beside a secret in a body that is no text', () => {
    const around = Buffer.from([0xff, 0xfe, 0x80]);
    const echo = Buffer.concat([around, Buffer.from(secret), around]);
    expect(record({ response: { body: echo } }).view['response_body']).toBe(
      Buffer.concat([around, Buffer.from('***'), around]).toString('base64'),
    );
  });

  it('has no compressed body, which could hide a secret', () => {
    const echo = gzipSync(`echo ${secret}`);
    const { view, outcome } = record({ response: { headers: { 'content-encoding': 'gzip' }, body: echo } });
    expect(view).toMatchObject({ response_body: null, response_body_withheld: true });
    expect(outcome.responseExcerpt).toBeNull();
    const plain = { headers: { 'content-encoding': 'identity' }, body: Buffer.from('ok') };
    expect(record({ response: plain }).view).toMatchObject({
      response_body: 'ok',
      response_body_withheld: false,
    });
  });

  it('has headers of any name and form', () => {
    const headers = JSON.parse('{"__proto__":"a","constructor":"b","x":["c","d"]}') as Record<string, string>;
    const { exchange } = record({
      response: { headers: { ...headers, utf8: 'gr\u00c3\u00bcn', latin: 'gr\u00fcn' } },
    });
    expect(Object.entries(exchange.response?.headers ?? {})).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['x', ['c', 'd']],
      ['utf8', 'grün'],
      ['latin', 'grün'],
    ]);
  });

  it('has as many headers as the limits allow, and says how many more there were', () => {
    const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`x${n}`, '1']));
    const few = record({ response: { headers: many } });
    expect(Object.keys(few.view['response_headers'] as object)).toHaveLength(exchangeLimits.headers);
    expect(few.view['response_headers_omitted']).toBe(3_000 - exchangeLimits.headers);
    const long = {
      big: 'x'.repeat(exchangeLimits.headerCharacters),
      small: '1',
      list: ['y'.repeat(4_000), 'z'.repeat(97)],
    };
    expect(record({ response: { headers: long } }).view).toMatchObject({
      response_headers: { small: '1' },
      response_headers_omitted: 3,
    });
  });
});

describe('an echo in a response', () => {
  const token = 'Bearer kéy/hush "1"';
  const plain = signPlain({ body, secret });
  const headers = { ...signed, 'x-webhook-signature': plain, authorization: token };
  const secrets = { secretHeaders: [['authorization', token]] as const };
  const all = [secret, secret.slice('whsec_'.length), signature, plain.slice('sha256='.length), token];

  it.each<[string, (text: string) => Buffer]>([
    ['as it is', (text) => Buffer.from(text)],
    ['in JSON', (text) => Buffer.from(JSON.stringify({ text }).replaceAll('/', '\\/'))],
    ['in a URL', (text) => Buffer.from(`?a=${encodeURIComponent(text)}&b`)],
    ['in UTF-16', (text) => Buffer.from(`echo: ${text}.`, 'utf16le')],
    ['in base64', (text) => Buffer.from(Buffer.from(`a: ${text}`).toString('base64'))],
    ['beside bytes that are no text', (text) => Buffer.concat([Buffer.from([0xff]), Buffer.from(text)])],
  ])('%s is masked in the body', (_form, write) => {
    for (const text of all) {
      for (const status of [200, 500]) {
        const { view, outcome } = record({ response: { status, body: write(text) }, headers, secrets });
        const encoding = view['response_body_encoding'] === 'base64' ? 'base64' : 'utf8';
        const shown = Buffer.from(String(view['response_body']), encoding).toString('latin1');
        expect(shown).toContain('***');
        expect(shown.replaceAll('\0', '')).not.toContain(text.slice(0, 12));
        expect(outcome.responseExcerpt).toContain('***');
      }
    }
  });

  it('is masked in values and names of headers, as Latin-1 and as UTF-8', () => {
    const echoed = {
      'x-echo': all.join(' '),
      'x-list': ['ok', token],
      'x-utf8': Buffer.from(token).toString('latin1'),
      'x-json': JSON.stringify({ token }),
      [`x-${secret.toLowerCase()}`]: 'name',
    };
    const { view, text } = record({ response: { headers: echoed }, headers, secrets });
    expect(view['response_headers']).toEqual({
      'x-echo': '*** *** *** *** ***',
      'x-list': ['ok', '***'],
      'x-utf8': '***',
      'x-json': '{"token":"***"}',
      'x-***': 'name',
    });
    expect(text).not.toContain(secret.slice(10, 20));
  });

  it('of a signature is masked where the recorded part of the body is cut', () => {
    const cut = Buffer.from(`${'x'.repeat(16_360)}${signature}`).subarray(0, 16_384);
    const { view } = record({ response: { body: cut, truncated: true } });
    expect(view['response_body']).toBe(`${'x'.repeat(16_360)}***`);
  });
});
