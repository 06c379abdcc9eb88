import { createHash } from 'node:crypto';
import { providers, signHook } from '@tidings/inbound/tools';
import { generateKeyPair, generateSecret, signHeaders } from '@tidings/signing';
import { describe, expect, it } from 'vitest';
import { aFolder, run } from '../cli-under-test.ts';

const secret = generateSecret();
const nowSeconds = 1_700_000_000;
const at = new Date(nowSeconds * 1_000).toISOString();
const id = 'dlv_1';

type Headers = Readonly<Record<string, string>>;
type Case = Readonly<{
  headers: Headers;
  body: string | Buffer;
  secrets?: readonly string[];
  more?: readonly string[];
}>;

type Answer = Readonly<{ findings: readonly Readonly<{ code: string; detail: string }>[] }>;

async function verify({ headers, body, secrets = [secret], more = [] }: Case) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const folder = aFolder({ body: Buffer.from(body), headers: lines.join('\n') });
  const given = secrets.flatMap((one) => ['--secret', one]);
  const args = ['verify', 'body', '--headers-file', 'headers', '--at', at, ...given, ...more, '--json'];
  const { code, out, err } = await run(args, { folder });
  for (const one of secrets) expect(out + err).not.toContain(one);
  const answer = JSON.parse(out === '' ? '{"findings":[]}' : out) as Answer;
  return { code, err, answer, findings: answer.findings };
}

const signed = (body: string | Buffer, { time = nowSeconds, by = secret, as = id } = {}): Headers => ({
  ...signHeaders({ id: as, timestampSeconds: time, body: Buffer.from(body), secrets: [by] }),
});

const json = '{"id":"evt_1","n":1.0,"name":"Zoë","path":"a/b"}';
const unstyled = '{"id":"evt_1","name":"Zoë","path":"a/b","list":[1,2]}';
const value = JSON.parse(unstyled) as object;

describe('a valid signature', () => {
  it('is found by one of several secrets', async () => {
    const result = await verify({ headers: signed(json), body: json, secrets: [generateSecret(), secret] });
    expect(result).toMatchObject({ code: 0, answer: { valid: true, secret: 2, findings: [] } });
  });

  it('is found by public and by private key of v1a', async () => {
    const pair = generateKeyPair();
    const headers = signed(json, { by: pair.secret });
    for (const key of [pair.publicKey, pair.secret])
      expect((await verify({ headers, body: json, secrets: [key] })).code).toBe(0);
  });

  it('is read from standard input, the environment and the lines of curl', async () => {
    const lines = [
      '> POST /hooks HTTP/1.1',
      '> Host: x',
      ...Object.entries(signed(json)).map((one) => `> ${one.join(': ')}`),
    ];
    const folder = aFolder({ headers: lines.join('\r\n') });
    const env = { TIDINGS_WEBHOOK_SECRET: secret };
    const args = ['verify', '--headers-file', 'headers', '--at', at];
    const { code, out } = await run(args, { folder, env, stdin: json });
    expect([code, out]).toEqual([
      0,
      'Valid: webhook-signature of standard-webhooks matches secret 1, signed 0 s ago.',
    ]);
  });

  it('is read from a secret in a file and headers as JSON', async () => {
    const folder = aFolder({ secret: `${secret}\n`, 'h.json': JSON.stringify(signed(json)), body: json });
    const args = ['verify', 'body', '--headers-file', 'h.json', '--secret', '@secret', '--at', at];
    expect((await run(args, { folder })).code).toBe(0);
  });

  it.each(
    [...providers.keys()].filter(
      (name) => name !== 'sendgrid' && !name.startsWith('generic') && name !== 'cloudevents',
    ),
  )('of %s is recognised by its headers', async (provider) => {
    const own = provider === 'standard-webhooks' || provider === 'stripe' ? secret : 'a secret of theirs';
    const contentType = provider === 'twilio' ? 'application/x-www-form-urlencoded' : 'application/json';
    const body = provider === 'twilio' ? 'MessageSid=SM1&Body=Hi' : json;
    const url = 'https://hooks.example/in';
    const hook = { body: Buffer.from(body), contentType, secret: own, options: {}, nowSeconds, id, url };
    const headers = { 'content-type': contentType, ...signHook(provider, hook) };
    const more = ['--sent-to', url];
    expect(await verify({ headers, body, secrets: [own], more })).toMatchObject({
      code: 0,
      answer: { provider },
    });
    const other =
      provider === 'standard-webhooks' || provider === 'stripe' ? generateSecret() : 'nobody-has-this-one';
    expect((await verify({ headers, body, secrets: [other], more })).code).toBe(1);
  });
});

describe('a wrong signature', () => {
  const expected = (code: string, text: string) => [
    { code, detail: expect.stringContaining(text) as string },
  ];

  it('with an old or early time is reported with age and limit', async () => {
    const old = await verify({ headers: signed(json, { time: nowSeconds - 301 }), body: json });
    expect([old.code, old.findings]).toEqual([1, expected('old-time', '301 s old; the limit is 300 s')]);
    const early = await verify({ headers: signed(json, { time: nowSeconds + 900 }), body: json });
    expect(early.findings).toEqual(expected('new-time', '900 s in the future; the limit is 300 s'));
    const tolerant = await verify({
      headers: signed(json, { time: nowSeconds - 301 }),
      body: json,
      more: ['--tolerance', '10m'],
    });
    expect(tolerant.code).toBe(0);
  });

  it('with a time in milliseconds says so', async () => {
    const headers = { ...signed(json), 'webhook-timestamp': `${nowSeconds}000` };
    const { findings } = await verify({ headers, body: json });
    expect(findings).toEqual([
      {
        code: 'malformed-time',
        detail: expect.stringContaining('got milliseconds') as string,
      },
    ]);
  });

  it.each<[string, string | Buffer, string | Buffer, string]>([
    ['a lost line feed', `${json}\n`, json, 'with a final line feed'],
    ['an added line feed', json, `${json}\n`, 'without its final line feed'],
    [
      'formatted',
      json,
      '{\n  "id": "evt_1", "n": 1.0, "name": "Zoë", "path": "a/b"\n}',
      'without white space',
    ],
    ['indented before', JSON.stringify(value, null, 2), unstyled, 'indented by 2 spaces'],
    ['parsed and serialised', '{"n":1}', '{"n":1.0}', 'JSON.stringify'],
    [
      'from Python',
      '{"id": "evt_1", "name": "Zo\\u00eb", "path": "a/b", "list": [1, 2]}',
      unstyled,
      'json.dumps',
    ],
    ['from PHP', '{"id":"evt_1","name":"Zo\\u00eb","path":"a\\/b","list":[1,2]}', unstyled, 'json_encode'],
    ['unsorted', '{"a":1,"b":2}', '{"b":2,"a":1}', 'sorted fields'],
    ['with CRLF', 'a\nb', 'a\r\nb', 'LF as line ends'],
    ['with a mark', json, `\ufeff${json}`, 'byte order mark'],
    ['encoded twice', Buffer.from('{"a":"ö"}', 'latin1'), '{"a":"ö"}', 'Latin-1'],
    ['forgotten', '', json, 'an empty body'],
  ])('of a body that is %s names the form that was signed', async (...[, sent, received, text]) => {
    const { code, findings } = await verify({ headers: signed(sent), body: received });
    expect([code, findings]).toEqual([1, expected('other-body', text)]);
  });

  it.each([
    ['text as key', Buffer.from(secret).toString('base64'), 'the text of the secret as the key'],
    [
      'text without prefix as key',
      Buffer.from(secret.slice(6)).toString('base64'),
      'the text of the secret as the key',
    ],
  ])('with the %s says so', async (_, key, text) => {
    const headers = signed(json, { by: `whsec_${key}` });
    expect((await verify({ headers, body: json })).findings).toEqual(expected('secret-form', text));
  });

  it('with a secret in hexadecimal or between quotes says so', async () => {
    const hex = Buffer.from(secret.slice(6), 'base64').toString('hex');
    expect((await verify({ headers: signed(json), body: json, secrets: [hex] })).findings).toEqual(
      expected('secret-form', 'in hexadecimal'),
    );
    const quoted = await run(
      [
        'verify',
        'b',
        '--secret',
        `"${secret}"`,
        '--at',
        at,
        ...Object.entries(signed(json)).flatMap((one) => ['--header', one.join(': ')]),
      ],
      { folder: aFolder({ b: json }) },
    );
    expect([quoted.code, quoted.out]).toEqual([
      1,
      'The secret was given with white space or quotes around it.',
    ]);
    expect((await verify({ headers: signed(json), body: json, secrets: ['whsec_short'] })).findings).toEqual(
      expected('secret-form', 'Secret 1: '),
    );
  });

  it('names the prefix that Stripe has as part of its secret', async () => {
    const hook = {
      body: Buffer.from(json),
      contentType: '',
      secret: 'whsec_abcdefgh',
      options: {},
      nowSeconds,
      id,
      url: '',
    };
    const headers = signHook('stripe', hook);
    expect((await verify({ headers, body: json, secrets: ['abcdefgh'] })).findings).toEqual(
      expected('secret-form', "lacks its prefix 'whsec_'"),
    );
  });

  it('says which kind of key a signature needs', async () => {
    const pair = generateKeyPair();
    const v1a = await verify({ headers: signed(json, { by: pair.secret }), body: json });
    expect(v1a.findings).toEqual(expected('other-kind-of-key', 'verify it with the public key'));
    const v1 = await verify({ headers: signed(json), body: json, secrets: [pair.publicKey] });
    expect(v1.findings).toEqual(expected('other-kind-of-key', 'verify it with the secret'));
  });

  it.each([
    ['hexadecimal', (base64: string) => Buffer.from(base64, 'base64').toString('hex')],
    ['no version', (base64: string) => base64],
  ])('with %s in the header says the form', async (_, form) => {
    const headers = signed(json);
    const given = { ...headers, 'webhook-signature': form(headers['webhook-signature']?.slice(3) ?? '') };
    expect((await verify({ headers: given, body: json })).findings).toEqual(
      expected('header-form', "must have 'v1,'"),
    );
  });

  it('names two faults at once', async () => {
    const hex = Buffer.from(secret.slice(6), 'base64').toString('hex');
    const result = await verify({ headers: signed(json, { time: 1 }), body: `${json}\n`, secrets: [hex] });
    expect(result.findings.map(({ code }) => code)).toEqual(['other-body', 'secret-form', 'old-time']);
  });

  it('names a missing header, and the provider whose headers there are', async () => {
    const { 'webhook-id': _, ...rest } = signed(json);
    expect((await verify({ headers: rest, body: json })).findings).toEqual(
      expected('missing-header', 'webhook-id is missing'),
    );
    const hub = { 'X-Hub-Signature-256': 'sha256=0' };
    const other = await verify({ headers: hub, body: json, more: ['--provider', 'stripe'] });
    expect(other.findings).toEqual(expected('missing-header', 'use --provider github'));
  });

  it('tells another secret from a body that was cut by Content-Length', async () => {
    const headers = signed(json);
    const length = (count: number) => ({ ...headers, 'content-length': String(count) });
    const bytes = Buffer.byteLength(json);
    const cut = await verify({ headers: length(bytes), body: json.slice(0, -3) });
    expect(cut.findings).toEqual(expected('changed-body', `Content-Length is ${bytes}`));
    const other = { body: json, secrets: [generateSecret()] };
    expect((await verify({ headers: length(bytes), ...other })).findings).toEqual(
      expected('wrong-secret', 'probably another secret'),
    );
    expect((await verify({ headers, ...other })).findings).toEqual(
      expected('wrong-secret-or-body', 'it is another secret, or the body, the id or the time'),
    );
  });

  it('of the first id and another body does not count as a form of it', async () => {
    const { findings } = await verify({ headers: { ...signed(json), 'webhook-id': 'dlv_2' }, body: json });
    expect(findings).toEqual(expected('wrong-secret-or-body', 'the id or the time'));
  });
});

describe('the command', () => {
  it.each([
    [['--provider', 'other'], '--provider must be one of stripe'],
    [['--header', 'nothing'], "--header must be 'Name: value', got 'nothing'"],
    [['--at', 'never'], '--at must be a time'],
  ])('refuses %j', async (args, text) => {
    const { code, err } = await run(['verify', '--secret', 's', ...args], {});
    expect([code, err]).toEqual([2, expect.stringContaining(text)]);
  });

  it('needs a secret, and a file that exists', async () => {
    expect(await run(['verify'], {})).toMatchObject({
      code: 2,
      err: expect.stringContaining('TIDINGS_WEBHOOK_SECRET') as string,
    });
    expect(await run(['verify', createHash('sha1').digest('hex'), '--secret', 's'], {})).toMatchObject({
      code: 2,
    });
  });
});
