import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createClient, fakeTidings, TidingsError } from './index.ts';

/** Any value, as plain JavaScript passes it without type checks. */
type Anything = never;

const client = { url: 'https://tidings.example', apiKey: 'key_x' };
const event = { type: 'a.b', data: 1 };

// Starts an API that records every request.
async function anApi(answer: unknown = { id: 'evt_1', type: 'a.b', accepted_at: '2026-01-01T00:00:00Z' }) {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    void request
      .setEncoding('utf8')
      .toArray()
      .then((chunks) => {
        bodies.push(chunks.join(''));
        response.writeHead(202).end(JSON.stringify(answer));
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { bodies, client: createClient({ url, apiKey: 'key_x', maxAttempts: 2, random: () => 0 }) };
}

describe('createClient throws at once', () => {
  it.each<[string, Record<string, unknown>]>([
    ["the argument of createClient has no 'baseUrl': did you mean 'url'?", { baseUrl: 'https://x' }],
    ["the argument of createClient has no 'api_key': did you mean 'apiKey'?", { api_key: 'k' }],
    [
      "the argument of createClient has no 'colour': the known names are url, apiKey, timeoutMs, maxAttempts, maxWaitMs, fetch, random",
      { colour: 1 },
    ],
    ['url must be text, got undefined', { url: undefined }],
    [
      "url must be the origin of the API, such as 'https://tidings.example.com', got 'tidings'",
      { url: 'tidings' },
    ],
    ["url must be http or https, such as 'https://tidings.example.com', got 'ftp://x'", { url: 'ftp://x' }],
    ['url must not hold a user or password: give apiKey', { url: 'https://me:secret@x' }],
    [
      "url must be without a query and a fragment, such as 'https://tidings.example.com', got 'https://x?a=1'",
      { url: 'https://x?a=1' },
    ],
    [
      "url must be without '/v1', which the client adds, such as 'https://tidings.example.com', got 'https://x/v1/'",
      { url: 'https://x/v1/' },
    ],
    ['apiKey must be an API key, got undefined: is the environment variable set?', { apiKey: undefined }],
    ['apiKey must be an API key, got an empty string: is the environment variable set?', { apiKey: '' }],
    [
      'apiKey must be printable ASCII without blanks, got U+000A at index 3: trim the value',
      { apiKey: 'key\n' },
    ],
    [
      'apiKey must be printable ASCII without blanks, got U+043A at index 0: trim the value',
      { apiKey: 'ключ' },
    ],
    ['timeoutMs must be a whole number from 1 to 2147483647, got NaN', { timeoutMs: Number.NaN }],
    ["timeoutMs must be a whole number from 1 to 2147483647, got '5s'", { timeoutMs: '5s' }],
    ['timeoutMs must be a whole number from 1 to 2147483647, got 0', { timeoutMs: 0 }],
    ['timeoutMs must be a whole number from 1 to 2147483647, got 2147483648', { timeoutMs: 2 ** 31 }],
    ['maxAttempts must be a whole number from 1 to 100, got Infinity', { maxAttempts: Infinity }],
    ['maxAttempts must be a whole number from 1 to 100, got 2.5', { maxAttempts: 2.5 }],
    ['maxWaitMs must be a whole number from 0 to 2147483647, got -1', { maxWaitMs: -1 }],
    ["fetch must be a function, got 'fetch'", { fetch: 'fetch' }],
    ['random must be a function, got 4', { random: 4 }],
  ])('%s', (message, changed) => {
    expect(() => createClient({ ...client, ...changed } as Anything)).toThrow(new TypeError(message));
  });

  it('for a value that is not an object, without showing the key', () => {
    expect(() => createClient('https://x' as Anything)).toThrow(
      new TypeError("the argument of createClient must be an object, got 'https://x'"),
    );
    expect(() => createClient({ ...client, apiKey: 'secret key' })).not.toThrow(/secret/);
  });

  it('not for a valid URL with a path, trailing slashes, surrounding blanks or an IP address', () => {
    for (const url of [
      'https://x/api/tidings//',
      ' https://x ',
      'http://127.0.0.1:8700',
      'http://[::1]:8700/',
    ]) {
      expect(() => createClient({ ...client, url })).not.toThrow();
    }
  });

  it('not for letters beyond ASCII in the host, even when checked often enough to be optimised', () => {
    const urls = ['https://bücher.example', 'https://é.example'];
    for (let count = 0; count < 30_000; count += 1) {
      createClient({ ...client, url: urls[count % urls.length] ?? '' });
    }
  });
});

describe('publish throws before it sends anything', () => {
  it.each<[string, unknown, unknown?]>([
    ['the event must be an object, got undefined', undefined],
    ["the event must be an object, got 'a.b'", 'a.b'],
    ['the event must be an object, got an array', [event]],
    ["the event has no 'payload': did you mean 'data'?", { type: 'a.b', payload: {} }],
    ["the event has no 'eventType': did you mean 'type'?", { eventType: 'a.b', data: 1 }],
    ["the event has no 'ordering_key': did you mean 'orderingKey'?", { ...event, ordering_key: 'k' }],
    ['type of the event must be text, got undefined', { data: 1 }],
    ['type of the event must be text, got 5', { type: 5, data: 1 }],
    ['source of the event must be text, got null', { ...event, source: null }],
    ['id of the event must be text, got 17', { ...event, id: 17 }],
    ['consumerId of the event must be text, got an object', { ...event, consumerId: {} }],
    ['orderingKey of the event must be text, got true', { ...event, orderingKey: true }],
    [
      'orderingKey of the event must be well-formed Unicode, got U+D800 at index 1, half of a surrogate pair',
      { ...event, orderingKey: 'a\ud800' },
    ],
    [
      'time of the event must be a Date or RFC 3339 text, got an invalid Date',
      { ...event, time: new Date('x') },
    ],
    [
      'time of the event must be a Date or RFC 3339 text, got 1700000000000',
      { ...event, time: 1_700_000_000_000 },
    ],
    ["the event ('a.b') needs either data or dataJson", { type: 'a.b' }],
    ["the event ('a.b') needs either data or dataJson", { ...event, dataJson: '1' }],
    ['data of the event must be a JSON value, got a function', { type: 'a.b', data: () => {} }],
    [
      'data of the event cannot be written as JSON: Do not know how to serialize a BigInt',
      { type: 'a.b', data: 1n },
    ],
    ['dataJson of the event must be text, got an object', { type: 'a.b', dataJson: {} }],
    [
      'dataJson of the event must begin with its value, got a byte order mark (U+FEFF): strip it',
      { type: 'a.b', dataJson: '\ufeff{}' },
    ],
    [
      'dataJson of the event must be well-formed Unicode, got U+DC00 at index 1, half of a surrogate pair',
      { type: 'a.b', dataJson: '"\udc00"' },
    ],
    [
      "the second argument of publish has no 'idempotency_key': did you mean 'idempotencyKey'?",
      event,
      { idempotency_key: 'k' },
    ],
    [
      "idempotencyKey must be 1 to 256 printable ASCII characters, such as a UUID, got 'ключ' with U+043A at index 0",
      event,
      { idempotencyKey: 'ключ' },
    ],
    [
      "idempotencyKey must be 1 to 256 printable ASCII characters, such as a UUID, got ''",
      event,
      { idempotencyKey: '' },
    ],
    [
      'idempotencyKey must be 1 to 256 printable ASCII characters, such as a UUID, got 257 characters',
      event,
      { idempotencyKey: 'k'.repeat(257) },
    ],
    ["idempotencyKey must be without blanks around it, got ' k'", event, { idempotencyKey: ' k' }],
    [
      `idempotencyKey must be a whole quoted string where it begins with a quote, got '"k'`,
      event,
      { idempotencyKey: '"k' },
    ],
    ['idempotencyKey must be text, got 17', event, { idempotencyKey: 17 }],
    ['signal must be an AbortSignal, got an object', event, { signal: {} }],
  ])('%s', async (message, given, options) => {
    const { client: real, bodies } = await anApi();
    await expect(real.publish(given as Anything, options as Anything)).rejects.toThrow(
      new TypeError(message),
    );
    expect(bodies).toEqual([]);
    await expect(fakeTidings().publish(given as Anything, options as Anything)).rejects.toThrow(TypeError);
  });

  it.each([
    '1,"source":"/forged"',
    '1}, {"type":"forged","data":2',
    '1}',
    '{}{}',
    '',
    ' ',
    'undefined',
    '01',
    "'a'",
    '[1,]',
    '"a',
    'NaN',
    '1 // one',
  ])('for dataJson %j, alone and in a batch', async (dataJson) => {
    const { client: real, bodies } = await anApi();
    const forged = { type: 'a.b', dataJson };
    const text = 'must be the text of exactly one JSON value';
    await expect(real.publish(forged)).rejects.toThrow(`dataJson of the event ${text}`);
    await expect(real.publishBatch([event, forged])).rejects.toThrow(`dataJson of events[1] ${text}`);
    expect(bodies).toEqual([]);
  });

  it('not for dataJson of exactly one value, which is sent unchanged', async () => {
    const { client: real, bodies } = await anApi();
    const texts = ['{"n": 12345678901234567890}', ' [1 ,2]\n', '"}, {"', 'null', '-0.0e1'];
    for (const dataJson of texts) await real.publish({ type: 'a.b', dataJson });
    expect(bodies).toEqual(texts.map((text) => `{"type":"a.b","data":${text}}`));
  });

  it('for batches that are not arrays or that have holes', async () => {
    const { client: real, bodies } = await anApi();
    await expect(real.publishBatch(event as Anything)).rejects.toThrow(
      'events must be an array, got an object',
    );
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested
    const holed = [event, , event] as Anything;
    await expect(real.publishBatch(holed)).rejects.toThrow('events[1] must be an object, got undefined');
    await expect(real.publishBatch([], { key: 'k' } as Anything)).rejects.toThrow(
      "did you mean 'idempotencyKey'?",
    );
    expect(bodies).toEqual([]);
  });
});

describe('a response that is not from Tidings', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['an object', { status: 'ok' }],
    ['one result too few', { results: [] }],
    ['results of another form', { results: [{}] }],
  ])('%s: throws with an unknown outcome and the key for a repeat', async (_name, answer) => {
    const { client: real, bodies } = await anApi(answer);
    for (const call of [real.publish(event), real.publishBatch([event])]) {
      const error: unknown = await call.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TidingsError);
      expect(error).toMatchObject({
        outcomeUnknown: true,
        message: expect.stringContaining('not from Tidings') as string,
      });
    }
    expect(bodies).toHaveLength(4);
  });
});
