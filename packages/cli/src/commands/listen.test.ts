import { PassThrough } from 'node:stream';
import { verify } from '@tidings/signing';
import { describe, expect, it, vi } from 'vitest';
import { anAnsweringApi, type ReceivedRequest } from '../cli-under-test.ts';

const source = 'src_1';
const data = '{ "n": 9007199254740993, "e": 1.0 }';

type Shown = Readonly<Record<string, unknown>>;
const frame = (n: number, more: Shown = {}): string =>
  `event: event\nid: id_${n}\ndata: ${JSON.stringify({ kind: 'event', event_id: `evt_${n}`, event_type: 'order.paid', source: 'shop', ordering_key: null, ...more })}\n\n`;
const ready = (id: number): string => `event: ready\nid: id_${id}\ndata: {"kind":"ready","resumed":true}\n\n`;

const shown = (id: string, raw = data, received: object | null = null): string =>
  `{"id":"${id}","type":"order.paid","time":"2026-11-22T10:00:00Z","source":"shop","workspace_id":"main","received":${JSON.stringify(received)},"data_status":"available","data_encoding":"json","data":${raw}}`;

type Answer = Readonly<{ status?: number; body: unknown }>;

/** Starts an API that answers each request for the stream with the next text, and a local server. */
async function aListener(
  texts: readonly string[],
  {
    events = (id) => ({ body: shown(id) }),
    local = () => ({ body: '' }),
  }: Readonly<{ events?(id: string): Answer; local?(one: ReceivedRequest): Answer }> = {},
) {
  let streams = 0;
  const api = await anAnsweringApi(({ line }) => {
    if (line.includes('/sources/')) return { body: { provider: 'github', options: {} } };
    if (!line.includes('/stream?')) return events(line.split('/').at(-1) ?? '');
    streams += 1;
    return { body: texts[streams - 1] ?? '', headers: { 'content-type': 'text/event-stream' } };
  });
  const server = await anAnsweringApi(local);
  const args = ['listen', '--forward-to', `${server.url}/hooks`];
  return { api, received: server.requests, args };
}

const idsOf = (requests: readonly ReceivedRequest[]): unknown[] =>
  requests.map(({ headers }) => headers['webhook-id']);

describe('listen', () => {
  it('forwards events byte for byte as a subscription gets them, signed with the printed secret', async () => {
    const { api, received, args } = await aListener([ready(0) + frame(1)]);
    const printed = await api.run('listen', '--print-secret');
    const result = await api.run(...args, '--events', 'order.*,a', '--header', 'X-Own: 1', '--count', '1');
    expect([result.code, result.out]).toEqual([
      0,
      expect.stringMatching(/ {2}order\.paid {2}evt_1 {2}\[200\] {2}\d+ ms$/),
    ]);
    expect(result.err).toContain(`signed with ${printed.out}`);
    expect(result.err).toContain('1 forwarded, 0 failed. To go on here: --after id_1');
    const [request] = received;
    expect(request).toMatchObject({
      line: 'POST /hooks',
      headers: { 'x-own': '1', 'x-webhook-event': 'order.paid' },
    });
    expect(request?.raw).toBe(
      `{"id":"evt_1","type":"order.paid","timestamp":"2026-11-22T10:00:00Z","workspace_id":"main","data":${data}}`,
    );
    const { headers, raw = '' } = request ?? {};
    const checked = verify({
      headers: headers as Record<string, string>,
      body: Buffer.from(raw),
      secrets: [printed.out],
    });
    expect(checked).toMatchObject({ ok: true, id: 'evt_1' });
    expect(api.requests[0]?.line).toBe('GET /v1/webhooks/stream?kinds=event&types=order.*%2Ca');
  });

  it('has another secret for another key, and prints it without an API that responds', async () => {
    const { api } = await aListener([]);
    const one = await api.run('listen', '--print-secret', '--json');
    expect(JSON.parse(one.out)).toEqual({ secret: (await api.run('listen', '--print-secret')).out });
    expect(one.out).not.toContain('a-key');
    expect(api.requests).toEqual([]);
  });

  it('goes on where a connection ended, and each event arrives once', async () => {
    const { api, received, args } = await aListener([ready(0) + frame(1), ready(1) + frame(2), frame(3)]);
    const result = await api.run(...args, '--count', '3', '--json');
    expect(idsOf(received)).toEqual(['evt_1', 'evt_2', 'evt_3']);
    const streams = api.requests.filter(({ line }) => line.includes('/stream?'));
    expect(streams.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, 'id_1', 'id_2']);
    expect(result.err).toContain('connected again, nothing was missed');
    expect(JSON.parse(result.out.split('\n').at(-1) ?? '')).toEqual({
      kind: 'summary',
      forwarded: 3,
      failed: 0,
      last_id: 'id_3',
    });
  });

  it('waits for an event that the history does not have yet, and while the API is away', async () => {
    const answers: Answer[] = [
      { status: 404, body: {} },
      { status: 503, body: {} },
    ];
    const { api, received, args } = await aListener([frame(1)], {
      events: (id) => answers.shift() ?? { body: shown(id) },
    });
    expect((await api.run(...args, '--count', '1')).out).toContain('[200]');
    expect(idsOf(received)).toEqual(['evt_1']);
  });

  it('shows failures and goes on; an event whose data is erased is one', async () => {
    const { api, args } = await aListener([frame(1) + frame(2) + frame(3)], {
      events: (id) => ({
        body: id === 'evt_1' ? { id, data_status: 'erased', data: null, received: null } : shown(id),
      }),
      local: ({ headers }) => ({ status: headers['webhook-id'] === 'evt_2' ? 500 : 204, body: '' }),
    });
    const { code, out, err } = await api.run(...args, '--count', '3');
    expect(code).toBe(0);
    expect(out).toMatch(/evt_1 {2}failed: its data is erased/);
    expect(out).toMatch(/evt_2 {2}\[500\]/);
    expect(out).toMatch(/evt_3 {2}\[204\]/);
    expect(err).toContain('1 forwarded, 2 failed.');
  });

  it('signs with the secret of --secret, and does not print it', async () => {
    const { api, received, args } = await aListener([ready(0) + frame(1)]);
    const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
    const result = await api.run(...args, '--secret', secret, '--count', '1');
    const { headers, raw = '' } = received[0] ?? {};
    const signed = { headers: headers as Record<string, string>, body: Buffer.from(raw), secrets: [secret] };
    expect(verify(signed)).toMatchObject({ ok: true });
    expect(result.err).toContain('signed with the secret of --secret');
    expect(result.err + result.out).not.toContain(secret);
  });

  it('reads data that are in the object storage, also while they are away for a moment', async () => {
    let answers = 0;
    const { api, received, args } = await aListener([frame(1)], {
      events: (last) => {
        if (last !== 'data')
          return { body: shown(last, 'null').replace('"available"', '"stored"').replace('"json"', 'null') };
        answers += 1;
        return answers === 1 ? { status: 503, body: {} } : { body: data };
      },
    });
    expect((await api.run(...args, '--count', '1')).out).toContain('[200]');
    expect(received[0]?.raw).toContain(`"data":${data}}`);
    expect(answers).toBe(2);
    expect(api.requests.map(({ line }) => line)).toContain('GET /v1/webhooks/events/evt_1/data');
  });

  it('forwards what a source received: body and headers as sent, signed again as the provider does', async () => {
    const body = '{ "action": "opened" }';
    const of = { source: `/v1/sources/${source}` };
    const { api, received, args } = await aListener([frame(1) + frame(2, of)], {
      events: (id) => ({
        body: shown(id, body, {
          source_id: source,
          headers: { 'x-github-event': 'issues', 'content-type': 'application/json' },
        }),
      }),
    });
    const secret = "It's a Secret to Everybody";
    const result = await api.run(...args, '--source', source, '--secret', secret, '--count', '1');
    expect(result.code).toBe(0);
    expect(received[0]).toMatchObject({
      raw: body,
      headers: {
        'x-github-event': 'issues',
        'x-hub-signature-256': expect.stringMatching(/^sha256=/) as string,
      },
    });
    expect(received[0]?.headers['webhook-signature']).toBeUndefined();
    expect(result.err + result.out).not.toContain(secret);
  });

  it('ends at Ctrl-C with a summary and the exit code 130', async () => {
    const { api, args } = await aListener([ready(0) + frame(1)], {
      local: () => ({ status: 503, body: '' }),
    });
    let stop = (): void => {};
    const running = api.runWith(
      {
        onInterrupt: (given) => {
          stop = given;
        },
      },
      ...args,
    );
    await vi.waitFor(() =>
      expect(api.requests.filter(({ line }) => line.includes('/stream?')).length).toBeGreaterThan(1),
    );
    stop();
    const { code, err } = await running;
    expect([code, err]).toEqual([
      130,
      expect.stringContaining('0 forwarded, 1 failed. To go on here: --after id_1'),
    ]);
  });

  it('sends the last failed event again for r, with its id, and ends for q, in a terminal only', async () => {
    let answers = 0;
    const { api, received, args } = await aListener([ready(0) + frame(1) + frame(2)], {
      local: ({ headers }) => {
        answers += 1;
        return { status: headers['webhook-id'] === 'evt_1' && answers < 3 ? 500 : 200, body: '' };
      },
    });
    const raw: boolean[] = [];
    const stdin = Object.assign(new PassThrough(), {
      isTTY: true,
      setRawMode: (isRaw: boolean) => void raw.push(isRaw),
    });
    const running = api.runWith({ stdin }, ...args);
    await vi.waitFor(() => expect(received).toHaveLength(2));
    stdin.write('r');
    await vi.waitFor(() => expect(received).toHaveLength(3));
    stdin.write('xq');
    const { code, out, err } = await running;
    expect(code).toBe(0);
    expect(idsOf(received)[2]).toBe('evt_1');
    expect(out).toMatch(/evt_1 {2}\[200\] {2}\d+ ms {2}#2$/m);
    expect(err).toContain('2 forwarded, 1 failed');
    expect(raw).toEqual([true, false]);
  });

  it.each([
    [[], '--forward-to is needed'],
    [['--forward-to', 'ftp://x'], '--forward-to must be an http'],
  ])('refuses %j', async (args, text) => {
    const { api } = await aListener([]);
    expect(await api.run('listen', ...args)).toMatchObject({
      code: 2,
      err: expect.stringContaining(text) as string,
    });
  });
});
